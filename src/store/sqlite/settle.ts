/**
 * Writes down how an attempt ended and what that makes of its job.
 *
 * @module
 */

import { settle } from "../../job/outcome.ts";
import { isFinal, type State, transition } from "../../job/state.ts";
import type { AttemptEnd, Settled } from "../tick.ts";
import type { Database } from "./database.ts";
import { completeAttempts } from "./complete.ts";
import { EndedAttempts } from "./ended_attempts.ts";
import { deleteOutput, insertChunk } from "./output.ts";
import { noteEnded } from "./parents.ts";
import { addUp } from "./statistics.ts";

const RUNNING =
  `SELECT seq, queue, runs, started_at, attempts, max_retries, backoff_base, backoff_max, backoff_jitter,
  cancel_requested, fatal_exit_codes FROM job WHERE id = ? AND token = ?`;

const MOVE = `UPDATE job SET state = ?, attempts = ?, run_at = ?, updated_at = ?,
  started_at = coalesce(?, started_at), finished_at = ?, exit_code = ?, error = ?, token = NULL,
  cancel_requested = 0 WHERE seq = ?`;

const CLOSE =
  `UPDATE attempt SET started_at = coalesce(?, started_at), outcome = ?, finished_at = ?,
  exit_code = ?, error = ?, output_bytes = ? WHERE job = ? AND attempt = ?`;

/** Statistics are added up after so many ticks with ends at the latest. */
const LISTS = 250;

/**
 * Within a transaction: settles attempts, and writes them down for the statistics.
 *
 * @returns what became of each, in their order; null if its job has moved on, or its worker is back that was
 * given up
 */
export function settleAttempts(
  db: Database,
  ends: readonly AttemptEnd[],
  now: number,
  random: () => number,
): (Settled | null)[] {
  const noted = new EndedAttempts();
  const completed = completeAttempts(db, ends, noted, now);
  const settled = ends.map((end) =>
    completed.get(end) ?? settleAttempt(db, end, noted, now, random)
  );
  if (noted.store(db) >= LISTS) addUp(db, now);
  return settled;
}

function settleAttempt(
  db: Database,
  end: AttemptEnd,
  noted: EndedAttempts,
  now: number,
  random: () => number,
): Settled | null {
  const row = db.get(RUNNING, end.jobId, end.token);
  if (row === null || isBack(db, end)) return null;
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
  db.run(
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
  if (isFinal(state)) noteEnded(db, end.jobId);
  if (result.outcome === null) eraseAttempt(db, seq, attempt);
  else {
    const { startedAt = null, finishedAt, outputBytes } = end;
    noted.note(
      row.queue as string,
      result.outcome,
      startedAt ?? row.started_at as number,
      finishedAt,
    );
    const how = [result.outcome, finishedAt, exitCode, error, outputBytes];
    db.run(CLOSE, startedAt, ...how, seq, attempt);
    if (end.replacesOutput) deleteOutput(db, seq, attempt);
    for (const chunk of end.chunks) insertChunk(db, seq, attempt, chunk);
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
function eraseAttempt(db: Database, seq: number, attempt: number): void {
  db.run("DELETE FROM attempt WHERE job = ? AND attempt = ?", seq, attempt);
  deleteOutput(db, seq, attempt);
  db.run(
    `UPDATE job SET runs = runs - 1, started_at =
      (SELECT started_at FROM attempt WHERE job = seq ORDER BY attempt DESC LIMIT 1) WHERE seq = ?`,
    seq,
  );
}

function isBack(db: Database, { unlessBack }: AttemptEnd): boolean {
  if (unlessBack === undefined) return false;
  const { worker, heartbeat } = unlessBack;
  return db.get("SELECT 1 FROM worker WHERE id = ? AND heartbeat <> ?", worker, heartbeat) !== null;
}
