/**
 * Watching over workers while a command waits for them.
 *
 * @module
 */

import type { WorkerInfo } from "../store/workers.ts";
import { currentHost } from "../worker/host.ts";
import { isLost } from "../json/worker_json.ts";

/** Tells whether any worker is there to do something, so that nobody waits for ever. */
export class WorkerWatch {
  readonly #lease: number;
  readonly #host = currentHost();
  /** The last heartbeat of each worker, and since when it has stood still. */
  readonly #beats = new Map<string, { readonly heartbeat: number; readonly since: number }>();

  /** @param lease a heart that stands still for so many milliseconds does not beat any more */
  constructor(lease: number) {
    this.#lease = lease;
  }

  /**
   * Whether one of the workers lives, as far as this watch has seen.
   *
   * @param now milliseconds of a monotonic clock: wall clocks of two processes are never compared
   */
  anyLives(workers: readonly WorkerInfo[], now: number): boolean {
    return this.living(workers, now).length > 0;
  }

  /** Those of the workers that live, as far as this watch has seen. */
  living(workers: readonly WorkerInfo[], now: number): WorkerInfo[] {
    return workers.filter((worker) => this.#lives(worker, now));
  }

  #lives(worker: WorkerInfo, now: number): boolean {
    const { id, heartbeat } = worker;
    const last = this.#beats.get(id);
    const since = last?.heartbeat === heartbeat ? last.since : now;
    this.#beats.set(id, { heartbeat, since });
    return now - since < this.#lease && !isLost(worker, this.#host);
  }
}
