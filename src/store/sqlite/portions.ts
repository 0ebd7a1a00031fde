/**
 * Reading many jobs: in portions, so that neither memory nor the time of a snapshot grows with the store.
 *
 * @module
 */

import type { Job } from "../../job/job.ts";
import type { KeptJob } from "../../job/record.ts";
import type { JobFilter } from "../store.ts";
import type { Database } from "./database.ts";
import { conditions } from "./queries.ts";
import { attemptFromRow, JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { readStdin } from "./stdin.ts";

/** So many jobs make a portion, which is read in about 10 ms. */
const PORTION = 1000;

/** A portion of large jobs ends sooner, at about so many characters. */
const PORTION_SIZE = 4 * 1024 * 1024;

/** So many numbers of arrival are looked at for one portion, whatever fits the filter: some 50 ms. */
const WINDOW = 20_000;

/** The characters that an attempt takes, about. */
const ATTEMPT_SIZE = 300;

/** A job, and about how many characters it has. */
interface Sized<T> {
  readonly value: T;
  readonly size: number;
}

/** Jobs that were read at one moment. */
interface Portion<T> {
  readonly jobs: readonly T[];
  /** The number of arrival after which the next portion begins; null: there is none. */
  readonly next: number | null;
}

/** Reads one job by its number of arrival. */
export type ReadJob<T> = (db: Database, seq: number) => Sized<T>;

/** A job as `Store.job` gives it. */
export const readPlain: ReadJob<Job> = (db, seq) => {
  const row = db.get(`SELECT ${JOB_COLUMNS} FROM job WHERE seq = ?`, seq)!;
  return { value: jobFromRow(row), size: (row.command as string).length };
};

/** A job with what a store keeps of it. */
export const readKept: ReadJob<KeptJob> = (db, seq) => {
  const row = db.get(
    `SELECT ${JOB_COLUMNS}, runs, cancelled_by, has_stdin FROM job WHERE seq = ?`,
    seq,
  )!;
  const job = jobFromRow(row);
  const stdin = row.has_stdin === 1 ? readStdin(db, seq) : null;
  const attempts = row.runs === 0 ? [] : db
    .all("SELECT * FROM attempt WHERE job = ? ORDER BY attempt", seq)
    .map(attemptFromRow);
  const waiting = job.state === "blocked" || job.state === "held";
  const open = !waiting || job.after.length === 0 ? [] : db
    .all("SELECT parent FROM dependency WHERE job = ?", seq)
    .map((row) => row.parent as string);
  return {
    value: {
      job,
      runs: row.runs as number,
      cancelledBy: row.cancelled_by as string | null,
      waitsFor: job.after.map(({ id }) => id).filter((id) => open.includes(id)),
      stdin,
      attempts,
    },
    size: job.command.length + (stdin?.length ?? 0) + attempts.length * ATTEMPT_SIZE,
  };
};

/** Reads on one snapshot of the store. */
export type Snapshot = <T>(work: (db: Database) => T) => Promise<T>;

/** The jobs that a filter finds, in portions, each one on a snapshot of its own. */
export async function* readPortions<T>(
  snapshot: Snapshot,
  filter: JobFilter,
  read: ReadJob<T>,
): AsyncGenerator<readonly T[]> {
  let limit = filter.limit ?? Infinity;
  let after: number | null = null;
  do {
    const start = { after, limit, read };
    const portion: Portion<T> = await snapshot((db) => readPortion(db, filter, start));
    if (portion.jobs.length > 0) yield portion.jobs;
    limit -= portion.jobs.length;
    after = portion.next;
  } while (after !== null && limit > 0);
}

/**
 * Reads up to `limit` jobs in their order.
 *
 * @param after the number of arrival after which to begin; null at the beginning
 */
function readPortion<T>(
  db: Database,
  filter: JobFilter,
  { after, limit, read }: { after: number | null; limit: number; read: ReadJob<T> },
): Portion<T> {
  const forward = filter.oldestFirst === true;
  const from = after ?? (forward ? 0 : Number.MAX_SAFE_INTEGER);
  const first = forward
    ? db.get("SELECT min(seq) AS seq FROM job WHERE seq > ?", from)!.seq as number | null
    : db.get("SELECT max(seq) AS seq FROM job WHERE seq < ?", from)!.seq as number | null;
  if (first === null || limit === 0) return { jobs: [], next: null };
  const last = forward ? first + WINDOW - 1 : first - WINDOW + 1;
  const { where, values } = conditions(filter);
  const wanted = Math.min(limit, PORTION);
  const seqs = db.all(
    // By the order of arrival: an index of states would have to be sorted anew for each portion.
    `SELECT seq FROM job NOT INDEXED ${where === "" ? "WHERE" : `${where} AND`}
      seq BETWEEN ? AND ? ORDER BY seq ${forward ? "ASC" : "DESC"} LIMIT ?`,
    ...values,
    Math.min(first, last),
    Math.max(first, last),
    wanted,
  ).map((row) => row.seq as number);
  const jobs: T[] = [];
  let size = 0;
  for (const seq of seqs) {
    if (size >= PORTION_SIZE) break;
    const job = read(db, seq);
    jobs.push(job.value);
    size += job.size;
  }
  const isWindowDone = jobs.length === seqs.length && seqs.length < wanted;
  return { jobs, next: isWindowDone ? last : seqs[jobs.length - 1] ?? last };
}
