/**
 * Pages of a list of jobs.
 *
 * @module
 */

import type { JobPage, JobSort, PageFilter, PagePosition } from "../paging.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { lanesOf, ORDERS, type WalkFilter, withStates } from "./lanes.ts";
import { clauses, countJobs, isCounted } from "./queries.ts";
import { readRows } from "./reading.ts";
import { JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { type Key, walk } from "./walk.ts";
import { get, type Work } from "./work.ts";

/** A page of large jobs ends sooner, at about so many characters. */
const PAGE_SIZE = 4 * 1024 * 1024;

/** A page as numbers of arrival. */
export interface KeyPage {
  readonly keys: readonly Key[];
  /** Where the next one begins; null: there is none. */
  readonly next: Key | null;
  /** The page is not full, but it took too long to go on. */
  readonly isCutShort: boolean;
}

/** Within a snapshot: up to `limit` jobs after a key, in their order. */
export function* findKeys(
  filter: WalkFilter,
  { sort, after, limit, total = null }: {
    readonly sort: JobSort;
    readonly after: Key;
    readonly limit: number;
    /** How many there are at the most, where that is known. */
    readonly total?: number | null;
  },
): Work<KeyPage> {
  const { compare } = ORDERS[sort];
  const lanes = total === 0 ? [] : yield* lanesOf(filter, sort);
  // One more, to know whether there is another page.
  const { keys, reached } = yield* walk({ lanes, compare, after, wanted: limit + 1, total });
  if (keys.length > limit) {
    return { keys: keys.slice(0, limit), next: keys[limit - 1]!, isCutShort: false };
  }
  return { keys, next: reached, isCutShort: reached !== null && keys.length < limit };
}

/** See `Store.page`. */
export function* selectPage(
  given: PageFilter,
  { limit, cursor = null, sort = "newest" }: PagePosition,
): Work<JobPage> {
  const filter = withStates(given, sort);
  const [place, seq, before] = cursor === null ? [] : decodeCursor(cursor, sort, 3);
  const start: Key = cursor === null ? ORDERS[sort].start : [place!, seq!];
  // A job that is named by the text comes first, and not again in its place.
  const named = before ?? (yield* findNamed(filter));
  const first = cursor === null && named !== NONE ? [named] : [];
  const total = isCounted(filter) ? yield* countJobs(filter) : null;
  const room = limit - first.length;
  const found = room <= 0 ? { keys: [], next: start, isCutShort: false } : yield* findKeys(
    { ...filter, except: named },
    { sort, after: start, limit: room, total: cursor === null ? total : null },
  );
  let { next, isCutShort } = found;
  const rows = yield* readRows(
    JOB_COLUMNS,
    [...first, ...found.keys.map(([, seq]) => seq)],
    PAGE_SIZE,
  );
  const shown = rows.length - first.length;
  if (shown < found.keys.length) {
    [next, isCutShort] = [found.keys[shown - 1]!, false];
  }
  return {
    jobs: rows.map(jobFromRow),
    next: next === null ? null : encodeCursor({ kind: sort, numbers: [...next, named] }),
    searchedTo: isCutShort ? yield* timeOf(sort, next!) : null,
    total,
  };
}

/** No job has this number of arrival. */
const NONE = 0;

/** The job whose whole id is the text that is looked for. */
function* findNamed(filter: PageFilter): Work<number> {
  if (filter.text === undefined) return NONE;
  const { parts, values } = clauses(filter);
  const row = yield* get(
    `SELECT seq FROM job WHERE ${["id = ?", ...parts].join(" AND ")}`,
    filter.text,
    ...values,
  );
  return (row?.seq ?? NONE) as number;
}

/** When the job at a key came, or ended. */
function* timeOf(sort: JobSort, [first, seq]: Key): Work<number> {
  if (sort === "finished") return first;
  return (yield* get("SELECT created_at FROM job WHERE seq = ?", seq))!.created_at as number;
}
