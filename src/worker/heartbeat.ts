/**
 * When a worker's heart beats: not at every tick, but often enough that nobody takes it for lost.
 *
 * @module
 */

/**
 * The longest time between two ticks, milliseconds. One that comes within half of it after a heartbeat is
 * none, so two of them are at most 1200 apart: a quarter of the shortest lease that can be set. A worker is
 * judged by the lease of whoever looks, which may be another than its own.
 */
export const HEARTBEAT_INTERVAL = 800;

/** A heart that stands still for longer than this, milliseconds, is late. */
export const STANDSTILL = 1500;

/** Knows what the heart has said last, and when, by the monotonic clock. */
export class Heartbeat {
  readonly #pollInterval: number;
  #beatAt = -Infinity;
  #saidStopping = false;

  /** @param pollInterval milliseconds between two looks at the store, as it was set */
  constructor(pollInterval: number) {
    this.#pollInterval = pollInterval;
  }

  /** The longest time between two ticks of this worker, milliseconds. */
  get tickInterval(): number {
    return Math.min(this.#pollInterval, HEARTBEAT_INTERVAL);
  }

  /** The longest time between two heartbeats of this worker, milliseconds. */
  get interval(): number {
    return HEARTBEAT_INTERVAL / 2 + this.tickInterval;
  }

  /** Whether a heartbeat at this time would come too soon, and say nothing new. */
  isTooSoon(now: number, isStopping: boolean): boolean {
    return now - this.#beatAt < HEARTBEAT_INTERVAL / 2 && isStopping === this.#saidStopping;
  }

  /** The store has heard one that began at this time, and whether the worker is ending. */
  heard(begun: number, isStopping: boolean): void {
    this.#beatAt = begun;
    this.#saidStopping = isStopping;
  }

  /** The next tick is to be a heartbeat, for the worker goes by another name. */
  forget(): void {
    this.#beatAt = -Infinity;
  }

  /** How long the store has not heard the heart, milliseconds; 0 if the worker has joined a moment ago. */
  silentFor(now: number): number {
    return this.#beatAt === -Infinity ? 0 : now - this.#beatAt;
  }
}
