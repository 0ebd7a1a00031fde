/**
 * Queues, as the port of the store shows them. Times are milliseconds since the epoch,
 * durations are milliseconds.
 *
 * @module
 */

import type { Rate } from "../job/rate.ts";
import type { State } from "../job/state.ts";

/** How a queue is to be worked on. */
export interface QueueSettings {
  /** No job of it is claimed. */
  readonly paused: boolean;
  /** At most so many of its jobs run at once, over all workers; null: no limit. */
  readonly limit: number | null;
  /** So many attempts begin at the most in any window of so long; null: no limit. */
  readonly rate: Rate | null;
}

/** A queue: its settings, and its jobs counted by state. */
export interface QueueInfo extends QueueSettings {
  readonly queue: string;
  readonly counts: Readonly<Record<State, number>>;
}
