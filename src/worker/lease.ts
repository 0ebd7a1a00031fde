/**
 * How long a worker of a store that several machines share may run jobs without a word from that store
 * (promise 6): others take its jobs over when they have seen its heart stand still for a lease, and by then
 * nothing of them may run here.
 *
 * @module
 */

import { sinceBoot } from "./boot_clock.ts";

/** So long before its lease is over a worker ends its jobs, milliseconds, for that takes a while. */
const MARGIN = 10_000;

/** A moment, on each clock that the threads of a worker share. */
export interface LeaseEnd {
  /** By {@linkcode sinceBoot}; null where that cannot be read. */
  readonly sinceBoot: number | null;
  /** By {@linkcode ownClock}. */
  readonly own: number;
}

/** Now. */
export function leaseClock(): LeaseEnd {
  return { sinceBoot: sinceBoot(), own: ownClock() };
}

/**
 * When a lease has to be renewed, or all ends.
 *
 * @param sent when the heartbeat was sent that the store has answered: nobody can have seen it earlier
 * @param lease milliseconds; of a short one half is used
 */
export function leaseEnd(sent: LeaseEnd, lease: number): LeaseEnd {
  const used = usedOf(lease);
  return {
    sinceBoot: sent.sinceBoot === null ? null : sent.sinceBoot + used,
    own: sent.own + used,
  };
}

/** So long a worker runs jobs without a word from its store, milliseconds. */
export function usedOf(lease: number): number {
  return Math.max(lease - MARGIN, lease / 2);
}

/** Whether it is too late to begin anything, and time to end what runs. */
export function isOver(end: LeaseEnd): boolean {
  return leftUntil(end) === 0;
}

/** How long it is until then, milliseconds; 0 if it is over. */
export function leftUntil(end: LeaseEnd): number {
  const now = sinceBoot();
  const left = now === null || end.sinceBoot === null ? end.own - ownClock() : end.sinceBoot - now;
  return Math.max(0, left);
}

/** Each thread's own monotonic clock, brought to a common beginning. While the machine sleeps it may stand still. */
function ownClock(): number {
  return performance.timeOrigin + performance.now();
}
