/**
 * The table of routes: what the server answers, the document describes, and the tests go through.
 *
 * @module
 */

import * as v from "valibot";
import type { JsonSchema } from "../../job/json_schema.ts";
import { ownVersion } from "../../version.ts";
import { BULK_ROUTES } from "./bulk.ts";
import { DLQ_ROUTES } from "./dlq.ts";
import { ENQUEUE_ROUTES } from "./enqueue.ts";
import { JOB_ROUTES } from "./jobs.ts";
import { OUTPUT_ROUTES } from "./output.ts";
import { QUEUE_ROUTES } from "./queues.ts";
import { defineRoute, type Route } from "./route.ts";
import { SCHEDULE_ROUTES } from "./schedules.ts";
import { STATUS_ROUTES } from "./status.ts";
import { WORKER_ROUTES } from "./workers.ts";

const document = defineRoute({
  method: "GET",
  path: "/api/openapi.json",
  name: "getOpenApi",
  tag: "status",
  summary: "Describe this API",
  writes: false,
  responses: {
    200: {
      description: "An OpenAPI 3.1 document",
      content: { "application/json": v.record(v.string(), v.unknown()) },
    },
  },
  async handle() {
    return { status: 200, json: await (described ??= describe()) };
  },
});

/** It takes a fifth of a second to make. */
let described: Promise<JsonSchema> | null = null;

async function describe(): Promise<JsonSchema> {
  const { openApiDocument } = await import("./openapi.ts");
  return openApiDocument(ROUTES, await ownVersion());
}

/** Every route of the API. */
export const ROUTES: readonly Route[] = [
  ...STATUS_ROUTES,
  ...JOB_ROUTES,
  ...ENQUEUE_ROUTES,
  ...BULK_ROUTES,
  ...OUTPUT_ROUTES,
  ...DLQ_ROUTES,
  ...QUEUE_ROUTES,
  ...WORKER_ROUTES,
  ...SCHEDULE_ROUTES,
  document,
];
