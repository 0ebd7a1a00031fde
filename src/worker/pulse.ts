/**
 * Signs of life of a worker whose tick takes long: somebody keeps the server's tables for himself, or the tick's
 * connection is dead. Others could not tell that from a worker that hangs, and the worker itself would have to end
 * what it runs.
 *
 * @module
 */

import type { Store } from "../store/store.ts";
import type { LeaseHolder } from "./lease_holder.ts";

/** Milliseconds between two of them; most ticks take a few. */
const INTERVAL = 1000;

/** What a pulse works with. */
export interface PulseOptions {
  readonly store: Pick<Store, "beat" | "isShared">;
  readonly lease: Pick<LeaseHolder, "next" | "renew">;
  /** The id of the worker. */
  readonly self: () => string;
  /** Others have given this worker up. */
  readonly evicted: () => void;
  /** For tests: milliseconds between two signs of life. */
  readonly interval?: number;
}

/** Lets the heart beat while a tick is under way. */
export class Pulse {
  readonly #options: PulseOptions;
  #isBeating = false;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** Does the work; only where another machine may take over there is more to it. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const { store, interval = INTERVAL } = this.#options;
    if (!store.isShared) return await work();
    const timer = setInterval(() => this.#beat(), interval);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  /** One at a time: the server may not answer this either. */
  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    const { store, lease, self, evicted } = this.#options;
    const id = self();
    const end = lease.next();
    try {
      const isKnown = await store.beat(id);
      // By now it may go by another id.
      if (id !== self()) return;
      if (isKnown) lease.renew(end);
      else evicted();
    } catch {
      // Whatever is wrong, the tick says it as well.
    } finally {
      this.#isBeating = false;
    }
  }
}
