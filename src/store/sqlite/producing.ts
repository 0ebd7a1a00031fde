/**
 * Enqueue, cancel, retry and delete: what users do to jobs.
 *
 * @module
 */

import { ConflictError, IdTakenError, NotFoundError } from "../../errors.ts";
import type { NewJob } from "../../job/job.ts";
import { isFinal, sourcesOf, type State, transition } from "../../job/state.ts";
import type { CancelResult } from "../store.ts";
import type { Database } from "./database.ts";

const INSERT = `INSERT INTO job (id, queue, state, priority, max_retries, backoff_base, backoff_max,
    backoff_jitter, created_at, updated_at, cwd, tags, command)
  VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

/** Within a transaction: stores the jobs, or throws {@link ConflictError} at the first taken id. */
export function insertJobs(db: Database, jobs: readonly NewJob[], now: number): void {
  for (const job of jobs) {
    const inserted = db.run(
      INSERT,
      job.id,
      job.queue,
      job.priority,
      job.maxRetries,
      job.backoffBase,
      job.backoffMax,
      job.backoffJitter,
      now,
      now,
      job.cwd,
      job.tags.length === 0 ? "[]" : JSON.stringify(job.tags),
      job.command,
    );
    if (inserted === 0) throw new IdTakenError(job.id);
  }
}

/** Within a transaction: cancels a waiting job, or asks for the end of a running one. */
export function cancelJob(db: Database, id: string, now: number): CancelResult {
  const state = stateOf(db, id);
  if (state === "cancelled") return "already";
  if (state === "processing") {
    db.run("UPDATE job SET cancel_requested = 1, updated_at = ? WHERE id = ?", now, id);
    return "requested";
  }
  if (isFinal(state)) throw new ConflictError(`Job ${id} is ${state} already`);
  db.run(
    `UPDATE job SET state = 'cancelled', run_at = NULL, error = 'cancelled', updated_at = ?,
      finished_at = ? WHERE id = ?`,
    now,
    now,
    id,
  );
  return "cancelled";
}

const NEW_LIFE = `state = 'pending', attempts = 0, run_at = NULL, updated_at = ?,
  started_at = NULL, finished_at = NULL, exit_code = NULL, error = NULL`;

/** Within a transaction: gives a job a new life. */
export function retryJob(db: Database, id: string, from: readonly State[], now: number): void {
  const state = stateOf(db, id);
  const allowed = from.filter((state) => sourcesOf("retry").includes(state));
  if (!allowed.includes(state)) {
    throw new ConflictError(
      `Job ${id} is ${state}: only jobs that are ${allowed.join(" or ")} can be retried`,
    );
  }
  db.run(`UPDATE job SET ${NEW_LIFE} WHERE id = ?`, now, id);
}

/**
 * Within a transaction: retries up to `limit` jobs of a state that arrived after a job; their numbers
 * of arrival. Going on from there, a job that soon is in the state again is not met twice.
 */
export function retryBatch(
  db: Database,
  { state, after, limit }: { state: State; after: number; limit: number },
  now: number,
): number[] {
  if (transition(state, "retry") === null) {
    throw new ConflictError(`Jobs that are ${state} cannot be retried`);
  }
  return db.all(
    `UPDATE job SET ${NEW_LIFE}
    WHERE seq IN (SELECT seq FROM job WHERE state = ? AND seq > ? ORDER BY seq LIMIT ?)
    RETURNING seq`,
    now,
    state,
    after,
    limit,
  ).map((row) => row.seq as number);
}

/** Within a transaction: deletes a job with its attempts and output. */
export function removeJob(db: Database, id: string, from: readonly State[]): void {
  const state = stateOf(db, id);
  if (!from.includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}, not ${from.join(" or ")}`);
  }
  db.run("DELETE FROM job WHERE id = ?", id);
}

/** Within a transaction: deletes up to `limit` jobs of a state that ended before a time. */
export function removeBatch(db: Database, state: State, before: number, limit: number): number {
  return db.run(
    `DELETE FROM job WHERE seq IN
      (SELECT seq FROM job WHERE state = ? AND finished_at < ? ORDER BY seq LIMIT ?)`,
    state,
    before,
    limit,
  );
}

function stateOf(db: Database, id: string): State {
  const row = db.get("SELECT state FROM job WHERE id = ?", id);
  if (!row) throw new NotFoundError(`There is no job ${id}`);
  return row.state as State;
}
