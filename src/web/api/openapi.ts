/**
 * The OpenAPI document, made from the table of routes.
 *
 * @module
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { jobSchema, type JsonSchema } from "../../job/json_schema.ts";
import { SPEC_FIELDS } from "../../job/spec_fields.ts";
import { LINE_TYPES } from "./body.ts";
import { EXAMPLE_SPEC } from "./examples.ts";
import { statedSchema } from "./fields.ts";
import type { BodySpec, Fields, ResponseSpec, Route } from "./route.ts";
import { OTHER_PATHS, OTHER_SCHEMAS } from "./other_paths.ts";
import { ERROR, NAMED_SCHEMAS } from "./schemas.ts";

/** What each status of a refusal means. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: "Invalid: `message` says what is wrong and `field` where; nothing was changed",
  401: "A token is needed, or it is wrong",
  403: "Refused: the dashboard is read-only, or the request comes from elsewhere",
  404: "There is no such thing",
  409: "A conflict: the id or unique key is taken, or the state does not allow it",
  408: "The body came too slowly",
  413: "The body is too large",
  415: "The body is of another type",
  429: "Too many wrong tokens",
  500: "An unexpected failure",
  503: "The store cannot be used at the moment",
};

const JSON_TYPE = "application/json";

const DEFINITIONS = { ...NAMED_SCHEMAS, ...OTHER_SCHEMAS };

/** What may be refused before any route is asked, and what may go wrong in all of them. */
const ANYWHERE = [400, 401, 403, 429, 500, 503];

/** The document that describes the routes. */
export function openApiDocument(routes: readonly Route[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "queuectl",
      version,
      summary: "A durable background job queue",
      description:
        "The API of `queuectl dashboard`. Jobs, queues, workers and schedules have the shapes " +
        "that the command line prints with --json: times are RFC 3339 UTC, durations are seconds, null " +
        "stands where there is nothing. A refusal has the sentence that the command line would print. " +
        "Requests that change something and come without a token need the header `X-Queuectl: 1`, or a " +
        "body of the type application/json.",
    },
    servers: [{ url: "/" }],
    security: [{}, { token: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag)), "session", "events"].map((name) => ({ name })),
    paths: { ...paths, ...OTHER_PATHS },
    components: {
      schemas: { JobSpec: jobSpecSchema(), ...namedSchemas() },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The token of --token" },
      },
    },
  };
}

function operationOf(route: Route): unknown {
  const { name, tag, summary, description, params, query, body, responses } = route;
  return {
    operationId: name,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [
      ...parametersOf(route, params, "path"),
      ...parametersOf(route, query, "query"),
    ],
    ...(body === null ? {} : { requestBody: bodyOf(body) }),
    responses: {
      ...mapValues(responses, responseOf),
      ...Object.fromEntries(
        refusalsOf(route).map((status) => [status, {
          description: REFUSALS[status],
          content: { [JSON_TYPE]: { schema: outputSchema(ERROR) } },
        }]),
      ),
    },
  };
}

/** The statuses with which a route may refuse. */
function refusalsOf({ errors, body }: Route): number[] {
  const all = new Set<number>([...ANYWHERE, ...errors, ...(body === null ? [] : [408, 413, 415])]);
  return [...all].sort((a, b) => a - b);
}

function parametersOf({ words }: Route, fields: Fields, place: "path" | "query"): unknown[] {
  return Object.entries(fields).map(([name, schema]) => ({
    name,
    in: place,
    required: place === "path" || schema.type !== "optional",
    description: words[name],
    schema: inputSchema(schema),
  }));
}

function bodyOf(body: BodySpec): unknown {
  const { example } = body;
  const spec = { $ref: "#/components/schemas/JobSpec" };
  switch (body.kind) {
    case "fields":
      return {
        required: Object.values(body.fields).some(({ type }) => type !== "optional"),
        content: { [JSON_TYPE]: { schema: objectSchema(body.fields), example } },
      };
    case "job":
      return { required: true, content: { [JSON_TYPE]: { schema: spec, example } } };
    case "jobs": {
      const list = { type: "array", items: spec };
      const lines = { schema: { type: "string" }, example: `${JSON.stringify(EXAMPLE_SPEC)}\n` };
      return {
        required: true,
        content: {
          [JSON_TYPE]: { schema: { anyOf: [spec, list, { type: "string" }] }, example },
          [LINE_TYPES[0]!]: lines,
        },
      };
    }
  }
}

function objectSchema(fields: Fields): JsonSchema {
  return {
    type: "object",
    properties: mapValues(fields, inputSchema),
    required: Object.keys(fields).filter((key) => fields[key]!.type !== "optional"),
    additionalProperties: false,
  };
}

function responseOf({ description, content, example }: ResponseSpec): unknown {
  return {
    description,
    content: mapValues(content, (schema, type) => ({
      schema: schema === null ? {} : outputSchema(schema),
      ...(example === undefined || type !== JSON_TYPE ? {} : { example }),
    })),
  };
}

/** What a route answers. */
function outputSchema(schema: GenericSchema): JsonSchema {
  const { $schema: _, $defs: __, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "output",
    definitions: DEFINITIONS,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  return rest;
}

function namedSchemas(): Record<string, JsonSchema> {
  const { $defs = {} } = toJsonSchema(ERROR, {
    target: "draft-2020-12",
    typeMode: "output",
    definitions: DEFINITIONS,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  return $defs as Record<string, JsonSchema>;
}

/** What a route takes. */
function inputSchema(schema: GenericSchema): JsonSchema {
  const known = statedSchema(schema) ?? specFieldSchema(schema);
  if (known !== undefined) return known;
  if (!("pipe" in schema)) {
    if ("wrapped" in schema) {
      const inner = inputSchema(schema.wrapped as GenericSchema);
      return schema.type === "nullable" ? { anyOf: [inner, { type: "null" }] } : inner;
    }
    if (schema.type === "union" && "options" in schema) {
      return { anyOf: (schema.options as GenericSchema[]).map(inputSchema) };
    }
  }
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    // What it cannot say is in the description.
    errorMode: "ignore",
  });
  return rest;
}

/** The keys of the job spec are described in one place; what is left out here has no default. */
function specFieldSchema(schema: unknown): JsonSchema | undefined {
  const [key] = Object.entries(SPEC_FIELDS).find(([, field]) => field === schema) ?? [];
  if (key === undefined) return undefined;
  const properties = jobSpecSchema().properties as Record<string, JsonSchema>;
  const { default: _, ...rest } = properties[key]!;
  return rest;
}

function jobSpecSchema(): JsonSchema {
  const { $schema: _, ...schema } = jobSchema();
  return schema;
}

function mapValues<V, R>(
  record: Readonly<Record<string, V>>,
  map: (value: V, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
