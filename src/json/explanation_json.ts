/**
 * Why a job is not running as JSON, as `explain --json` and the API print it.
 *
 * @module
 */

import { type Cause, explain, type Facts, type Reason } from "../explanation.ts";
import type { Condition, Progress } from "../job/job.ts";
import { formatRate } from "../job/rate.ts";
import type { State } from "../job/state.ts";
import { formatTime } from "../job/time.ts";
import type { Standing } from "../store/store.ts";
import type { Host } from "../worker/host.ts";
import { isLost, type WorkerJson, workerToJson } from "./worker_json.ts";

/** The answer, and what it was worked out from. */
export interface ExplanationJson {
  id: string;
  state: State;
  /** A word for scripts. */
  reason: Reason;
  text: string;
  hint: string | null;
  also: readonly Cause[];
  attempts: number;
  max_retries: number;
  run_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  error: string | null;
  worker_id: string | null;
  progress: Progress | null;
  parents: readonly { id: string; on: Condition; state: State }[];
  queue: {
    name: string;
    paused: boolean;
    limit: number | null;
    rate: string | null;
    /** Seconds. */
    rate_opens_in: number;
    processing: number;
    ahead: number;
  };
  workers: readonly WorkerJson[];
  running: readonly {
    id: string;
    queue: string;
    worker_id: string | null;
    started_at: string | null;
  }[];
}

/**
 * What an explanation is made of.
 *
 * @param lease a worker whose heartbeat stands still for so many milliseconds is lost
 * @param host this host
 */
export function factsOf(
  standing: Standing,
  { lease, host, now }: { readonly lease: number; readonly host: Host; readonly now: number },
): Facts {
  const living = standing.workers.filter((worker) =>
    !isLost(worker, host) && worker.unmovedFor < lease
  );
  return { ...standing, living: new Set(living.map(({ id }) => id)), now };
}

/** The explanation in its printed shape. */
export function explanationToJson(facts: Facts): ExplanationJson {
  const { reason, text, hint, also } = explain(facts);
  const { job, parents, queue, rateOpensIn, ahead, workers, living, running } = facts;
  const { limit, rate } = queue;
  return {
    id: job.id,
    state: job.state,
    reason,
    text,
    hint,
    also,
    attempts: job.attempts,
    max_retries: job.maxRetries,
    run_at: formatTime(job.runAt),
    started_at: formatTime(job.startedAt),
    finished_at: formatTime(job.finishedAt),
    error: job.error,
    worker_id: job.workerId,
    progress: job.progress,
    parents,
    queue: {
      name: queue.queue,
      paused: queue.paused,
      limit,
      rate: rate === null ? null : formatRate(rate),
      rate_opens_in: rateOpensIn / 1000,
      processing: queue.counts.processing,
      ahead,
    },
    workers: workers.map((worker) => workerToJson(worker, !living.has(worker.id))),
    running: running.map(({ id, queue, workerId, startedAt }) => ({
      id,
      queue,
      worker_id: workerId,
      started_at: formatTime(startedAt),
    })),
  };
}
