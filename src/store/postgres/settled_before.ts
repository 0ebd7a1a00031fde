/**
 * What a tick has settled whose answer was lost: brought again, it looks as if the jobs had moved on.
 *
 * @module
 */

import type { OutcomeKind } from "../../job/outcome.ts";
import type { State } from "../../job/state.ts";
import { get, type Work } from "../sql/work.ts";
import type { AttemptEnd, Settled } from "../tick.ts";

/** When it ended, to the millisecond, tells which attempt of the job it was: it has no token any more. */
const CLOSED = `SELECT job.state, job.run_at, attempt.outcome, attempt.exit_code, attempt.error
  FROM job JOIN attempt ON attempt.job = job.seq
  WHERE job.id = ? AND attempt.finished_at = ? AND (attempt.outcome = ? OR attempt.outcome = 'cancelled')`;

/** Those of some ends that were settled, and what became of them. */
export function* settledBefore(ends: readonly AttemptEnd[]): Work<readonly Settled[]> {
  const settled: Settled[] = [];
  for (const { jobId, token, finishedAt, outcome } of ends) {
    const row = yield* get(CLOSED, jobId, finishedAt, outcome.kind);
    if (row === null) continue;
    settled.push({
      ...{ jobId, token, state: row.state as State, outcome: row.outcome as OutcomeKind },
      exitCode: row.exit_code as number | null,
      error: row.error as string | null,
      runAt: row.run_at as number | null,
    });
  }
  return settled;
}
