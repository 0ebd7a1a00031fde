/**
 * Acting on many jobs at once.
 *
 * @module
 */

import * as v from "valibot";
import { UsageError } from "../../errors.ts";
import type { BulkAction, PageFilter } from "../../store/paging.ts";
import { BULK_ACTIONS } from "../../store/paging.ts";
import type { Store } from "../../store/store.ts";
import { FILTER, filterOf } from "./job_filter.ts";
import { defineRoute, type Route } from "./route.ts";
import { BULK_RESULT } from "./schemas.ts";

/** So many jobs are asked for at once. */
const PORTION = 500;

/** Others wait for an answer no longer than about this, milliseconds. */
const PATIENCE = 100;

/** So many ids one request may name. */
export const MAX_IDS = 10_000;

/** Ids of jobs, each once. */
export const IDS = v.pipe(
  v.array(v.string("must be a text"), 'must be a list of ids, such as ["job1"]'),
  v.minLength(1, "is empty: give ids"),
  v.maxLength(MAX_IDS, `holds more than ${MAX_IDS} ids`),
  v.transform((ids) => [...new Set(ids)]),
);

/** A JSON shape of {@linkcode BULK_RESULT}. */
export interface BulkJson {
  acted: number;
  refused: number;
  /** Whether jobs that fit are left, for `expected` was reached. */
  more: boolean;
  results?: { id: string; ok: boolean; error: string | null }[];
}

const bulk = defineRoute({
  method: "POST",
  path: "/api/jobs/bulk",
  name: "actOnJobs",
  tag: "jobs",
  summary: "Retry, cancel, release or delete many jobs",
  description:
    "Either `ids` or `filter` says which. With ids, each job is acted on by itself, and " +
    "`results` says what became of each. A filter (`{}` is all jobs) is worked off in short portions, " +
    "between which workers go on; jobs that arrive meanwhile, or whose state does not allow it, are left " +
    "alone, and `refused` counts those of the others to which it could not be done. With `expected`, which is the number that somebody was shown, never " +
    "more than that many are acted on; `more` says that others are left. A job that runs is asked to " +
    "end, which is not waited for.",
  writes: true,
  body: {
    kind: "fields",
    fields: {
      action: v.picklist(BULK_ACTIONS, `must be one of ${BULK_ACTIONS.join(", ")}`),
      ids: v.optional(IDS),
      filter: v.optional(FILTER),
      expected: v.optional(
        v.pipe(
          v.number("must be a number of jobs"),
          v.safeInteger("must be a number of jobs"),
          v.minValue(0, "must be a number of jobs"),
        ),
      ),
    },
    example: { action: "retry", filter: { state: ["dead"], queue: "media" }, expected: 12 },
  },
  responses: {
    200: {
      description: "What became of them",
      content: { "application/json": BULK_RESULT },
      example: { acted: 12, refused: 0, more: false },
    },
  },
  errors: [400],
  async handle({ store, body: { action, ids, filter, expected } }) {
    if ((ids === undefined) === (filter === undefined)) {
      throw new UsageError('Say which jobs: give "ids" or "filter"', { field: "ids" });
    }
    if (ids !== undefined && expected !== undefined && ids.length > expected) {
      throw new UsageError(`"ids" names ${ids.length} jobs, and "expected" is ${expected}`, {
        field: "expected",
      });
    }
    const json = ids === undefined
      ? await actOnAll(store, action, filterOf(filter!), expected)
      : await actOnIds(store, action, ids);
    return { status: 200, json };
  },
});

async function actOnIds(
  store: Store,
  action: BulkAction,
  ids: readonly string[],
): Promise<BulkJson> {
  const errors = await store.actOnEach(action, ids);
  const results = ids.map((id, i) => ({
    id,
    ok: errors[i] === null,
    error: errors[i]?.message ?? null,
  }));
  const acted = results.filter(({ ok }) => ok).length;
  return { acted, refused: results.length - acted, more: false, results };
}

/** Acts on what a filter finds, on at most `most` jobs. */
async function actOnAll(
  store: Store,
  action: BulkAction,
  filter: PageFilter,
  most = Infinity,
): Promise<BulkJson> {
  let [acted, refused] = [0, 0];
  let cursor: string | null = null;
  let breathe = performance.now() + PATIENCE;
  while (acted < most) {
    const limit = Math.min(PORTION, most - acted);
    const portion = await store.actOnAll(action, filter, { limit, cursor });
    acted += portion.acted;
    refused += portion.refused;
    cursor = portion.next;
    if (cursor === null) return { acted, refused, more: false };
    // Other requests are answered in between.
    if (performance.now() > breathe) {
      await new Promise((resolve) => setTimeout(resolve));
      breathe = performance.now() + PATIENCE;
    }
  }
  return { acted, refused, more: cursor !== null };
}

/** The routes. */
export const BULK_ROUTES: readonly Route[] = [bulk];
