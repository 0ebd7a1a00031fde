/**
 * Gives pending jobs to the free slots of a worker, in O(q log n): q queues have pending jobs, and
 * the head of each is at the front of its part of one index.
 *
 * @module
 */

import type { QueueSettings } from "../queues.ts";
import type { Claim, TickRequest } from "../tick.ts";
import type { WorkerInfo } from "../workers.ts";
import type { Database, Row } from "./database.ts";
import { allowance, noteStart, queueSettings } from "./queues.ts";
import { envFromRow, JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { readStdin } from "./stdin.ts";

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
    exit_code = NULL, progress = NULL, progress_message = NULL
  WHERE seq = ?`;

/** RETURNING would cost twice as much: 6 µs a job, since the table has triggers. */
const TAKEN = `SELECT runs, has_stdin, ${JOB_COLUMNS} FROM job WHERE seq = ?`;

const LOG = `INSERT INTO attempt (job, attempt, started_at, worker_id, host, launcher_pid,
  launcher_start) VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** What a claim gives. */
export interface Claimed {
  readonly claims: Claim[];
  /** Milliseconds until a queue whose rate is used up lets the next job begin; null if none is. */
  readonly rateOpensIn: number | null;
}

/** Within a transaction: at most one job for each of `request.free`, highest priority first. */
export function claimJobs(
  db: Database,
  request: TickRequest,
  self: WorkerInfo,
  now: number,
  newToken: () => string,
): Claimed {
  const wanted = request.free.length;
  if (wanted === 0) return { claims: [], rateOpensIn: null };
  const settings = queueSettings(db);
  const { jobs, rateOpensIn } = nextInLine(db, self.queues, wanted, settings, now);
  const claims = jobs.map((seq, slot) => {
    const launcher = request.free[slot]!;
    const token = newToken();
    db.run(TAKE, token, self.id, now, now, seq);
    const row = db.get(TAKEN, seq)!;
    db.run(LOG, seq, row.runs!, now, self.id, self.host, launcher.pid, launcher.startTime);
    const job = jobFromRow(row);
    if (settings.get(job.queue)?.rate) noteStart(db, job.queue, now);
    return {
      jobId: job.id,
      token,
      job,
      attempt: row.runs as number,
      env: envFromRow(row),
      stdin: row.has_stdin === 1 ? readStdin(db, seq) : null,
    };
  });
  // These may have used up a rate while slots are left.
  const isChanged = claims.some(({ job }) => settings.get(job.queue)?.rate);
  if (!isChanged || claims.length === wanted) return { claims, rateOpensIn };
  return { claims, rateOpensIn: nextInLine(db, self.queues, 1, settings, now).rateOpensIn };
}

/** The `seq` of the jobs whose turn it is. Queues that let nothing begin are not looked into. */
function nextInLine(
  db: Database,
  queues: readonly string[] | null,
  wanted: number,
  settings: ReadonlyMap<string, QueueSettings>,
  now: number,
): { jobs: number[]; rateOpensIn: number | null } {
  const heads: Row[] = [];
  let rateOpensIn: number | null = null;
  let found = 0;
  for (const { queue } of db.all(QUEUES) as { queue: string }[]) {
    if (queues !== null && !queues.includes(queue)) continue;
    const own = settings.get(queue);
    const allowed = own === undefined ? null : allowance(db, queue, own, now);
    if (allowed?.rateOpensIn) rateOpensIn = Math.min(allowed.rateOpensIn, rateOpensIn ?? Infinity);
    const limit = Math.min(wanted, allowed?.jobs ?? wanted);
    if (limit === 0) continue;
    heads.push(...db.all(HEADS, queue, limit));
    found++;
  }
  if (found > 1) {
    heads.sort((a, b) =>
      (b.priority as number) - (a.priority as number) || (a.seq as number) - (b.seq as number)
    );
  }
  return { jobs: heads.slice(0, wanted).map((head) => head.seq as number), rateOpensIn };
}
