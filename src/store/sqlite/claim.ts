/**
 * Gives pending jobs to the free slots of a worker, in O(q log n): q queues have pending jobs, and
 * the head of each is at the front of its part of one index.
 *
 * @module
 */

import type { QueueSettings } from "../queues.ts";
import { allowance, noteStart, SETTINGS, settingsFromRows } from "../sql/queues.ts";
import { claimedJobFromRow, envFromRow } from "../sql/rows.ts";
import { readStdin } from "../sql/stdin.ts";
import type { Row } from "../sql/work.ts";
import type { Self } from "../sql/workers.ts";
import type { Claim, TickRequest } from "../tick.ts";
import type { ProcessRef } from "../../worker/protocol.ts";
import type { Database } from "./database.ts";

/**
 * The first job of each queue: from one queue to the next in the index, one seek each, however many queues
 * there ever were.
 */
const FIRSTS = `WITH RECURSIVE head (queue, priority, seq) AS (
    SELECT queue, priority, seq FROM job WHERE seq = (SELECT seq FROM job INDEXED BY job_claim
      WHERE state = 'pending' ORDER BY queue, priority DESC, seq LIMIT 1)
    UNION ALL
    SELECT job.queue, job.priority, job.seq FROM head CROSS JOIN job
    WHERE job.seq = (SELECT seq FROM job INDEXED BY job_claim
      WHERE state = 'pending' AND queue > head.queue ORDER BY queue, priority DESC, seq LIMIT 1)
  ) SELECT queue, priority, seq FROM head`;

/** With a bare `LIMIT ?` SQLite plans anew whenever another number is bound: 30 µs a time. */
const FIRST = `FROM job WHERE state = 'pending' AND queue = ?
  ORDER BY priority DESC, seq LIMIT ? + 0`;
const HEADS = `SELECT seq, priority, queue ${FIRST}`;

/** What a claim tells of its job. */
const COLUMNS = `seq, runs, has_stdin, job.id, command, queue, attempts, max_retries, timeout, cwd,
    schedule, fire_time, env`;
/** Of one queue it is read at once, which takes 3 % off a claim and its settlement. */
const WHOLE_HEADS = `SELECT priority, ${COLUMNS} ${FIRST}`;
/** A list of `seq`. */
const JOBS = `SELECT ${COLUMNS} FROM json_each(?) CROSS JOIN job WHERE seq = value`;

/** A list of `[seq, token]`. RETURNING would cost more than to read first, since the table has triggers. */
const TAKE = `UPDATE job SET state = 'processing', attempts = attempts + 1, runs = runs + 1,
    token = value ->> 1, worker_id = ?, started_at = ?, updated_at = ?, finished_at = NULL,
    exit_code = NULL, progress = NULL, progress_message = NULL
  FROM json_each(?) WHERE seq = value ->> 0`;

/** A list of `[seq, token, attempt, launcher's pid, launcher's start, whether it is ahead]`. */
const LOG = `INSERT INTO attempt (job, attempt, started_at, worker_id, host, launcher_pid,
    launcher_start, ahead)
  SELECT value ->> 0, value ->> 2, ?, ?, ?, value ->> 3, value ->> 4, value ->> 5
  FROM json_each(?)`;

/** What a claim gives. */
export interface Claimed {
  readonly claims: Claim[];
  /** Milliseconds until a queue whose rate is used up lets the next job begin; null if none is. */
  readonly rateOpensIn: number | null;
}

/**
 * Within a transaction: at most one job for each of `request.free`, then of `request.ahead`, highest priority
 * first.
 */
export function claimJobs(
  db: Database,
  request: TickRequest,
  self: Self,
  now: number,
  newToken: () => string,
): Claimed {
  const { free, ahead = [] } = request;
  const launchers = [...free, ...ahead];
  if (launchers.length === 0) return { claims: [], rateOpensIn: null };
  const settings = settingsFromRows(db.all(SETTINGS));
  const line = nextInLine(db, self.queues, launchers.length, settings, now);
  const jobs = line.jobs.slice(0, free.length + countAhead(line.jobs.slice(free.length), settings));
  const claims = jobs.length === 0 ? [] : take(db, jobs, { launchers, free: free.length }, {
    ...{ self, now, newToken },
  });
  for (const { job } of claims) if (settings.get(job.queue)?.rate) db.do(noteStart(job.queue, now));
  if (free.length === 0) return { claims, rateOpensIn: null };
  // These may have used up a rate while slots are left.
  const isChanged = claims.some(({ job }) => settings.get(job.queue)?.rate);
  if (!isChanged || claims.length >= free.length) return { claims, rateOpensIn: line.rateOpensIn };
  return { claims, rateOpensIn: nextInLine(db, self.queues, 1, settings, now).rateOpensIn };
}

/**
 * How many of these jobs, in their order, may be claimed ahead. A job of a queue with a limit or a rate may
 * not, and none after it: else the lines would never run dry, and no slot be free for it, while there are
 * other jobs.
 */
function countAhead(jobs: readonly Head[], settings: ReadonlyMap<string, QueueSettings>): number {
  const first = jobs.findIndex(({ queue }) => {
    const own = settings.get(queue);
    return own !== undefined && (own.limit !== null || own.rate !== null);
  });
  return first < 0 ? jobs.length : first;
}

/** The first `free` jobs begin at once, and all are for these launchers; none with input waits. */
function take(
  db: Database,
  jobs: readonly Head[],
  { launchers, free }: { readonly launchers: readonly ProcessRef[]; readonly free: number },
  { self, now, newToken }: {
    readonly self: Self;
    readonly now: number;
    readonly newToken: () => string;
  },
): Claim[] {
  const all = jobs.every(isWhole) ? jobs : db.all(JOBS, JSON.stringify(jobs.map(({ seq }) => seq)));
  // Input is up to 16 MiB a job, and would wait in memory.
  const withInput = all.findIndex(({ has_stdin }, i) => i >= free && has_stdin === 1);
  const rows = withInput < 0 ? all : all.slice(0, withInput);
  if (rows.length === 0) return [];
  const claims = rows.map((row, i) => claimFromRow(db, row, newToken(), i >= free));
  const list = JSON.stringify(rows.map(({ seq }, i) => {
    const { token, attempt, isAhead } = claims[i]!;
    const { pid, startTime } = launchers[i]!;
    return [seq, token, attempt, pid, startTime, isAhead ? 1 : 0];
  }));
  db.run(TAKE, self.id, now, now, list);
  db.run(LOG, now, self.id, self.host, list);
  return claims;
}

function claimFromRow(db: Database, row: Row, token: string, isAhead: boolean): Claim {
  const job = claimedJobFromRow(row, row.attempts as number + 1);
  return {
    ...{ jobId: job.id, token, job },
    attempt: row.runs as number + 1,
    env: envFromRow(row),
    stdin: row.has_stdin === 1 ? db.do(readStdin(row.seq as number)) : null,
    isAhead,
  };
}

/** A job whose turn it is. */
interface Head {
  readonly seq: number;
  readonly priority: number;
  readonly queue: string;
}

/** Whether it came with all that a claim tells of it. */
function isWhole(job: Head): job is Head & Row {
  return "command" in job;
}

/** The jobs whose turn it is. Queues that let nothing begin are not looked into. */
function nextInLine(
  db: Database,
  queues: readonly string[] | null,
  wanted: number,
  settings: ReadonlyMap<string, QueueSettings>,
  now: number,
): { jobs: readonly Head[]; rateOpensIn: number | null } {
  const open: (Head & { readonly limit: number })[] = [];
  let rateOpensIn: number | null = null;
  for (const head of db.all(FIRSTS) as unknown as Head[]) {
    const { queue } = head;
    if (queues !== null && !queues.includes(queue)) continue;
    const own = settings.get(queue);
    const allowed = own === undefined ? null : db.do(allowance(queue, own, now));
    if (allowed?.rateOpensIn) rateOpensIn = Math.min(allowed.rateOpensIn, rateOpensIn ?? Infinity);
    const limit = Math.min(wanted, allowed?.jobs ?? wanted);
    if (limit > 0) open.push({ ...head, limit });
  }
  // A queue whose first job is not among the first has none among them.
  const best = inLine(open).slice(0, wanted);
  const heads = best.length === 1 ? WHOLE_HEADS : HEADS;
  const jobs = best.flatMap(({ queue, limit }) => db.all(heads, queue, limit) as unknown as Head[]);
  return { jobs: inLine(jobs).slice(0, wanted), rateOpensIn };
}

/** Highest priority first, then in order of arrival. */
function inLine<T extends Head>(jobs: readonly T[]): readonly T[] {
  return jobs.length < 2 ? jobs : jobs.toSorted((a, b) => b.priority - a.priority || a.seq - b.seq);
}
