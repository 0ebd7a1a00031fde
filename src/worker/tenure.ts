/**
 * A worker's hold on what it runs, where another machine may take that over (promise 6): the lease that each
 * heartbeat renews, the heartbeats beside ticks that take long, and the guard in case that the worker dies. Where
 * no other machine shares the store there is nothing to it.
 *
 * @module
 */

import type { Events } from "../observe/events.ts";
import type { Store } from "../store/store.ts";
import { Guard } from "./guard.ts";
import type { LeaseEnd } from "./lease.ts";
import { LeaseHolder } from "./lease_holder.ts";
import { Pulse } from "./pulse.ts";
import type { Runner } from "./runner.ts";

/** What a tenure works with. */
export interface TenureOptions {
  readonly store: Pick<Store, "beat" | "isShared">;
  readonly events: Events;
  /** Milliseconds without a heartbeat after which a worker is lost. */
  readonly lease: number;
  /** The id of the worker. */
  readonly self: () => string;
  readonly runner: Pick<Runner, "renew" | "kill" | "running" | "launchers">;
}

/** Knows for how long jobs may run, and sees to their end. */
export class Tenure implements AsyncDisposable {
  readonly #options: TenureOptions;
  readonly #holder: LeaseHolder;
  readonly #pulse: Pulse;
  #guard: Guard | null = null;

  constructor(options: TenureOptions) {
    const { store, events, lease, self, runner } = options;
    this.#options = options;
    this.#holder = new LeaseHolder({
      ...{ isShared: store.isShared, lease },
      renew: (end) => {
        runner.renew(end);
        this.#guard?.renew(end);
      },
      over: () => events.emit({ type: "lease_over", worker: self(), running: runner.running }),
    });
    this.#pulse = new Pulse({ store, lease: this.#holder, self, evicted: () => runner.kill() });
  }

  /** Before the first job. */
  begin(): void {
    if (this.#options.store.isShared) this.#guard = Guard.start();
  }

  /** Milliseconds for which running jobs may go on without the store; null: for ever, or none has begun. */
  get leftToRun(): number | null {
    return this.#holder.leftToRun;
  }

  /** Does a tick, with signs of life meanwhile. */
  during<T>(tick: () => Promise<T>): Promise<T> {
    return this.#pulse.during(tick);
  }

  /** As {@linkcode LeaseHolder.next}. */
  next(): LeaseEnd | null {
    return this.#holder.next();
  }

  /** As {@linkcode LeaseHolder.renew}. */
  renew(end: LeaseEnd | null): void {
    this.#holder.renew(end);
  }

  /** Jobs are about to begin. */
  watch(): void {
    this.#guard?.watch(this.#options.runner.launchers());
  }

  /** As {@linkcode LeaseHolder.heardOver}. */
  heardOver(): void {
    this.#holder.heardOver();
  }

  /** Nothing runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guard?.[Symbol.asyncDispose]();
  }
}
