/**
 * What users do to a job that is there: cancel, release, edit, delete. `retrying.ts` has the retry.
 *
 * @module
 */

import { ConflictError, NotFoundError } from "../../errors.ts";
import type { Progress } from "../../job/job.ts";
import { isFinal, sourcesOf, type State, WAITING_STATES, waitingState } from "../../job/state.ts";
import type { CancelResult, JobChanges } from "../store.ts";
import type { AttemptRef } from "../tick.ts";
import { countDependents } from "./parents.ts";
import {
  cancelJobs,
  deleteJobs,
  FOUND,
  type Found,
  foundFrom,
  releaseJobs,
  waitedFor,
} from "./together.ts";
import { get, run, send, type Work } from "./work.ts";

/** Within a transaction: cancels a waiting job, or asks for the end of a running one. */
export function* cancelJob(id: string, now: number): Work<CancelResult> {
  const job = yield* find(id);
  const { state } = job;
  if (state !== "cancelled" && isFinal(state)) {
    throw new ConflictError(`Job ${id} is ${state} already`);
  }
  yield* cancelJobs([job], now);
  if (state === "cancelled") return "already";
  return state === "processing" ? "requested" : "cancelled";
}

/** Within a transaction: lets a held job go; its state now. */
export function* releaseJob(id: string, now: number): Work<State> {
  const job = yield* find(id);
  if (!sourcesOf("release").includes(job.state)) {
    throw new ConflictError(`Job ${id} is ${job.state}: only a job that is held can be released`);
  }
  return (yield* releaseJobs([job], now)).get(job)!;
}

/** Within a transaction: changes a job that waits. */
export function* editJob(id: string, changes: JobChanges, now: number): Work<void> {
  const { state } = yield* find(id);
  if (!WAITING_STATES.includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}: only a job that waits can be edited`);
  }
  const row = (yield* get(
    "SELECT command, queue, priority, max_retries, timeout, run_at FROM job WHERE id = ?",
    id,
  ))!;
  const runAt = changes.delay === undefined
    ? changes.runAt ?? row.run_at as number | null
    : now + changes.delay;
  const next = state === "pending" || state === "scheduled"
    ? waitingState({ held: false, blocked: false, runAt }, now)
    : state;
  yield* send(
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
export function* noteProgress(
  { jobId, token }: AttemptRef,
  { percent, message }: Progress,
  now: number,
): Work<void> {
  const changed = yield* run(
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

/** Within a transaction: deletes a job with its attempts and output. */
export function* removeJob(id: string, from: readonly State[]): Work<void> {
  const job = yield* find(id);
  if (!from.includes(job.state)) {
    throw new ConflictError(`Job ${id} is ${job.state}, not ${from.join(" or ")}`);
  }
  const dependents = yield* countDependents(id);
  if (dependents > 0) throw waitedFor(id, dependents);
  yield* deleteJobs([job]);
}

/** Until the end of the transaction nobody claims it, or begins to wait for it. */
export function* find(id: string): Work<Found> {
  const row = yield* get(`SELECT ${FOUND} FROM job WHERE id = ? FOR UPDATE`, id);
  if (!row) throw new NotFoundError(`There is no job ${id}`);
  return foundFrom(row);
}
