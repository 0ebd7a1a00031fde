/**
 * A worker's side of its lease: each heartbeat that the store answers puts off the moment in which the worker
 * has to end what it runs.
 *
 * @module
 */

import { leaseClock, type LeaseEnd, leaseEnd, leftUntil } from "./lease.ts";

/** What a holder works with. */
export interface LeaseHolderOptions {
  /** Whether another machine may take over what runs here; else there is no such moment. */
  readonly isShared: boolean;
  /** Milliseconds without a heartbeat after which a worker is lost. */
  readonly lease: number;
  /** Tells the executors, which see to the end by themselves. */
  readonly renew: (end: LeaseEnd) => void;
  /** The lease was not renewed in time. Once for each. */
  readonly over: () => void;
}

/** Knows how long jobs may run. */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  #end: LeaseEnd | null = null;
  #isOver = false;

  constructor(options: LeaseHolderOptions) {
    this.#options = options;
  }

  /** Milliseconds for which running jobs may go on without the store; null: for ever, or none has begun. */
  get leftToRun(): number | null {
    return this.#end && leftUntil(this.#end);
  }

  /** A heartbeat is about to be sent: until when jobs may run once it is answered; null: for ever. */
  next(): LeaseEnd | null {
    const { isShared, lease } = this.#options;
    return isShared ? leaseEnd(leaseClock(), lease) : null;
  }

  /** A heartbeat was answered, before which this was {@linkcode LeaseHolder.next}; an earlier one may come later. */
  renew(end: LeaseEnd | null): void {
    if (end === null || (this.#end !== null && end.own <= this.#end.own)) return;
    this.#end = end;
    this.#isOver = false;
    this.#options.renew(end);
  }

  /** An executor ends what it runs, for the lease is over. */
  heardOver(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.over();
  }
}
