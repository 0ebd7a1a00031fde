/**
 * Jobs that come from another store: stored as they are, with their attempts and their output.
 *
 * @module
 */

import { FiringTakenError, IdTakenError, UniqueKeyTakenError } from "../../errors.ts";
import type { MovedJob } from "../../job/record.ts";
import { isFinal, type State } from "../../job/state.ts";
import type { Imported, ImportOptions, Taken, Wanted } from "../importing.ts";
import type { Database, SqlValue } from "./database.ts";
import { noteEnded } from "./parents.ts";
import { listText } from "./rows.ts";
import { storeStdin } from "./stdin.ts";
import { holderOf } from "./unique_key.ts";

/** What of all that is wanted is taken already. */
export function findTaken(db: Database, { ids, uniqueKeys, firings }: Wanted): Taken {
  return {
    ids: ids.map((id) => db.get("SELECT 1 FROM job WHERE id = ?", id) !== null),
    uniqueKeys: uniqueKeys.map((key) => holderOf(db, key)),
    firings: firings.map((firing) => firedBy(db, firing)),
  };
}

/** The job that a schedule has enqueued for a time; null if there is none. */
function firedBy(db: Database, { schedule, fireTime }: Wanted["firings"][number]): string | null {
  const row = db.get(
    "SELECT id FROM job WHERE schedule = ? AND fire_time = ?",
    schedule,
    fireTime,
  );
  return (row?.id ?? null) as string | null;
}

const INSERT =
  `INSERT INTO job (id, queue, state, priority, attempts, runs, max_retries, backoff_base,
    backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at,
    exit_code, error, worker_id, unique_key, cancelled_by, schedule, fire_time, progress,
    progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Within a transaction: stores jobs as they are; see `Store.importJobs` for what is thrown. */
export function importJobs(
  db: Database,
  jobs: Iterable<MovedJob>,
  { skipExisting }: ImportOptions,
): Imported {
  let imported = 0;
  let skipped = 0;
  for (const moved of jobs) {
    const { id } = moved.job;
    if (db.get("SELECT 1 FROM job WHERE id = ?", id) === null) {
      importJob(db, moved);
      imported++;
    } else if (skipExisting) skipped++;
    else throw new IdTakenError(id);
  }
  return { imported, skipped };
}

function importJob(db: Database, moved: MovedJob): void {
  const { job } = moved;
  const { id, uniqueKey: key, schedule, fireTime } = job;
  const holder = key === null || isFinal(job.state) ? null : holderOf(db, key);
  if (holder) throw new UniqueKeyTakenError({ id, key: key!, holder });
  const fired = schedule === null ? null : firedBy(db, { schedule, fireTime: fireTime! });
  if (fired !== null) throw new FiringTakenError({ id, schedule: schedule!, holder: fired });
  db.run(INSERT, ...columnsOf(moved));
  storeParts(db, moved);
  // Those of its children that came before it.
  if (isFinal(job.state)) noteEnded(db, id);
}

function columnsOf({ job, runs, cancelledBy, stdin, env }: MovedJob): SqlValue[] {
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

function storeParts(db: Database, { job, waitsFor, stdin, attempts, output }: MovedJob): void {
  const seq = db.get("SELECT seq FROM job WHERE id = ?", job.id)!.seq!;
  if (stdin !== null) storeStdin(db, job.id, stdin);
  for (const { id, on } of job.after) {
    if (!waitsFor.includes(id)) continue;
    db.run("INSERT INTO dependency (parent, job, condition) VALUES (?, ?, ?)", id, seq, on);
    const parent = db.get("SELECT state FROM job WHERE id = ?", id);
    if (parent && isFinal(parent.state as State)) noteEnded(db, id);
  }
  for (const attempt of attempts) {
    db.run(
      `INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error,
        worker_id, host, launcher_pid, launcher_start, output_bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?)`,
      seq,
      attempt.attempt,
      attempt.outcome,
      attempt.startedAt,
      attempt.finishedAt,
      attempt.exitCode,
      attempt.error,
      attempt.workerId,
      attempt.host,
      attempt.outputBytes,
    );
  }
  for (const piece of output) {
    db.run(
      `INSERT INTO output (job, attempt, seq, stream, time, missing, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
      seq,
      piece.attempt,
      piece.seq,
      piece.stream,
      piece.time,
      piece.missing,
      piece.bytes,
    );
  }
}
