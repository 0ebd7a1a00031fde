/**
 * The rescues that are under way: each lost worker once, beside the ticks.
 *
 * @module
 */

import type { Events } from "../observe/events.ts";
import type { Store } from "../store/store.ts";
import type { AttemptEnd, RunningAttempt } from "../store/tick.ts";
import type { WorkerInfo } from "../store/workers.ts";
import type { Traced } from "./worker_options.ts";
import type { LossReason } from "./peer_watch.ts";
import { forgetRescued, rescue, type RescueOptions, salvageOrphans } from "./rescue.ts";
import { sleep } from "./sleep.ts";

/** A rescue that failed is tried again after so long, then twice that, up to the second; milliseconds. */
const RETRY_DELAY = 1000;
const MAX_RETRY_DELAY = 30_000;

/** What rescues bring to the next tick. */
export interface Rescued {
  /** Ends of attempts of lost workers. */
  readonly ended: readonly AttemptEnd[];
  /** Lost workers behind which everything is cleaned up. */
  readonly buried: readonly string[];
}

/** Rescues what lost workers, and failed executors of this one, have left. */
export class Rescues {
  readonly #store: Store;
  readonly #events: Events;
  readonly #options: RescueOptions & Traced;
  readonly #wake: () => void;
  /** Ids of workers, from the moment in which they were found lost until they are buried. */
  readonly #lost = new Set<string>();
  /** By token: their files go once their end is stored. */
  readonly #attempts = new Map<string, RunningAttempt>();
  #ended: AttemptEnd[] = [];
  #buried: string[] = [];
  /** How many are tried for the first time. */
  #trying = 0;

  constructor(store: Store, events: Events, options: RescueOptions & Traced, wake: () => void) {
    this.#store = store;
    this.#events = events;
    this.#options = options;
    this.#wake = wake;
  }

  /**
   * Whether nothing waits for a tick, nor is about to: a worker does not end in the middle of a rescue. One
   * that has failed once is left to the next worker.
   */
  get isDone(): boolean {
    return this.#trying === 0 && this.#ended.length === 0 && this.#buried.length === 0;
  }

  /** Begins the rescue of a lost worker, unless it was begun. */
  begin(peer: WorkerInfo, reason: LossReason): void {
    if (this.#lost.has(peer.id)) return;
    this.#lost.add(peer.id);
    this.#events.emit({ type: "worker_lost", worker: peer, reason });
    this.#run(peer.id, async () => {
      const attempts = await this.#store.attemptsOf(peer.id);
      this.#keep(peer.id, attempts, await rescue(peer, reason, attempts, this.#options));
      this.#buried.push(peer.id);
    });
  }

  /** Ends and salvages attempts of this worker whose executor has failed. */
  adopt(self: string, orphans: readonly RunningAttempt[]): void {
    this.#run(self, async () => {
      this.#keep(self, orphans, await salvageOrphans(orphans, this.#options));
    });
  }

  /** Takes what the next tick brings to the store. */
  take(): Rescued {
    const rescued = { ended: this.#ended, buried: this.#buried };
    this.#ended = [];
    this.#buried = [];
    return rescued;
  }

  /** The store was away: what was taken waits again. */
  putBack({ ended, buried }: Rescued): void {
    this.#ended = [...ended, ...this.#ended];
    this.#buried = [...buried, ...this.#buried];
  }

  /**
   * What was taken is stored. A worker that could not be buried is lost anew at the next look.
   *
   * @param stale tokens for which nothing was changed: their files belong to whoever did, or to a worker
   * that is back
   */
  stored({ ended, buried }: Rescued, stale: readonly string[]): void {
    for (const { token } of ended) {
      const attempt = this.#attempts.get(token);
      if (attempt && !stale.includes(token)) forgetRescued(attempt, this.#options.spool);
      this.#attempts.delete(token);
    }
    for (const worker of buried) this.#lost.delete(worker);
  }

  #keep(
    worker: string,
    attempts: readonly RunningAttempt[],
    ends: readonly AttemptEnd[],
  ): void {
    this.#options.tracing?.rescued(worker, attempts, ends);
    for (const attempt of attempts) this.#attempts.set(attempt.token, attempt);
    this.#ended.push(...ends);
  }

  /** Tries until it succeeds: what is left of a lost worker keeps its jobs from running again. */
  async #run(worker: string, work: () => Promise<void>): Promise<void> {
    this.#trying++;
    for (let delay = RETRY_DELAY;; delay = Math.min(delay * 2, MAX_RETRY_DELAY)) {
      const error = await failureOf(work);
      if (delay === RETRY_DELAY) this.#trying--;
      if (error === null) break;
      this.#events.emit({ type: "rescue_failed", worker, error });
      await sleep(delay);
    }
    this.#wake();
  }
}

/** Why it failed; null if it did not. */
async function failureOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
