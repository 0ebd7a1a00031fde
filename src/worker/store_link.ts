/**
 * The store as a worker sees it: it may be away for a while.
 *
 * @module
 */

import { StoreError, StoreGoneError } from "../errors.ts";
import type { Events } from "../observe/events.ts";

/** Knows whether the store is away. */
export class StoreLink {
  readonly #events: Events;
  readonly #onGone: (error: StoreGoneError) => void;
  #isAway = false;

  /** @param onGone the store will not come back */
  constructor(events: Events, onGone: (error: StoreGoneError) => void) {
    this.#events = events;
    this.#onGone = onGone;
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
      if (error instanceof StoreGoneError) this.#onGone(error);
      if (!this.#isAway) this.#events.emit({ type: "store_away", error: error.message });
      this.#isAway = true;
      return null;
    }
  }

  /** The store answers again, and all is in order. */
  back(): void {
    this.#isAway = false;
    this.#events.emit({ type: "store_back" });
  }
}
