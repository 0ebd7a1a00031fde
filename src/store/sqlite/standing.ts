/**
 * What decides when a job runs, read at one moment.
 *
 * @module
 */

import type { Condition, Job } from "../../job/job.ts";
import type { State } from "../../job/state.ts";
import type { Standing } from "../store.ts";
import type { Database } from "./database.ts";
import { rateOpens, selectQueue } from "./queues.ts";
import { selectWorkers } from "./workers.ts";

/** So many of the running jobs are named at the most. */
const MAX_RUNNING = 100;

/** See `Store.standing`. */
export function selectStanding(db: Database, job: Job, now: number): Standing {
  const queue = selectQueue(db, job.queue)!;
  return {
    job,
    parents: openParents(db, job.id),
    queue,
    rateOpensIn: queue.rate === null ? 0 : rateOpens(db, job.queue, queue.rate, now),
    ahead: job.state === "pending" ? countAhead(db, job) : 0,
    workers: selectWorkers(db),
    running: db.all(
      `SELECT id, queue, worker_id, started_at FROM job WHERE state = 'processing'
      ORDER BY started_at LIMIT ${MAX_RUNNING}`,
    ).map((row) => ({
      id: row.id as string,
      queue: row.queue as string,
      workerId: row.worker_id as string,
      startedAt: row.started_at as number,
    })),
  };
}

function openParents(db: Database, id: string): Standing["parents"] {
  return db.all(
    `SELECT parent.id, parent.state, condition FROM job
    JOIN dependency ON dependency.job = job.seq JOIN job AS parent ON parent.id = dependency.parent
    WHERE job.id = ? ORDER BY parent.seq`,
    id,
  ).map((row) => ({
    id: row.id as string,
    on: row.condition as Condition,
    state: row.state as State,
  }));
}

/** Two ranges of the index that claims read. */
function countAhead(db: Database, { id, queue, priority }: Job): number {
  const { jobs } = db.get(
    `SELECT (SELECT count(*) FROM job WHERE state = 'pending' AND queue = ? AND priority > ?) +
      (SELECT count(*) FROM job WHERE state = 'pending' AND queue = ? AND priority = ?
        AND seq < (SELECT seq FROM job WHERE id = ?)) AS jobs`,
    queue,
    priority,
    queue,
    priority,
    id,
  )!;
  return jobs as number;
}
