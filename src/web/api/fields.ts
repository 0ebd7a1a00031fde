/**
 * Reading objects whose keys have schemas: bodies, and the parameters of a URL. The messages are those of
 * the job spec: `"limit" must be …`.
 *
 * @module
 */

import * as v from "valibot";
import { UsageError } from "../../errors.ts";
import type { JsonSchema } from "../../job/json_schema.ts";
import { canonicalKey } from "../../job/spec.ts";
import { didYouMean } from "../../nearest.ts";
import { quote } from "../../quote.ts";
import type { Reader } from "../../readers.ts";
import type { Fields } from "./route.ts";

/** What the document says of schemas that valibot cannot turn into a JSON Schema. */
const STATED = new WeakMap<v.GenericSchema, JsonSchema>();

/** A schema whose JSON Schema is given by hand. */
export function stated<S extends v.GenericSchema>(schema: S, json: JsonSchema): S {
  STATED.set(schema, json);
  return schema;
}

/** What was given to {@linkcode stated}. */
export function statedSchema(schema: v.GenericSchema): JsonSchema | undefined {
  return STATED.get(schema);
}

/** A text that one of the readers of the command line reads. */
export function reading<T>(read: Reader<T>, json: JsonSchema = { type: "string" }) {
  const schema = v.pipe(
    v.string("must be a text"),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return read(dataset.value);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );
  return stated(schema, json);
}

/** Several texts with commas between, each read by a reader. */
export function readingList<T>(read: Reader<T>, json: JsonSchema = { type: "string" }) {
  return reading<readonly T[]>(
    (text) => text.split(",").filter((part) => part !== "").map(read),
    json,
  );
}

/** `true` or `false`; a parameter without a value is `true`. */
export const SWITCH = reading<boolean>((text) => {
  if (["", "1", "true", "yes"].includes(text)) return true;
  if (["0", "false", "no"].includes(text)) return false;
  throw new RangeError(`must be true or false, not ${quote(text)}`);
}, { type: "boolean" });

/**
 * Reads an object.
 *
 * @param kind what an unknown key is called
 * @throws {UsageError} if a key is unknown, missing, or its value is not valid; `field` names it
 */
export function readFields(
  fields: Fields,
  input: Readonly<Record<string, unknown>>,
  kind: "key" | "parameter",
): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  const spelled = new Map<string, string>();
  for (const [written, value] of Object.entries(input)) {
    const key = kind === "key" ? canonicalKey(written) : written;
    const schema = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (schema === undefined) {
      const meant = didYouMean(key, Object.keys(fields));
      throw new UsageError(`Unknown ${kind} ${quote(written)}${meant}`, { field: written });
    }
    const earlier = spelled.get(key);
    if (earlier !== undefined) {
      throw new UsageError(`"${earlier}" and "${written}" are the same key: give it once`, {
        field: key,
      });
    }
    spelled.set(key, written);
    if (isListForObject(schema, value)) {
      throw new UsageError(`"${written}" must be an object, not a list`, { field: key });
    }
    const result = v.safeParse(schema, value);
    if (result.success) read[key] = result.output;
    // Null means absent, unless it is a value of its own.
    else if (value !== null) {
      const [issue] = result.issues;
      // What is wrong with a key that nobody knows is said of the object.
      const place = issue.expected === "never" ? null : v.getDotPath(issue);
      const name = place === null ? written : `${written}.${place}`;
      throw new UsageError(`"${name}" ${issue.message}`, { field: key });
    }
  }
  for (const [key, schema] of Object.entries(fields)) {
    if (Object.hasOwn(read, key) || v.is(schema, undefined)) continue;
    throw new UsageError(`"${key}" is missing`, { field: key });
  }
  return read;
}

/** To valibot a list is an object, one without keys: a filter that is one would mean all jobs. */
function isListForObject(schema: v.GenericSchema, value: unknown): boolean {
  const inner = "wrapped" in schema ? schema.wrapped as v.GenericSchema : schema;
  return Array.isArray(value) && inner.type.endsWith("object");
}

/**
 * Reads the parameters behind the `?`.
 *
 * @throws {UsageError} if one is unknown, given twice, or not valid
 */
export function readQuery(fields: Fields, params: URLSearchParams): Record<string, unknown> {
  const input: Record<string, string> = {};
  for (const [name, value] of params) {
    if (Object.hasOwn(input, name)) {
      throw new UsageError(`"${name}" is given twice`, { field: name });
    }
    Object.defineProperty(input, name, { value, enumerable: true });
  }
  return readFields(fields, input, "parameter");
}
