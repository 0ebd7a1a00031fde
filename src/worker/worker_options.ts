/**
 * What a worker is told at its start.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { Host } from "./host.ts";

/** What a worker is to be. */
export interface WorkerOptions {
  /** What the worker's id begins with. */
  readonly name: string | null;
  readonly host: Host;
  /** At the start; somebody may ask for another number later. */
  readonly slots: number;
  /** At most so many executors, and no more than slots. */
  readonly threads: number;
  /** The queues to serve; null is all. */
  readonly queues: readonly string[] | null;
  /** End once no job is left that runs, waits or is due within so many milliseconds; null: stay. */
  readonly drainWait: number | null;
  /** End at once if another worker of this host serves the same queues. */
  readonly singleton: boolean;
  /** The job in which this worker itself runs: a drain does not wait for it. */
  readonly insideJob: string | null;
  /** Milliseconds after which a shutdown ends the running jobs; null: never. */
  readonly shutdownGrace: number | null;
  readonly config: Config;
}
