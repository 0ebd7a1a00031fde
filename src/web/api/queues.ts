/**
 * Routes about queues.
 *
 * @module
 */

import * as v from "valibot";
import { configureQueue } from "../../actions/configure_queue.ts";
import { NotFoundError, UsageError } from "../../errors.ts";
import { parseRate, type Rate } from "../../job/rate.ts";
import { SPEC_FIELDS } from "../../job/spec_fields.ts";
import { queueToJson } from "../../json/queue_json.ts";
import { reading } from "./fields.ts";
import { defineRoute, type Route } from "./route.ts";
import { QUEUE } from "./schemas.ts";

const MOST = 1_000_000;

const LIMIT = `must be an integer from 1 to ${MOST}, or null for none; to stop a queue, pause it`;

const listQueues = defineRoute({
  method: "GET",
  path: "/api/queues",
  name: "listQueues",
  tag: "queues",
  summary: "List queues with their jobs counted",
  description: "As `queuectl queue list --json`.",
  writes: false,
  responses: {
    200: { description: "By name", content: { "application/json": v.array(QUEUE) } },
  },
  handle: async ({ store }) => ({
    status: 200,
    json: (await store.queues()).map(queueToJson),
  }),
});

const NONE = v.pipe(
  v.string(),
  v.regex(/^none$/i),
  v.transform((): null => null),
);

const patchQueue = defineRoute({
  method: "PATCH",
  path: "/api/queues/{name}",
  name: "changeQueue",
  tag: "queues",
  summary: "Pause, resume or limit a queue",
  description:
    "What is not named stays. A paused queue lets running jobs end and begins no other. With " +
    "`limit` or `rate` the queue need not be there yet.",
  writes: true,
  params: { name: v.string() },
  words: { name: "The name of the queue" },
  body: {
    kind: "fields",
    fields: {
      paused: v.optional(v.boolean("must be true or false")),
      limit: v.optional(v.nullable(v.union([
        v.pipe(
          v.number(LIMIT),
          v.safeInteger(LIMIT),
          v.minValue(1, LIMIT),
          v.maxValue(MOST, LIMIT),
        ),
        NONE,
      ], LIMIT))),
      rate: v.optional(v.nullable(v.union([
        NONE,
        reading<Rate>(parseRate),
      ], rateMessage))),
    },
    example: { paused: false, limit: 4, rate: "10/1m" },
  },
  responses: {
    200: {
      description: "The queue as it is now",
      content: { "application/json": QUEUE },
    },
  },
  errors: [400, 404],
  async handle({ store, params: { name }, body }) {
    if (!v.is(SPEC_FIELDS.queue, name)) throw new NotFoundError(`There is no queue ${name}`);
    const { paused, limit, rate } = body;
    const changes = {
      ...(paused === undefined ? {} : { paused }),
      ...(limit === undefined ? {} : { limit }),
      ...(rate === undefined ? {} : { rate }),
    };
    if (Object.keys(changes).length === 0) {
      throw new UsageError('Say what to change, such as {"paused": true}');
    }
    const create = limit !== undefined || rate !== undefined;
    return { status: 200, json: queueToJson(await configureQueue(store, name, changes, create)) };
  },
});

/** What the reader of rates says, which knows what is wrong. */
function rateMessage({ input }: { readonly input: unknown }): string {
  if (typeof input !== "string") return 'must be a rate such as "10/1m", or null for none';
  try {
    parseRate(input);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** The routes. */
export const QUEUE_ROUTES: readonly Route[] = [listQueues, patchQueue];
