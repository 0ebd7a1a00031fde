/**
 * Lists of jobs: which ones a filter finds, in their order of arrival.
 *
 * @module
 */

import type { Job } from "../../job/job.ts";
import type { JobFilter } from "../store.ts";
import { behind, conditions, countJobs } from "./queries.ts";
import { readRows } from "./reading.ts";
import { JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { all, get, type Row, type Work } from "./work.ts";

/** A limit that is none. */
const ALL = Number.MAX_SAFE_INTEGER;

/** See `Store.jobs`. */
export function* selectJobs(filter: JobFilter): Work<Job[]> {
  const { idPrefix } = filter;
  const rows = idPrefix === undefined
    ? yield* readRows(JOB_COLUMNS, yield* newestOf(filter))
    : yield* selectByPrefix(filter, idPrefix);
  return rows.map(jobFromRow);
}

function* selectByPrefix(filter: JobFilter, prefix: string): Work<readonly Row[]> {
  const common = yield* isCommon(prefix);
  const { where, values } = conditions(filter, common);
  // Beside a tag SQLite would rather walk over all jobs.
  const index = common ? "" : "INDEXED BY sqlite_autoindex_job_1";
  return yield* all(
    `SELECT ${JOB_COLUMNS} FROM job ${index} ${where} ${inOrder(filter)} LIMIT ?`,
    ...values,
    filter.limit ?? ALL,
  );
}

/** Ids that have their beginning in common with so many others are no way to find jobs. */
const COMMON = 2000;

/** Whether so many ids begin so that the newest jobs are sooner found by their order. */
function* isCommon(prefix: string): Work<boolean> {
  const found = yield* get(
    `SELECT count(*) AS ids FROM
    (SELECT 1 FROM job WHERE id >= ? AND id < ? LIMIT ${COMMON}) AS known`,
    prefix,
    behind(prefix),
  );
  return found!.ids === COMMON;
}

function inOrder({ oldestFirst }: JobFilter): string {
  return `ORDER BY seq ${oldestFirst ? "ASC" : "DESC"}`;
}

/**
 * The numbers of arrival of the jobs that a filter without an id finds, in their order. Each state is
 * asked for by itself: of several at once SQLite would sort all jobs.
 */
function* newestOf(filter: JobFilter): Work<number[]> {
  const { states, oldestFirst } = filter;
  if (states === undefined) return yield* newestIn(filter);
  const found: number[] = [];
  for (const state of new Set(states)) {
    for (const seq of yield* newestIn({ ...filter, states: [state] })) found.push(seq);
  }
  if (states.length === 1) return found;
  found.sort(oldestFirst ? (a, b) => a - b : (a, b) => b - a);
  return found.slice(0, filter.limit);
}

/** The same, of one state or all. */
function* newestIn(filter: JobFilter): Work<number[]> {
  const { states, queue, tag } = filter;
  // The jobs that are not there are looked for among all.
  const most = tag === undefined ? yield* countJobs(filter) : ALL;
  const limit = Math.min(filter.limit ?? ALL, most);
  if (limit === 0) return [];
  if (states?.[0] === "pending" && queue !== undefined && tag === undefined) {
    return yield* newestPending(queue, filter, limit);
  }
  const { where, values } = conditions(filter);
  const rows = yield* all(
    `SELECT seq FROM job ${where} ${inOrder(filter)} LIMIT ?`,
    ...values,
    limit,
  );
  return rows.map((row) => row.seq as number);
}

/** The priorities of a queue's pending jobs: one seek each; its name is given twice. */
export const PRIORITIES = `WITH RECURSIVE level (priority) AS (
    SELECT max(priority) FROM job INDEXED BY job_claim WHERE state = 'pending' AND queue = ?
    UNION ALL
    SELECT (SELECT max(priority) FROM job INDEXED BY job_claim
      WHERE state = 'pending' AND queue = ? AND priority < level.priority) FROM level
    WHERE level.priority IS NOT NULL
  ) SELECT priority FROM level WHERE priority IS NOT NULL`;

/**
 * From the index that claims read, which has those of each priority in their order. By the index of
 * states it took 52 ms to walk over the 170,000 newer ones of another queue.
 */
function* newestPending(queue: string, filter: JobFilter, limit: number): Work<number[]> {
  const found: number[] = [];
  for (const { priority } of yield* all(PRIORITIES, queue, queue)) {
    const rows = yield* all(
      `SELECT seq FROM job INDEXED BY job_claim
      WHERE state = 'pending' AND queue = ? AND priority = ? ${inOrder(filter)} LIMIT ?`,
      queue,
      priority!,
      limit,
    );
    for (const { seq } of rows) found.push(seq as number);
  }
  return found.sort(filter.oldestFirst ? (a, b) => a - b : (a, b) => b - a).slice(0, limit);
}
