/**
 * Pages of a list of jobs.
 *
 * @module
 */

import type { Job } from "../../job/job.ts";
import type { JobPage, JobSort, PageFilter, PagePosition } from "../paging.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Database } from "./database.ts";
import { lanesOf, ORDERS, type WalkFilter, withStates } from "./lanes.ts";
import { clauses, countJobs, isCounted } from "./queries.ts";
import { JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { type Key, walk } from "./walk.ts";

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
export function findKeys(
  db: Database,
  filter: WalkFilter,
  { sort, after, limit, total = null }: {
    readonly sort: JobSort;
    readonly after: Key;
    readonly limit: number;
    /** How many there are at the most, where that is known. */
    readonly total?: number | null;
  },
): KeyPage {
  const { compare } = ORDERS[sort];
  const lanes = total === 0 ? [] : lanesOf(db, filter, sort);
  // One more, to know whether there is another page.
  const { keys, reached } = walk({ lanes, compare, after, wanted: limit + 1, total });
  if (keys.length > limit) {
    return { keys: keys.slice(0, limit), next: keys[limit - 1]!, isCutShort: false };
  }
  return { keys, next: reached, isCutShort: reached !== null && keys.length < limit };
}

/** See `Store.page`. */
export function selectPage(
  db: Database,
  given: PageFilter,
  { limit, cursor = null, sort = "newest" }: PagePosition,
): JobPage {
  const filter = withStates(given, sort);
  const [first, second, before] = cursor === null ? [] : decodeCursor(cursor, sort, 3);
  const start: Key = cursor === null ? ORDERS[sort].start : [first!, second!];
  // A job that is named by the text comes first, and not again in its place.
  const named = before ?? findNamed(db, filter);
  const jobs = cursor === null && named !== NONE ? [readJob(db, named)] : [];
  const total = isCounted(filter) ? countJobs(db, filter) : null;
  const room = limit - jobs.length;
  const found = room <= 0 ? { keys: [], next: start, isCutShort: false } : findKeys(
    ...[db, { ...filter, except: named }] as const,
    { sort, after: start, limit: room, total: cursor === null ? total : null },
  );
  let { next, isCutShort } = found;
  let size = 0;
  for (const [index, key] of found.keys.entries()) {
    if (size >= PAGE_SIZE) {
      [next, isCutShort] = [found.keys[index - 1]!, false];
      break;
    }
    const job = readJob(db, key[1]);
    jobs.push(job);
    size += job.command.length;
  }
  return {
    jobs,
    next: next === null ? null : encodeCursor({ kind: sort, numbers: [...next, named] }),
    searchedTo: isCutShort ? timeOf(db, sort, next!) : null,
    total,
  };
}

/** No job has this number of arrival. */
const NONE = 0;

/** The job whose whole id is the text that is looked for. */
function findNamed(db: Database, filter: PageFilter): number {
  if (filter.text === undefined) return NONE;
  const { parts, values } = clauses(filter);
  const row = db.get(
    `SELECT seq FROM job WHERE ${["id = ?", ...parts].join(" AND ")}`,
    filter.text,
    ...values,
  );
  return (row?.seq ?? NONE) as number;
}

function readJob(db: Database, seq: number): Job {
  return jobFromRow(db.get(`SELECT ${JOB_COLUMNS} FROM job WHERE seq = ?`, seq)!);
}

/** When the job at a key came, or ended. */
function timeOf(db: Database, sort: JobSort, [first, seq]: Key): number {
  if (sort === "finished") return first;
  return db.get("SELECT created_at FROM job WHERE seq = ?", seq)!.created_at as number;
}
