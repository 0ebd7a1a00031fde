/**
 * Writes down how one attempt ended and what that makes of its job.
 *
 * @module
 */

import { settle } from "../../job/outcome.ts";
import { isFinal, type State, transition } from "../../job/state.ts";
import type { AttemptEnd, Settled } from "../tick.ts";
import type { EndedAttempts } from "./ended_attempts.ts";
import { deleteOutput, insertChunk } from "./output.ts";
import { noteEnded } from "./parents.ts";
import { get, send, type Work } from "./work.ts";

const RUNNING =
  `SELECT seq, queue, runs, started_at, attempts, max_retries, backoff_base, backoff_max, backoff_jitter,
  cancel_requested, fatal_exit_codes FROM job WHERE id = ? AND token = ? FOR UPDATE`;

const MOVE = `UPDATE job SET state = ?, attempts = ?, run_at = ?, updated_at = ?,
  started_at = coalesce(?, started_at), finished_at = ?, exit_code = ?, error = ?, token = NULL,
  cancel_requested = 0 WHERE seq = ?`;

const CLOSE =
  `UPDATE attempt SET started_at = coalesce(?, started_at), outcome = ?, finished_at = ?,
  exit_code = ?, error = ?, output_bytes = ? WHERE job = ? AND attempt = ?`;

/**
 * Within a transaction: settles an attempt, and notes it for the statistics.
 *
 * @returns what became of it; null if its job has moved on, or its worker is back that was given up
 */
export function* settleAttempt(
  end: AttemptEnd,
  noted: EndedAttempts,
  now: number,
  random: () => number,
): Work<Settled | null> {
  // A worker that is back locks its own row first, too, and then those of its jobs.
  if (end.unlessBack !== undefined && (yield* isBack(end.unlessBack))) return null;
  const row = yield* get(RUNNING, end.jobId, end.token);
  if (row === null) return null;
  const seq = row.seq as number;
  const attempt = row.runs as number;
  const attempts = row.attempts as number;
  const result = settle(
    {
      attempts,
      maxRetries: row.max_retries as number,
      backoffBase: row.backoff_base as number,
      backoffMax: row.backoff_max as number,
      backoffJitter: row.backoff_jitter as number,
      cancelRequested: row.cancel_requested === 1,
      fatalExitCodes: row.fatal_exit_codes === "[]"
        ? []
        : JSON.parse(row.fatal_exit_codes as string),
    },
    end.outcome,
    random(),
  );
  const state = transition("processing", result.event) as State;
  const runAt = result.delay === null ? null : now + result.delay;
  const { exitCode, error } = result;
  yield* send(
    MOVE,
    state,
    result.counts ? attempts : attempts - 1,
    runAt,
    now,
    end.startedAt ?? null,
    // A job that waits for another attempt has not finished.
    state === "pending" || state === "failed" ? null : end.finishedAt,
    exitCode,
    error,
    seq,
  );
  if (isFinal(state)) yield* noteEnded(end.jobId);
  if (result.outcome === null) yield* eraseAttempt(seq, attempt);
  else {
    const { startedAt = null, finishedAt, outputBytes } = end;
    noted.note(
      row.queue as string,
      result.outcome,
      startedAt ?? row.started_at as number,
      finishedAt,
    );
    const how = [result.outcome, finishedAt, exitCode, error, outputBytes];
    yield* send(CLOSE, startedAt, ...how, seq, attempt);
    if (end.replacesOutput) yield* deleteOutput(seq, attempt);
    for (const chunk of end.chunks) yield* insertChunk(seq, attempt, chunk);
  }
  return {
    jobId: end.jobId,
    token: end.token,
    state,
    runAt,
    outcome: result.outcome,
    exitCode,
    error,
  };
}

/** An attempt that never began is as if it had not been claimed. */
function* eraseAttempt(seq: number, attempt: number): Work<void> {
  yield* send("DELETE FROM attempt WHERE job = ? AND attempt = ?", seq, attempt);
  yield* deleteOutput(seq, attempt);
  yield* send(
    `UPDATE job SET runs = runs - 1, started_at =
      (SELECT started_at FROM attempt WHERE job = seq ORDER BY attempt DESC LIMIT 1) WHERE seq = ?`,
    seq,
  );
}

function* isBack(
  { worker, heartbeat }: NonNullable<AttemptEnd["unlessBack"]>,
): Work<boolean> {
  // Until the end of the transaction it stays as it is.
  const row = yield* get("SELECT heartbeat FROM worker WHERE id = ? FOR UPDATE", worker);
  return row !== null && row.heartbeat !== heartbeat;
}
