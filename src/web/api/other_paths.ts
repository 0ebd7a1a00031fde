/**
 * What the server answers under `/api` beside the table of routes, for the document: sessions of browsers,
 * and the live stream.
 *
 * @module
 */

import * as v from "valibot";
import type { JsonSchema } from "../../job/json_schema.ts";

const SESSION = v.strictObject({
  authenticated: v.boolean(),
  token_required: v.boolean(),
  read_only: v.boolean(),
  version: v.string(),
});

/** The schemas that these paths name. */
export const OTHER_SCHEMAS: Readonly<Record<string, v.GenericSchema>> = { Session: SESSION };

const session = {
  description: "Whether the caller may use the dashboard, and how it was started",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Session" } } },
};

const refusal = (description: string) => ({
  description,
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
});

const WRONG = {
  401: refusal("A wrong token"),
  403: refusal("Refused: the request comes from elsewhere"),
  429: refusal("Too many wrong tokens: try again after Retry-After seconds"),
};

/** The paths. */
export const OTHER_PATHS: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>> = {
  "/api/session": {
    get: {
      operationId: "getSession",
      tags: ["session"],
      summary: "Tell whether a token is needed; needs none itself",
      parameters: [],
      responses: { 200: session, ...WRONG },
    },
    post: {
      operationId: "openSession",
      tags: ["session"],
      summary: "Open a session for a browser",
      description:
        "The answer sets a cookie that counts as the token until it is closed, for at most a " +
        "week. Programs send the token itself.",
      parameters: [],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: { token: { type: "string" } },
              required: ["token"],
            },
            example: { token: "correct-horse-battery-staple" },
          },
        },
      },
      responses: {
        200: session,
        400: refusal("There is no token in the body"),
        413: refusal("The body is too large"),
        ...WRONG,
      },
    },
    delete: {
      operationId: "closeSession",
      tags: ["session"],
      summary: "Close the session",
      parameters: [],
      responses: { 200: session, ...WRONG },
    },
  },
  "/api/events": {
    get: {
      operationId: "listen",
      tags: ["events"],
      summary: "Hear of what changes, as server-sent events",
      description:
        "`status` (as /api/status, with `now`) and `statistics` ({hour, day}) at once and when " +
        "they change, `changed` ({revision}) when lists may have, `store` ({ok, message}) when the store is " +
        "away or back. With `job` also `job` (as /api/jobs/{id}) and `output` ({attempt, next, pieces}), " +
        "whose id a client sends back in Last-Event-ID to go on without loss.",
      parameters: [
        {
          name: "job",
          in: "query",
          required: false,
          description: "A job to watch, by its whole id",
          schema: { type: "string" },
        },
        {
          name: "attempt",
          in: "query",
          required: false,
          description: "Only the output of this attempt; else of the latest one and all after it",
          schema: { type: "integer", minimum: 1 },
        },
      ],
      responses: {
        200: {
          description: "Events, until the client goes",
          content: { "text/event-stream": { schema: {} } },
        },
        400: refusal("A parameter is not valid"),
        ...WRONG,
        404: refusal("There is no such job"),
        503: refusal("The store cannot be used, or too many listen already"),
      },
    },
  },
};
