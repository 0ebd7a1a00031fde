/**
 * What users do to jobs that are there: cancel, release, edit, retry, delete.
 *
 * @module
 */

import { ConflictError, NotFoundError, UniqueKeyTakenError } from "../../errors.ts";
import type { Progress } from "../../job/job.ts";
import {
  isFinal,
  sourcesOf,
  type State,
  transition,
  WAITING_STATES,
  waitingState,
} from "../../job/state.ts";
import type { CancelResult, JobChanges } from "../store.ts";
import type { AttemptRef } from "../tick.ts";
import type { Database, Row } from "./database.ts";
import { countDependents, detachParents, noteEnded, takeBackDependents } from "./parents.ts";
import { takeTurn } from "./turn.ts";
import { holderOf } from "./unique_key.ts";

/** Within a transaction: cancels a waiting job, or asks for the end of a running one. */
export function cancelJob(db: Database, id: string, now: number): CancelResult {
  const state = stateOf(db, id);
  if (state === "cancelled") {
    // Somebody wants it: a retry of its parent does not bring it back.
    db.run(
      `UPDATE job SET cancelled_by = NULL, was_waiting = NULL, run_at = NULL
      WHERE id = ? AND cancelled_by IS NOT NULL`,
      id,
    );
    return "already";
  }
  if (state === "processing") {
    db.run("UPDATE job SET cancel_requested = 1, updated_at = ? WHERE id = ?", now, id);
    return "requested";
  }
  if (isFinal(state)) throw new ConflictError(`Job ${id} is ${state} already`);
  cancelWaiting(db, id, "cancelled", now);
  return "cancelled";
}

/** Within a transaction: cancels a job that waits. */
export function cancelWaiting(db: Database, id: string, error: string, now: number): void {
  const { seq } = db.get(
    `UPDATE job SET state = 'cancelled', run_at = NULL, error = ?, updated_at = ?, finished_at = ?
    WHERE id = ? RETURNING seq`,
    error,
    now,
    now,
    id,
  )!;
  detachParents(db, seq as number);
  noteEnded(db, id);
}

/** Within a transaction: lets a held job go; its state now. */
export function releaseJob(db: Database, id: string, now: number): State {
  const state = stateOf(db, id);
  if (!sourcesOf("release").includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}: only a job that is held can be released`);
  }
  const row = db.get(
    `SELECT run_at, EXISTS (SELECT 1 FROM dependency WHERE job = seq) AS blocked FROM job
    WHERE id = ?`,
    id,
  )!;
  const runAt = row.run_at as number | null;
  const next = waitingState({ held: false, blocked: row.blocked === 1, runAt }, now);
  db.run(
    "UPDATE job SET state = ?, run_at = ?, updated_at = ? WHERE id = ?",
    next,
    next === "pending" ? null : runAt,
    now,
    id,
  );
  return next;
}

/** Within a transaction: changes a job that waits. */
export function editJob(db: Database, id: string, changes: JobChanges, now: number): void {
  const state = stateOf(db, id);
  if (!WAITING_STATES.includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}: only a job that waits can be edited`);
  }
  const row = db.get(
    "SELECT command, queue, priority, max_retries, timeout, run_at FROM job WHERE id = ?",
    id,
  )!;
  const runAt = changes.delay === undefined
    ? changes.runAt ?? row.run_at as number | null
    : now + changes.delay;
  const next = state === "pending" || state === "scheduled"
    ? waitingState({ held: false, blocked: false, runAt }, now)
    : state;
  db.run(
    `UPDATE job SET command = ?, queue = ?, priority = ?, max_retries = ?, timeout = ?, state = ?,
      run_at = ?, updated_at = ? WHERE id = ?`,
    changes.command ?? row.command!,
    changes.queue ?? row.queue!,
    changes.priority ?? row.priority!,
    changes.maxRetries ?? row.max_retries!,
    changes.timeout === undefined ? row.timeout! : changes.timeout,
    next,
    next === "pending" ? null : runAt,
    now,
    id,
  );
}

/** Within a transaction: how far a running attempt says that it is. */
export function noteProgress(
  db: Database,
  { jobId, token }: AttemptRef,
  { percent, message }: Progress,
  now: number,
): void {
  const changed = db.run(
    `UPDATE job SET progress = ?, progress_message = ?, updated_at = ?
    WHERE id = ? AND token = ?`,
    percent,
    message,
    now,
    jobId,
    token,
  );
  if (changed === 0) throw new ConflictError(`This attempt of job ${jobId} does not run any more`);
}

const NEW_LIFE = `UPDATE job SET state = 'pending', attempts = 0, run_at = NULL, updated_at = ?,
  started_at = NULL, finished_at = NULL, exit_code = NULL, error = NULL, cancelled_by = NULL,
  was_waiting = NULL, progress = NULL, progress_message = NULL WHERE seq = ?`;

/** Within a transaction: gives a job a new life. */
export function retryJob(db: Database, id: string, from: readonly State[], now: number): void {
  const state = stateOf(db, id);
  const allowed = from.filter((state) => sourcesOf("retry").includes(state));
  if (!allowed.includes(state)) {
    throw new ConflictError(
      sourcesOf("retry").includes(state)
        ? `Job ${id} is ${state}, not ${
          allowed.join(" or ")
        }; to run it again: queuectl retry ${id}`
        : `Job ${id} is ${state}: only jobs that are ${allowed.join(" or ")} can be retried`,
    );
  }
  const row = db.get("SELECT seq, id, unique_key FROM job WHERE id = ?", id)!;
  const holder = otherHolder(db, row);
  if (holder) throw new UniqueKeyTakenError({ id, key: row.unique_key as string, holder });
  giveNewLife(db, row, now);
}

/** So many jobs are read for one turn of retries, which rarely comes as far. */
const RETRIED = 1000;

/**
 * Within a transaction: retries, for one turn, jobs of a state that arrived after a job, but for those
 * whose unique key is taken. Going on from `last`, a job that soon is in the state again is not met
 * twice.
 */
export function retryBatch(
  db: Database,
  { state, after }: { readonly state: State; readonly after: number },
  now: number,
): { retried: number; last: number | null } {
  if (transition(state, "retry") === null) {
    throw new ConflictError(`Jobs that are ${state} cannot be retried`);
  }
  const rows = db.all(
    "SELECT seq, id, unique_key FROM job WHERE state = ? AND seq > ? ORDER BY seq LIMIT ?",
    state,
    after,
    RETRIED,
  );
  const before = countIn(db, state);
  const done = takeTurn(rows, (row) => {
    if (otherHolder(db, row) || comesWithParent(db, row, state)) return;
    giveNewLife(db, row, now);
  });
  const retried = before - countIn(db, state);
  const isDone = done === rows.length && rows.length < RETRIED;
  return { retried, last: isDone ? null : rows[done - 1]!.seq as number };
}

/** Whether a job has come back with its parent, or will: that one is in the same state. */
function comesWithParent(db: Database, row: Row, state: State): boolean {
  // Only cancelled jobs have gone because of a parent.
  return state === "cancelled" && db.get(
        `SELECT 1 FROM job WHERE seq = ? AND (state <> 'cancelled' OR EXISTS (SELECT 1
      FROM job AS parent WHERE parent.id = job.cancelled_by AND parent.state = 'cancelled'))`,
        row.seq!,
      ) !== null;
}

function countIn(db: Database, state: State): number {
  return db.get("SELECT coalesce(sum(jobs), 0) AS jobs FROM counter WHERE state = ?", state)!
    .jobs as number;
}

/** The other job that holds the unique key by now. */
function otherHolder(db: Database, row: Row): { id: string; state: State } | null {
  const holder = row.unique_key === null ? null : holderOf(db, row.unique_key as string);
  return holder?.id === row.id ? null : holder;
}

function giveNewLife(db: Database, row: Row, now: number): void {
  db.run(NEW_LIFE, now, row.seq!);
  takeBackDependents(db, row.id as string, now);
}

/** Within a transaction: deletes a job with its attempts and output. */
export function removeJob(db: Database, id: string, from: readonly State[]): void {
  const state = stateOf(db, id);
  if (!from.includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}, not ${from.join(" or ")}`);
  }
  const dependents = countDependents(db, id);
  if (dependents > 0) {
    const waiting = dependents === 1 ? "1 job waits" : `${dependents} jobs wait`;
    throw new ConflictError(`Job ${id} cannot be deleted: ${waiting} for it`);
  }
  db.run("DELETE FROM job WHERE id = ?", id);
}

function stateOf(db: Database, id: string): State {
  const row = db.get("SELECT state FROM job WHERE id = ?", id);
  if (!row) throw new NotFoundError(`There is no job ${id}`);
  return row.state as State;
}
