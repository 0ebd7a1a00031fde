/**
 * What decides when a job runs, read at one moment.
 *
 * @module
 */

import { NotFoundError } from "../../errors.ts";
import type { Condition, Job } from "../../job/job.ts";
import type { State } from "../../job/state.ts";
import type { Standing } from "../store.ts";
import { selectJob } from "./queries.ts";
import { rateOpens, selectQueue } from "./queues.ts";
import { all, get, type Work } from "./work.ts";
import { selectWorkers } from "./workers.ts";

/** So many of the running jobs are named at the most. */
const MAX_RUNNING = 100;

/** See `Store.standing`. */
export function* selectStanding(id: string, now: number): Work<Standing> {
  const job = yield* selectJob(id);
  if (job === null) throw new NotFoundError(`There is no job ${id}`);
  const queue = (yield* selectQueue(job.queue))!;
  const running = yield* all(
    `SELECT id, queue, worker_id, started_at FROM job WHERE state = 'processing'
    ORDER BY started_at LIMIT ${MAX_RUNNING}`,
  );
  return {
    job,
    parents: yield* openParents(id),
    queue,
    rateOpensIn: queue.rate === null ? 0 : yield* rateOpens(job.queue, queue.rate, now),
    ahead: job.state === "pending" ? yield* countAhead(job, queue.counts.pending) : 0,
    workers: yield* selectWorkers(),
    running: running.map((row) => ({
      id: row.id as string,
      queue: row.queue as string,
      workerId: row.worker_id as string,
      startedAt: row.started_at as number,
    })),
  };
}

function* openParents(id: string): Work<Standing["parents"]> {
  const rows = yield* all(
    `SELECT parent.id, parent.state, condition FROM job
    CROSS JOIN dependency ON (dependency.job = job.seq)
    CROSS JOIN job AS parent ON (parent.id = dependency.parent)
    WHERE job.id = ? ORDER BY parent.seq`,
    id,
  );
  return rows.map((row) => ({
    id: row.id as string,
    on: row.condition as Condition,
    state: row.state as State,
  }));
}

/** Which job comes first, on either side of one: two ranges of the index that claims read. */
const BEFORE = [">", "<"] as const;
const BEHIND = ["<", ">"] as const;

/**
 * Counted from the job on to the nearer end of its queue, for most are asked about soon after they came:
 * to count all in front of it takes 40 ms for a million.
 */
function* countAhead({ id, queue, priority }: Job, pending: number): Work<number> {
  const seq = (yield* get("SELECT seq FROM job WHERE id = ?", id))!.seq as number;
  for (let most = 100;; most *= 10) {
    const ahead = yield* count(BEFORE, most);
    if (ahead < most) return ahead;
    const behind = yield* count(BEHIND, most);
    if (behind < most) return pending - 1 - behind;
  }

  function* count(
    [byPriority, bySeq]: typeof BEFORE | typeof BEHIND,
    most: number,
  ): Work<number> {
    const row = yield* get(
      `SELECT count(*) AS jobs FROM (
        SELECT 1 FROM job WHERE state = 'pending' AND queue = ? AND priority ${byPriority} ?
        UNION ALL
        SELECT 1 FROM job WHERE state = 'pending' AND queue = ? AND priority = ? AND seq ${bySeq} ?
        LIMIT ?) AS counted`,
      queue,
      priority,
      queue,
      priority,
      seq,
      most,
    );
    return row!.jobs as number;
  }
}
