/**
 * Routes about the dead letter queue.
 *
 * @module
 */

import * as v from "valibot";
import { ConflictError, NotFoundError, UsageError } from "../../errors.ts";
import { SPEC_FIELDS } from "../../job/spec_fields.ts";
import { formatTime } from "../../job/time.ts";
import { integerIn } from "../../readers.ts";
import type { EndedFilter, Store } from "../../store/store.ts";
import { type BulkJson, IDS } from "./bulk.ts";
import { reading } from "./fields.ts";
import { defineRoute, type Route } from "./route.ts";
import { ERROR_GROUP, RESULT } from "./schemas.ts";

const GROUPS = 100;

/** So many jobs are deleted, in about 0.1 s, before others are answered. */
const PORTION = 2000;

/** Dead jobs with the same error. */
export interface ErrorGroupJson {
  error: string | null;
  count: number;
  /** The job that died last. */
  newest: string;
  newest_at: string;
}

const listGroups = defineRoute({
  method: "GET",
  path: "/api/dlq/groups",
  name: "listErrorGroups",
  tag: "dlq",
  summary: "List dead jobs by their error",
  description:
    "The largest groups first. `GET /api/jobs?state=dead&error=…` lists the jobs of one.",
  writes: false,
  query: {
    limit: v.optional(
      reading(integerIn({ min: 1, max: 1000 }), {
        type: "integer",
        minimum: 1,
        maximum: 1000,
        default: GROUPS,
      }),
    ),
  },
  words: { limit: "At most so many groups" },
  responses: {
    200: { description: "Groups", content: { "application/json": v.array(ERROR_GROUP) } },
  },
  errors: [400],
  async handle({ store, query }) {
    const groups = await store.errorGroups(query.limit ?? GROUPS);
    const json: ErrorGroupJson[] = groups.map(({ error, count, newest, newestAt }) => ({
      error,
      count,
      newest,
      newest_at: formatTime(newestAt)!,
    }));
    return { status: 200, json };
  },
});

const purge = defineRoute({
  method: "POST",
  path: "/api/dlq/purge",
  name: "purgeDeadJobs",
  tag: "dlq",
  summary: "Delete dead jobs",
  description:
    "With their attempts and their output. Exactly one key says which: `all`, `older_than` " +
    "(they ended longer ago than this), `error` (exactly this one; null is none) or `ids`. Jobs for " +
    "which others wait stay. With ids, `results` says what became of each.",
  writes: true,
  body: {
    kind: "fields",
    fields: {
      all: v.optional(v.literal(true, "must be true")),
      older_than: v.optional(SPEC_FIELDS.delay),
      error: v.optional(v.nullable(v.string("must be a text, or null"))),
      ids: v.optional(IDS),
    },
    example: { older_than: "30d" },
  },
  responses: {
    200: {
      description: "How many were deleted",
      content: {
        "application/json": v.strictObject({
          purged: v.pipe(v.number(), v.integer()),
          results: v.optional(v.array(RESULT)),
        }),
      },
      example: { purged: 3 },
    },
  },
  errors: [400],
  async handle({ store, body, now }) {
    if (Object.keys(body).length !== 1) {
      throw new UsageError(
        'Say which jobs to purge: give one of "all", "older_than", "error" and "ids"',
      );
    }
    const { older_than: olderThan, error, ids } = body;
    if (ids !== undefined) {
      const results = await purgeEach(store, ids);
      const purged = results.filter(({ ok }) => ok).length;
      return { status: 200, json: { purged, results } };
    }
    const purged = await purgeAll(store, {
      states: ["dead"],
      before: olderThan === undefined ? Number.MAX_SAFE_INTEGER : now() - olderThan,
      ...(error === undefined ? {} : { error }),
    });
    return { status: 200, json: { purged } };
  },
});

/** In a file no deletion waits for anything: without a pause nobody else was answered for 30 s, with a million jobs. */
async function purgeAll(store: Store, filter: EndedFilter): Promise<number> {
  for (let total = 0;;) {
    const purged = await store.removeEnded(filter, PORTION);
    total += purged;
    if (purged < PORTION) return total;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

async function purgeEach(
  store: Store,
  ids: readonly string[],
): Promise<Required<BulkJson>["results"]> {
  const results = [];
  for (const id of ids) {
    try {
      await store.remove(id, ["dead"]);
      results.push({ id, ok: true, error: null });
    } catch (error) {
      if (!(error instanceof NotFoundError || error instanceof ConflictError)) throw error;
      results.push({ id, ok: false, error: error.message });
    }
  }
  return results;
}

/** The routes. */
export const DLQ_ROUTES: readonly Route[] = [listGroups, purge];
