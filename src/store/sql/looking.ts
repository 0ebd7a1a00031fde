/**
 * What a dashboard looks at: what runs, and what died alike.
 *
 * @module
 */

import type { ErrorGroup, RunningJob } from "../statistics.ts";
import { all, get, type Work } from "./work.ts";

/** See `Store.running`. */
export function* selectRunning(limit: number): Work<RunningJob[]> {
  const rows = yield* all(
    `SELECT id, queue, command, job.worker_id, runs, job.started_at, progress, progress_message,
      cancel_requested, ahead FROM job
    CROSS JOIN attempt ON (attempt.job = job.seq AND attempt.attempt = job.runs)
    WHERE job.state = 'processing' ORDER BY job.started_at, job.seq LIMIT ?`,
    limit,
  );
  return rows.map((row) => ({
    id: row.id as string,
    queue: row.queue as string,
    command: row.command as string,
    workerId: row.worker_id as string,
    attempt: row.runs as number,
    startedAt: row.started_at as number,
    progress: row.progress === null ? null : {
      percent: row.progress as number,
      message: row.progress_message as string | null,
    },
    cancelRequested: row.cancel_requested === 1,
    isAhead: row.ahead === 1,
  }));
}

/**
 * See `Store.errorGroups`. The index alone is gone through, which has the jobs of each error together: a million dead
 * jobs take 60 ms, and to look for the last one of each on the way would take twice as long.
 */
export function* selectErrorGroups(limit: number): Work<ErrorGroup[]> {
  const groups: ErrorGroup[] = [];
  const rows = yield* all(
    `SELECT error, count(*) AS jobs FROM job INDEXED BY job_error
    WHERE state = 'dead' GROUP BY error ORDER BY jobs DESC, error IS NOT NULL, error LIMIT ?`,
    limit,
  );
  for (const { error, jobs } of rows) {
    const [alike, values] = error === null ? ["error IS NULL", []] : ["error = ?", [error!]];
    const newest = yield* get(
      `SELECT id, finished_at FROM job INDEXED BY job_error WHERE state = 'dead' AND ${alike}
      ORDER BY finished_at DESC, seq DESC LIMIT 1`,
      ...values,
    );
    groups.push({
      error: error as string | null,
      count: jobs as number,
      newest: newest!.id as string,
      newestAt: newest!.finished_at as number,
    });
  }
  return groups;
}
