/**
 * What an import asks of the store, and what it gets. Times are milliseconds since the epoch,
 * durations are milliseconds.
 *
 * @module
 */

import type { State } from "../job/state.ts";

/** What jobs that are to be imported need to be free. */
export interface Wanted {
  readonly ids: readonly string[];
  readonly uniqueKeys: readonly string[];
  readonly firings: readonly { readonly schedule: string; readonly fireTime: number }[];
}

/** What of that is taken; each list is in the order of what was asked. */
export interface Taken {
  readonly ids: readonly boolean[];
  /** The job that holds it. */
  readonly uniqueKeys: readonly ({ readonly id: string; readonly state: State } | null)[];
  /** The job that was enqueued by it. */
  readonly firings: readonly (string | null)[];
}

/** How jobs are imported. */
export interface ImportOptions {
  /** A job whose id is taken is left out. */
  readonly skipExisting: boolean;
}

/** What an import did, counted in jobs. */
export interface Imported {
  readonly imported: number;
  /** Their ids were taken. */
  readonly skipped: number;
}
