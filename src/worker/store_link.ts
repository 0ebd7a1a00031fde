/**
 * The store as a worker sees it: it may be away for a while.
 *
 * @module
 */

import { StoreError, StoreGoneError, StoreLockedError } from "../errors.ts";
import type { Events } from "../observe/events.ts";
import type { LockWatch } from "./lock_watch.ts";

/** What a link works with. */
export interface StoreLinkOptions {
  readonly events: Events;
  readonly locks: LockWatch;
  /** Milliseconds for which running jobs may go on without the store; null: for ever. */
  leftToRun(): number | null;
  /** The store will not come back. */
  gone(error: StoreGoneError): void;
}

/** Knows whether the store is away. */
export class StoreLink {
  readonly #options: StoreLinkOptions;
  #isAway = false;

  constructor(options: StoreLinkOptions) {
    this.#options = options;
  }

  /** Whether the store did not answer the last time, and nobody has said that it is back. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Null while the store is away: the worker goes on without it, and claims nothing (promise 6). */
  async ask<T>(question: () => Promise<T>): Promise<T | null> {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error instanceof StoreGoneError) this.#gone(error);
      else this.#away(error);
      return null;
    }
  }

  /** The same for a write, which a lock may keep waiting. */
  write<T>(work: () => Promise<T>): Promise<T | null> {
    return this.ask(() => this.#options.locks.during(work));
  }

  /**
   * The first write of a worker: what keeps it from the store is an error. But while a worker of this host
   * keeps the store locked, this one stays: nobody may be there but the workers that cron starts, and if
   * each of them gave up before the lease of the one that hangs is over, that would never end. They wait
   * for a lease and a few seconds at the most, `--drain` and `--singleton` too: what there is to run is
   * behind that lock. With a lease of many minutes the workers of so many minutes wait at once.
   *
   * @param isStopping whether the worker was asked to end meanwhile
   * @throws {StoreError} if the store cannot be used
   */
  async enter(work: () => Promise<void>, isStopping: () => boolean): Promise<void> {
    while (true) {
      try {
        await this.#options.locks.during(work);
        if (this.#isAway) this.back();
        return;
      } catch (error) {
        const isWaiting = error instanceof StoreLockedError && this.#options.locks.isWaiting;
        if (isWaiting && !isStopping()) this.#away(error);
        else {
          // There is nothing to take leave of.
          this.#isAway ||= error instanceof StoreError;
          throw error;
        }
      }
    }
  }

  /** The store answers again, and all is in order. */
  back(): void {
    this.#isAway = false;
    this.#options.events.emit({ type: "store_back" });
  }

  /** Running jobs are ended, and the worker says why at its end. */
  #gone(error: StoreGoneError): void {
    this.#isAway = true;
    this.#options.gone(error);
  }

  #away(error: StoreError): void {
    if (!this.#isAway) {
      const { events, leftToRun } = this.#options;
      events.emit({ type: "store_away", error: error.message, leftToRun: leftToRun() });
    }
    this.#isAway = true;
  }
}
