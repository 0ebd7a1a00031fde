/**
 * The rows of jobs that come from another store.
 *
 * @module
 */

import type { MovedJob } from "../../job/record.ts";
import { isFinal, type State } from "../../job/state.ts";
import { noteEnded } from "./parents.ts";
import { listText } from "./rows.ts";
import { storeStdin } from "./stdin.ts";
import { all, type Row, type SqlValue, type Work } from "./work.ts";

type Values = readonly SqlValue[];

/** Within a transaction: stores jobs of which nothing is there yet, in their order. */
export function* storeMoved(jobs: readonly MovedJob[]): Work<void> {
  const stored = yield* insert(JOBS, jobs.map(jobValues), "RETURNING id, seq");
  const seqs = new Map(stored.map(({ id, seq }) => [id as string, seq!]));
  for (const { job, stdin } of jobs) if (stdin !== null) yield* storeStdin(job.id, stdin);
  const parts = (valuesOf: (moved: MovedJob, seq: SqlValue) => Values[]) =>
    jobs.flatMap((moved) => valuesOf(moved, seqs.get(moved.job.id)!));
  yield* insert(DEPENDENCIES, parts(dependencyValues));
  yield* insert(ATTEMPTS, parts(attemptValues));
  yield* insert(OUTPUT, parts(outputValues));
  yield* noteAllEnded(jobs);
}

/** Jobs that have ended may have children here, and those that wait may have parents that have. */
function* noteAllEnded(jobs: readonly MovedJob[]): Work<void> {
  const ended = jobs.filter(({ job }) => isFinal(job.state)).map(({ job }) => job.id);
  const open = new Set(jobs.flatMap(({ waitsFor }) => waitsFor));
  if (open.size > 0) {
    const parents = yield* all(
      "SELECT id, state FROM job WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify([...open]),
    );
    for (const { id, state } of parents) if (isFinal(state as State)) ended.push(id as string);
  }
  if (ended.length > 0) yield* noteEnded(...new Set(ended));
}

/** A table and those of its columns that are given, and what stands for a row. */
interface Target {
  readonly into: string;
  readonly row: string;
}

function target(table: string, columns: string): Target {
  const row = `(${columns.split(",").map(() => "?").join(", ")})`;
  return { into: `${table} (${columns})`, row };
}

const JOBS = target(
  "job",
  "id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, " +
    "backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, " +
    "error, worker_id, unique_key, cancelled_by, schedule, fire_time, progress, progress_message, " +
    "cwd, tags, after, fatal_exit_codes, env, has_stdin, command",
);
const DEPENDENCIES = target("dependency", "parent, job, condition");
const ATTEMPTS = target(
  "attempt",
  "job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, " +
    "launcher_pid, launcher_start, output_bytes",
);
const OUTPUT = target("output", "job, attempt, seq, stream, time, missing, bytes");

/** So many rows are stored by one statement, at the most. */
const AT_ONCE = 64;

/** By powers of two: so there are few texts of a statement, each of which is prepared once. */
function* insert({ into, row }: Target, rows: readonly Values[], returning = ""): Work<Row[]> {
  const answers: Row[] = [];
  for (let stored = 0; stored < rows.length;) {
    const count = Math.min(AT_ONCE, 2 ** Math.floor(Math.log2(rows.length - stored)));
    const sql = `INSERT INTO ${into} VALUES ${Array(count).fill(row).join(", ")} ${returning}`;
    answers.push(...yield* all(sql, ...rows.slice(stored, stored + count).flat()));
    stored += count;
  }
  return answers;
}

function jobValues({ job, runs, cancelledBy, stdin, env }: MovedJob): SqlValue[] {
  return [
    job.id,
    job.queue,
    job.state,
    job.priority,
    job.attempts,
    runs,
    job.maxRetries,
    job.backoffBase,
    job.backoffMax,
    job.backoffJitter,
    job.timeout,
    job.runAt,
    job.createdAt,
    job.updatedAt,
    job.startedAt,
    job.finishedAt,
    job.exitCode,
    job.error,
    job.workerId,
    job.uniqueKey,
    cancelledBy,
    job.schedule,
    job.fireTime,
    job.progress?.percent ?? null,
    job.progress?.message ?? null,
    job.cwd,
    listText(job.tags),
    listText(job.after),
    listText(job.fatalExitCodes),
    JSON.stringify(env),
    stdin === null ? 0 : 1,
    job.command,
  ];
}

function dependencyValues({ job, waitsFor }: MovedJob, seq: SqlValue): Values[] {
  return job.after.filter(({ id }) => waitsFor.includes(id)).map(({ id, on }) => [id, seq, on]);
}

function attemptValues({ attempts }: MovedJob, seq: SqlValue): Values[] {
  return attempts.map((attempt) => [
    seq,
    attempt.attempt,
    attempt.outcome,
    attempt.startedAt,
    attempt.finishedAt,
    attempt.exitCode,
    attempt.error,
    attempt.workerId,
    attempt.host,
    // Nobody's: it has ended.
    0,
    "",
    attempt.outputBytes,
  ]);
}

function outputValues({ output }: MovedJob, seq: SqlValue): Values[] {
  return output.map((piece) => [
    seq,
    piece.attempt,
    piece.seq,
    piece.stream,
    piece.time,
    piece.missing,
    piece.bytes,
  ]);
}
