/**
 * A worker's one transaction: heartbeat, settle what ended, store output, tell dependents, fire schedules,
 * promote what is due, claim for the free slots.
 *
 * @module
 */

import type { ScheduleInfo } from "../schedules.ts";
import { storeChunk } from "../sql/output.ts";
import { dueSchedules, fire, nextFiringIn } from "../sql/schedules.ts";
import { addUp } from "../sql/statistics.ts";
import { tellDependents, type Told } from "../sql/telling.ts";
import { buryWorker, greet, observePeers, otherWorkers } from "../sql/workers.ts";
import type { TickRequest, TickResult } from "../tick.ts";
import { claimJobs } from "./claim.ts";
import type { Database } from "./database.ts";
import { settleAttempts } from "./settle.ts";

/** What the store takes from outside, so that tests can hold it still. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** A name for an attempt that nobody can guess. */
  readonly newToken: () => string;
}

/** A storm of due jobs is promoted in portions, so that no tick holds the lock for long. */
const PROMOTIONS_PER_TICK = 1000;

/** So are the dependents of jobs that have ended told. */
const TOLD_PER_TICK = 1000;

/** A tick's answer, and what only the adapter needs to know. */
export interface Ticked {
  readonly result: TickResult;
  /** There is work now that was not there before, so the other workers are to be rung. */
  readonly hasMadeWork: boolean;
  /** The ids of the other workers, if there is work for them or some are gone; else none. */
  readonly others: readonly string[];
}

/** Within a transaction: the whole tick. */
export function tick(db: Database, request: TickRequest, env: Surroundings): Ticked {
  const now = env.now();
  const self = db.do(greet(request, now));
  // Before the ends: an attempt that is settled takes no output any more.
  for (const piece of request.output) db.do(storeChunk(piece));
  const ends = settleAttempts(db, request.ended, now, env.random);
  const settled = ends.filter((end) => end !== null);
  if (!request.isBrief) db.do(addUp(now));
  for (const worker of request.buried) db.do(buryWorker(worker));
  const told = tell(db, now);
  const fired = (request.firings ?? []).flatMap((firing) => db.do(fire(firing, now)));
  const dueIn = nextDueIn(db, now);
  // Most ticks find nothing, and to read is cheaper than to change no row.
  const promoted = dueIn === 0 ? promoteDue(db, now) : 0;
  const { claims, rateOpensIn } = self === null
    ? { claims: [], rateOpensIn: null }
    : claimJobs(db, request, self, now, env.newToken);
  const hasMadeWork = told.ready > 0 || fired.some(({ jobId }) => jobId !== null) ||
    settled.some(({ state }) => state === "pending");
  const firing = lookAtSchedules(db, now);
  const isBehind = promoted === PROMOTIONS_PER_TICK || !told.isDone;
  return {
    result: {
      claimed: claims,
      settled,
      stale: request.ended.filter((_, i) => ends[i] === null).map(({ token }) => token),
      cancelled: cancelledTokens(db, request.worker),
      stopRequest: self?.stopRequest ?? null,
      slotsRequest: self?.slotsRequest ?? null,
      dueSchedules: firing.due,
      fired,
      now,
      evicted: self === null,
      peers: request.isBrief ? null : db.do(observePeers(request)),
      nextDueIn: isBehind ? 0 : soonest(
        // What was claimed makes nothing due.
        promoted === 0 ? dueIn : nextDueIn(db, now),
        rateOpensIn,
        firing.nextIn,
      ),
    },
    hasMadeWork,
    others: hasMadeWork || request.buried.length > 0 ? db.do(otherWorkers(request.worker)) : [],
  };
}

/** Most ticks find nobody to be told. */
function tell(db: Database, now: number): Told {
  const isNobody = db.get("SELECT 1 FROM ended_parent LIMIT 1") === null;
  return isNobody ? { ready: 0, isDone: true } : db.do(tellDependents(now, TOLD_PER_TICK));
}

/** What is due, and milliseconds until something else is; null if nothing is. Most ticks find nothing due. */
function lookAtSchedules(
  db: Database,
  now: number,
): { readonly due: readonly ScheduleInfo[]; readonly nextIn: number | null } {
  const next = db.get(
    `SELECT next_at FROM schedule INDEXED BY schedule_due
    WHERE paused = 0 AND next_at IS NOT NULL ORDER BY next_at LIMIT 1`,
  )?.next_at ?? null;
  if (next === null) return { due: [], nextIn: null };
  if (next as number > now) return { due: [], nextIn: next as number - now };
  return { due: db.do(dueSchedules(now)), nextIn: db.do(nextFiringIn(now)) };
}

/** The planner takes the index of states for an OR, and then sorts. */
const DUE = "job INDEXED BY job_due WHERE (state = 'scheduled' OR state = 'failed')";

function promoteDue(db: Database, now: number): number {
  return db.run(
    `UPDATE job SET state = 'pending', run_at = NULL, updated_at = ? WHERE seq IN
      (SELECT seq FROM ${DUE} AND run_at <= ? ORDER BY run_at LIMIT ${PROMOTIONS_PER_TICK})`,
    now,
    now,
  );
}

function nextDueIn(db: Database, now: number): number | null {
  const row = db.get(`SELECT run_at FROM ${DUE} ORDER BY run_at LIMIT 1`);
  return row === null ? null : Math.max(0, (row.run_at as number) - now);
}

function soonest(...times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function cancelledTokens(db: Database, worker: string): string[] {
  return db.all(
    "SELECT token FROM job INDEXED BY job_to_cancel WHERE cancel_requested = 1 AND worker_id = ?",
    worker,
  ).map((row) => row.token as string);
}
