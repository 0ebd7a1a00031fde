/**
 * What a worker is told at its start.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Host } from "./host.ts";

/** The most threads that a worker may be told to have. */
export const MAX_THREADS = 64;

/**
 * One thread serves so many slots. The supervisor is busy before it is: with 4 slots and `true` as jobs,
 * two threads ran no more jobs a second than one, for 10 % more CPU time a job and 12 MB. With 64 slots
 * two are slower by a tenth, but faster by a fifth where each job writes a megabyte.
 */
const SLOTS_PER_THREAD = 32;

/** What tells of attempts in traces. */
export interface Traced {
  /** Null, or absent: nobody asked for traces. */
  readonly tracing?: Tracing | null;
}

/** What a worker is to be. */
export interface WorkerOptions extends Traced {
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

/** How many executors a worker has that was not told. */
export function defaultThreads(slots: number, cores: number): number {
  return Math.min(Math.ceil(slots / SLOTS_PER_THREAD), cores);
}
