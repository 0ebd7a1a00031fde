/**
 * Jobs with all that a store keeps of them, but for their output.
 *
 * @module
 */

import type { Attempt } from "../../job/job.ts";
import type { KeptJob } from "../../job/record.ts";
import type { Reader, Sized } from "./portions.ts";
import { attemptFromRow, JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { readStdin } from "./stdin.ts";
import { all, type Row, type Work } from "./work.ts";

/** The characters that an attempt takes, about. */
const ATTEMPT_SIZE = 300;

/** Of so many jobs, and of so many attempts of theirs, what is in other tables is read at once. */
const MOST_JOBS = 250;
const MOST_RUNS = 2000;

/** See `Store.keptPortions`. */
export const KEPT: Reader<KeptJob> = {
  columns: `${JOB_COLUMNS}, runs, cancelled_by, has_stdin`,
  *read(rows, room) {
    const jobs: Sized<KeptJob>[] = [];
    let size = 0;
    for (const some of crowdsOf(rows)) {
      const attempts = yield* attemptsOf(some);
      const open = yield* openParentsOf(some);
      for (const row of some) {
        if (size >= room) return jobs;
        // One at a time, for they may be large.
        const stdin = row.has_stdin === 1 ? yield* readStdin(row.seq as number) : null;
        const job = keptJob(row, stdin, attempts.get(row.seq) ?? [], open.get(row.seq) ?? []);
        jobs.push(job);
        size += job.size;
      }
    }
    return jobs;
  },
};

function keptJob(
  row: Row,
  stdin: string | null,
  attempts: readonly Attempt[],
  open: readonly string[],
): Sized<KeptJob> {
  const job = jobFromRow(row);
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
}

/** One job may have begun any number of times. */
function crowdsOf(rows: readonly Row[]): Row[][] {
  const crowds: Row[][] = [];
  let runs = Infinity;
  for (const row of rows) {
    runs += row.runs as number;
    if (runs > MOST_RUNS || crowds.at(-1)!.length === MOST_JOBS) {
      crowds.push([]);
      runs = row.runs as number;
    }
    crowds.at(-1)!.push(row);
  }
  return crowds;
}

function* attemptsOf(rows: readonly Row[]): Work<ReadonlyMap<unknown, Attempt[]>> {
  const seqs = rows.filter((row) => row.runs !== 0).map(({ seq }) => seq!);
  const found = yield* ofJobs("SELECT * FROM attempt WHERE job", seqs);
  return grouped(found, attemptFromRow, (a, b) => a.attempt - b.attempt);
}

/** Only those who wait have them. */
function* openParentsOf(rows: readonly Row[]): Work<ReadonlyMap<unknown, string[]>> {
  const waiting = rows.filter(({ state, after }) =>
    (state === "blocked" || state === "held") && after !== "[]"
  );
  const seqs = waiting.map(({ seq }) => seq!);
  const found = yield* ofJobs("SELECT job, parent FROM dependency WHERE job", seqs);
  return grouped(found, (row) => row.parent as string);
}

function* ofJobs(select: string, seqs: readonly unknown[]): Work<readonly Row[]> {
  if (seqs.length === 0) return [];
  return yield* all(
    `${select} IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
    JSON.stringify(seqs),
  );
}

function grouped<T>(
  rows: readonly Row[],
  read: (row: Row) => T,
  compare?: (a: T, b: T) => number,
): ReadonlyMap<unknown, T[]> {
  const groups = new Map<unknown, T[]>();
  for (const row of rows) {
    const group = groups.get(row.job);
    if (group === undefined) groups.set(row.job, [read(row)]);
    else group.push(read(row));
  }
  if (compare !== undefined) { for (const group of groups.values()) group.sort(compare); }
  return groups;
}
