/**
 * Reading many jobs: in portions, so that neither memory nor the time of a snapshot grows with the store.
 *
 * @module
 */

import type { Job } from "../../job/job.ts";
import type { JobFilter } from "../store.ts";
import type { Engine } from "./engine.ts";
import { conditions } from "./queries.ts";
import { readRows } from "./reading.ts";
import { JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { all, get, type Row, type Work } from "./work.ts";

/** So many jobs make a portion, which is read in about 10 ms. */
const PORTION = 1000;

/** A portion of large jobs ends sooner, at about so many characters. */
const PORTION_SIZE = 4 * 1024 * 1024;

/** So many numbers of arrival are looked at for one portion, whatever fits the filter: some 50 ms. */
const WINDOW = 20_000;

/** A job, and about how many characters it has. */
export interface Sized<T> {
  readonly value: T;
  readonly size: number;
}

/** Jobs that were read at one moment. */
interface Portion<T> {
  readonly jobs: readonly T[];
  /** The number of arrival after which the next portion begins; null: there is none. */
  readonly next: number | null;
}

/** Reads jobs. */
export interface Reader<T> {
  /** What it needs of each. */
  readonly columns: string;
  /** What becomes of rows with them, in order; it may end behind the one that fills the room, in characters. */
  read(rows: readonly Row[], room: number): Work<readonly Sized<T>[]>;
}

/** Jobs as `Store.job` gives them. */
export const PLAIN: Reader<Job> = {
  columns: JOB_COLUMNS,
  // deno-lint-ignore require-yield -- all is there
  *read(rows) {
    return rows.map((row) => ({ value: jobFromRow(row), size: (row.command as string).length }));
  },
};

/** The jobs that a filter finds, in portions, each one on a snapshot of its own. */
export async function* readPortions<T>(
  engine: Pick<Engine, "read">,
  filter: JobFilter,
  reader: Reader<T>,
): AsyncGenerator<readonly T[]> {
  let limit = filter.limit ?? Infinity;
  let after: number | null = null;
  do {
    const start = { after, limit, reader };
    const portion: Portion<T> = await engine.read(() => readPortion(filter, start));
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
function* readPortion<T>(
  filter: JobFilter,
  { after, limit, reader }: { after: number | null; limit: number; reader: Reader<T> },
): Work<Portion<T>> {
  const forward = filter.oldestFirst === true;
  const from = after ?? (forward ? 0 : Number.MAX_SAFE_INTEGER);
  const row = forward
    ? yield* get("SELECT min(seq) AS seq FROM job WHERE seq > ?", from)
    : yield* get("SELECT max(seq) AS seq FROM job WHERE seq < ?", from);
  const first = row!.seq as number | null;
  if (first === null || limit === 0) return { jobs: [], next: null };
  const last = forward ? first + WINDOW - 1 : first - WINDOW + 1;
  const { where, values } = conditions(filter);
  const wanted = Math.min(limit, PORTION);
  const rows = yield* all(
    // By the order of arrival: an index of states would have to be sorted anew for each portion.
    `SELECT seq FROM job NOT INDEXED ${where === "" ? "WHERE" : `${where} AND`}
      seq BETWEEN ? AND ? ORDER BY seq ${forward ? "ASC" : "DESC"} LIMIT ?`,
    ...values,
    Math.min(first, last),
    Math.max(first, last),
    wanted,
  );
  const seqs = rows.map((row) => row.seq as number);
  const found = yield* readRows(reader.columns, seqs, PORTION_SIZE);
  const jobs = (yield* reader.read(found, PORTION_SIZE)).map(({ value }) => value);
  const isWindowDone = jobs.length === seqs.length && seqs.length < wanted;
  return { jobs, next: isWindowDone ? last : seqs[jobs.length - 1] ?? last };
}
