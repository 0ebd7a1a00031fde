/**
 * What a dashboard looks at: what runs, and what died alike.
 *
 * @module
 */

import type { ErrorGroup, RunningJob } from "../statistics.ts";
import type { Database } from "./database.ts";

/** See `Store.running`. */
export function selectRunning(db: Database, limit: number): RunningJob[] {
  return db.all(
    `SELECT id, queue, command, job.worker_id, runs, job.started_at, progress, progress_message,
      cancel_requested, ahead FROM job
    JOIN attempt ON attempt.job = job.seq AND attempt.attempt = job.runs
    WHERE job.state = 'processing' ORDER BY job.started_at, job.seq LIMIT ?`,
    limit,
  ).map((row) => ({
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
export function selectErrorGroups(db: Database, limit: number): ErrorGroup[] {
  return db.all(
    `SELECT error, count(*) AS jobs FROM job INDEXED BY job_error
    WHERE state = 'dead' GROUP BY error ORDER BY jobs DESC, error LIMIT ?`,
    limit,
  ).map(({ error, jobs }) => {
    const newest = db.get(
      `SELECT id, finished_at FROM job INDEXED BY job_error WHERE state = 'dead' AND error IS ?
      ORDER BY finished_at DESC, seq DESC LIMIT 1`,
      error!,
    )!;
    return {
      error: error as string | null,
      count: jobs as number,
      newest: newest.id as string,
      newestAt: newest.finished_at as number,
    };
  });
}
