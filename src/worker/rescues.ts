/**
 * The rescues that are under way: each lost worker once, beside the ticks.
 *
 * @module
 */

import type { AttemptEnd, RunningAttempt, Store, WorkerInfo } from "../store/store.ts";
import type { LossReason } from "./peer_watch.ts";
import { forgetRescued, rescue, type RescueOptions, salvageOrphans } from "./rescue.ts";

/** A lost worker that is cleaned up. */
export interface Rescued {
  readonly worker: string;
  readonly ends: readonly AttemptEnd[];
}

/** Rescues lost workers. */
export class Rescues {
  readonly #store: Store;
  readonly #options: RescueOptions;
  readonly #underWay = new Map<string, Promise<void>>();
  /** By token: their files go once their end is stored. */
  readonly #attempts = new Map<string, RunningAttempt>();

  constructor(store: Store, options: RescueOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Begins a rescue, unless it is under way; whether it was begun now. */
  begin(
    peer: WorkerInfo,
    reason: LossReason,
    done: (result: Rescued | Error) => void,
  ): boolean {
    if (this.#underWay.has(peer.id)) return false;
    this.#underWay.set(peer.id, this.#rescue(peer, reason).then(done, done));
    return true;
  }

  /** The rescue of this worker has been stored, or has to be tried again. */
  end(worker: string): void {
    this.#underWay.delete(worker);
  }

  /** The end of an attempt has been stored: if it was rescued, its files go. */
  settled(token: string): void {
    const attempt = this.#attempts.get(token);
    if (!attempt) return;
    this.#attempts.delete(token);
    forgetRescued(attempt, this.#options.spool);
  }

  /**
   * Ends and salvages attempts of this worker whose executor has failed.
   *
   * @throws {Error} if their processes do not end
   */
  async salvage(orphans: readonly RunningAttempt[]): Promise<AttemptEnd[]> {
    const ends = await salvageOrphans(orphans, this.#options);
    for (const orphan of orphans) this.#attempts.set(orphan.token, orphan);
    return ends;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #rescue(peer: WorkerInfo, reason: LossReason): Promise<Rescued> {
    const attempts = await this.#store.attemptsOf(peer.id);
    const ends = await rescue(peer, reason, attempts, this.#options);
    for (const attempt of attempts) this.#attempts.set(attempt.token, attempt);
    return { worker: peer.id, ends };
  }
}
