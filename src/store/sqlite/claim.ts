/**
 * Gives pending jobs to the free slots of a worker, in O(q log n): q queues have pending jobs, and
 * the head of each is at the front of its part of one index.
 *
 * @module
 */

import type { Claim, TickRequest, WorkerInfo } from "../store.ts";
import type { Database, Row } from "./database.ts";
import { JOB_COLUMNS, jobFromRow } from "./rows.ts";

/**
 * From one queue to the next in the index: one seek each, however many queues there ever were. Left
 * to itself SQLite takes the index of states, and walks over every pending job.
 */
const QUEUES = `WITH RECURSIVE waiting (queue) AS (
    SELECT min(queue) FROM job INDEXED BY job_claim WHERE state = 'pending'
    UNION ALL
    SELECT (SELECT min(queue) FROM job INDEXED BY job_claim
      WHERE state = 'pending' AND queue > waiting.queue) FROM waiting
    WHERE waiting.queue IS NOT NULL
  ) SELECT queue FROM waiting WHERE queue IS NOT NULL`;

const HEADS = `SELECT seq, priority FROM job WHERE state = 'pending' AND queue = ?
  ORDER BY priority DESC, seq LIMIT ?`;

const TAKE = `UPDATE job SET state = 'processing', attempts = attempts + 1, runs = runs + 1,
    token = ?, worker_id = ?, started_at = ?, updated_at = ?, finished_at = NULL,
    exit_code = NULL
  WHERE seq = ?`;

/** RETURNING would cost twice as much: 6 µs a job, since the table has triggers. */
const TAKEN = `SELECT runs, ${JOB_COLUMNS} FROM job WHERE seq = ?`;

const LOG = `INSERT INTO attempt (job, attempt, started_at, worker_id, host, launcher_pid,
  launcher_start) VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** Within a transaction: at most one job for each of `request.free`, highest priority first. */
export function claimJobs(
  db: Database,
  request: TickRequest,
  self: WorkerInfo,
  now: number,
  newToken: () => string,
): Claim[] {
  const wanted = request.free.length;
  if (wanted === 0) return [];
  return nextInLine(db, self.queues, wanted).map((seq, slot) => {
    const launcher = request.free[slot]!;
    const token = newToken();
    db.run(TAKE, token, self.id, now, now, seq);
    const row = db.get(TAKEN, seq)!;
    db.run(LOG, seq, row.runs!, now, self.id, self.host, launcher.pid, launcher.startTime);
    return {
      jobId: row.id as string,
      token,
      job: jobFromRow(row),
      attempt: row.runs as number,
    };
  });
}

/** The `seq` of the jobs whose turn it is. */
function nextInLine(db: Database, queues: readonly string[] | null, wanted: number): number[] {
  const waiting = db.all(QUEUES).map((row) => row.queue as string)
    .filter((queue) => queues === null || queues.includes(queue));
  const heads: Row[] = waiting.flatMap((queue) => db.all(HEADS, queue, wanted));
  if (waiting.length > 1) {
    heads.sort((a, b) =>
      (b.priority as number) - (a.priority as number) || (a.seq as number) - (b.seq as number)
    );
  }
  return heads.slice(0, wanted).map((head) => head.seq as number);
}
