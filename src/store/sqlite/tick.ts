/**
 * A worker's one transaction: heartbeat, settle what ended, store output, promote what is due, claim
 * for the free slots.
 *
 * @module
 */

import type { TickRequest, TickResult } from "../store.ts";
import { claimJobs } from "./claim.ts";
import type { Database } from "./database.ts";
import { storeChunk } from "./output.ts";
import { settleAttempt } from "./settle.ts";
import { buryWorker, heartbeat, observePeers } from "./workers.ts";

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

/** Within a transaction: the whole tick. */
export function tick(db: Database, request: TickRequest, env: Surroundings): TickResult {
  const now = env.now();
  const self = heartbeat(db, request, now);
  const settled: TickResult["settled"][number][] = [];
  const stale: string[] = [];
  // Before the ends: an attempt that is settled takes no output any more.
  for (const { jobId, token, chunk } of request.output) storeChunk(db, jobId, token, chunk);
  for (const end of request.ended) {
    const result = settleAttempt(db, end, now, env.random);
    if (result) settled.push(result);
    else stale.push(end.token);
  }
  for (const worker of request.buried) buryWorker(db, worker);
  const promoted = promoteDue(db, now);
  const claimed = self === null ? [] : claimJobs(db, request, self, now, env.newToken);
  return {
    claimed,
    settled,
    stale,
    cancelled: cancelledTokens(db, request.worker),
    stopRequest: self?.stopRequest ?? null,
    evicted: self === null,
    peers: observePeers(db, request),
    nextDueIn: promoted === PROMOTIONS_PER_TICK ? 0 : nextDueIn(db, now),
  };
}

function promoteDue(db: Database, now: number): number {
  return db.run(
    `UPDATE job SET state = 'pending', run_at = NULL, updated_at = ? WHERE seq IN
      (SELECT seq FROM job WHERE run_at <= ?
       ORDER BY run_at LIMIT ${PROMOTIONS_PER_TICK})`,
    now,
    now,
  );
}

function nextDueIn(db: Database, now: number): number | null {
  const row = db.get(
    "SELECT run_at FROM job WHERE run_at IS NOT NULL ORDER BY run_at LIMIT 1",
  );
  return row === null ? null : Math.max(0, (row.run_at as number) - now);
}

function cancelledTokens(db: Database, worker: string): string[] {
  return db.all(
    `SELECT token FROM job WHERE state = 'processing' AND worker_id = ? AND cancel_requested = 1`,
    worker,
  ).map((row) => row.token as string);
}
