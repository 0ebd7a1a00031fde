/**
 * A worker as JSON, the one shape in which commands and the API print it.
 *
 * @module
 */

import { formatTime } from "../job/time.ts";
import type { WorkerInfo } from "../store/workers.ts";
import { type Host, isAlive } from "../worker/host.ts";

/** A worker as JSON. */
export interface WorkerJson {
  id: string;
  host: string;
  pid: number;
  slots: number;
  /** How many jobs it runs. */
  busy: number;
  /** The queues it serves; null is all. */
  queues: readonly string[] | null;
  state: "running" | "draining" | "lost";
  started_at: string;
  heartbeat_at: string;
}

/**
 * Whether a worker is known to be gone: it was on this host, and its process does not run any more.
 *
 * @param host this host
 */
export function isLost(worker: WorkerInfo, host: Host): boolean {
  return worker.hostIdentity === host.identity && !isAlive(worker.process);
}

/** The worker in its printed shape. */
export function workerToJson(worker: WorkerInfo, lost: boolean): WorkerJson {
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.process.pid,
    slots: worker.slots,
    busy: worker.busy,
    queues: worker.queues,
    state: lost ? "lost" : worker.state,
    started_at: formatTime(worker.startedAt)!,
    heartbeat_at: formatTime(worker.heartbeatAt)!,
  };
}
