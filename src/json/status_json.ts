/**
 * What is there and what goes on as JSON, as `status --json` and the API print it.
 *
 * @module
 */

import type { StoreStatus } from "../store/store.ts";
import type { Host } from "../worker/host.ts";
import { type Counts, type QueueJson, queueToJson, sumCounts } from "./queue_json.ts";
import { isLost, type WorkerJson, workerToJson } from "./worker_json.ts";

/** The overview as JSON. */
export interface StatusJson {
  /** Where the store is. */
  store: string;
  jobs: Counts;
  queues: readonly QueueJson[];
  /** Those that live first. */
  workers: readonly WorkerJson[];
  /** Null if no job is pending. */
  oldest_pending_seconds: number | null;
}

/** What an overview is made of. */
export interface StatusFacts extends StoreStatus {
  /** Where the store is. */
  readonly location: string;
  /** This host. */
  readonly host: Host;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The overview in its printed shape. */
export function statusToJson(
  { location, queues, workers, oldestPendingAt, host, now }: StatusFacts,
): StatusJson {
  const lost = workers.filter((worker) => isLost(worker, host));
  const live = workers.filter((worker) => !lost.includes(worker));
  return {
    store: location,
    jobs: sumCounts(queues),
    queues: queues.map(queueToJson),
    workers: [
      ...live.map((worker) => workerToJson(worker, false)),
      ...lost.map((worker) => workerToJson(worker, true)),
    ],
    oldest_pending_seconds: oldestPendingAt === null
      ? null
      : Math.max(0, now - oldestPendingAt) / 1000,
  };
}
