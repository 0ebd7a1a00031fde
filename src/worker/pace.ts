/**
 * How far ahead a worker claims: only where jobs end so fast that a slot would be idle for a good part of
 * its time while it waits for ticks. Otherwise no job waits for a slot while another worker has one free.
 *
 * @module
 */

import { MAX_WAIT, PLACES } from "./line.ts";

/** What waits in a line is to begin within so many milliseconds. */
const REACH = 32;

/** One attempt in so many makes up the mean. */
const WEIGHT = 8;

/** Follows how long attempts take. */
export class Pace {
  /** A moving mean, milliseconds; a worker begins without lines. */
  #mean = MAX_WAIT;

  /** How many jobs may wait behind each slot. */
  get places(): number {
    return Math.min(PLACES, Math.floor(REACH / this.#mean));
  }

  /** An attempt has taken so many milliseconds. */
  note(duration: number): void {
    // The clock has no more than whole milliseconds, and may have been set.
    const taken = Math.max(1, duration);
    this.#mean += (taken - this.#mean) / WEIGHT;
  }
}
