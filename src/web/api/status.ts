/**
 * Routes that tell how things stand.
 *
 * @module
 */

import * as v from "valibot";
import { SPEC_FIELDS } from "../../job/spec_fields.ts";
import { parseDuration } from "../../job/duration.ts";
import { readStatistics } from "../../json/statistics_json.ts";
import { statusToJson } from "../../json/status_json.ts";
import { quote } from "../../quote.ts";
import { currentHost } from "../../worker/host.ts";
import { reading } from "./fields.ts";
import { defineRoute, type Route } from "./route.ts";
import { STATISTICS, STATUS } from "./schemas.ts";

const MINUTE = 60_000;

/** Statistics are kept for so long, milliseconds. */
const LONGEST = 8 * 24 * 60 * MINUTE;

const HOUR = 60 * MINUTE;

const status = defineRoute({
  method: "GET",
  path: "/api/status",
  name: "getStatus",
  tag: "status",
  summary: "Tell what is there and what goes on",
  description: "As `queuectl status --json`.",
  writes: false,
  responses: {
    200: {
      description: "Jobs by state, queues, workers",
      content: { "application/json": STATUS },
    },
  },
  async handle({ store, now }) {
    const status = await store.status();
    const facts = { ...status, location: store.location, host: currentHost(), now: now() };
    return { status: 200, json: statusToJson(facts) };
  },
});

/** A window of time in whole minutes. */
function readWindow(text: string): number {
  const window = parseDuration(text);
  if (window >= MINUTE && window <= LONGEST && window % MINUTE === 0) return window;
  throw new RangeError(`must be from 1m to 8d, in whole minutes, not ${quote(text)}`);
}

const statistics = defineRoute({
  method: "GET",
  path: "/api/statistics",
  name: "getStatistics",
  tag: "status",
  summary: "Tell what ended lately, and how long it took",
  description:
    "Attempts that completed or failed (also timed out or lost) in the window before now, in at " +
    "most a hundred even steps, of which the last one goes on. p50 and p95 are how long attempts took, " +
    "to within 19 %.",
  writes: false,
  query: {
    window: v.optional(
      reading(readWindow, { type: "string", default: "1h", examples: ["1h", "24h", "7d"] }),
    ),
    queue: v.optional(SPEC_FIELDS.queue),
  },
  words: { window: "How far back: a duration from 1m to 8d", queue: "One queue alone" },
  responses: {
    200: { description: "What ended", content: { "application/json": STATISTICS } },
  },
  errors: [400],
  async handle({ store, query: { window = HOUR, queue }, now }) {
    return { status: 200, json: await readStatistics(store, { window, queue, now: now() }) };
  },
});

/** The routes. */
export const STATUS_ROUTES: readonly Route[] = [status, statistics];
