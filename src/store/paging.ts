/**
 * Pages of a list of jobs, and what is done to all jobs that a filter finds.
 *
 * @module
 */

import type { Job } from "../job/job.ts";
import type { State } from "../job/state.ts";

/**
 * The orders in which jobs can be paged through without sorting them first:
 *
 * - `newest` and `oldest`: by arrival.
 * - `finished`: the last to end first; only jobs in final states.
 * - `priority`: as they will be claimed, queue for queue the highest priority first; only pending jobs.
 */
export const JOB_SORTS = ["newest", "oldest", "finished", "priority"] as const;

/** The order of a list. */
export type JobSort = (typeof JOB_SORTS)[number];

/** Which jobs are meant: those to which all of this applies. */
export interface PageFilter {
  /** Any of these; all if absent. */
  readonly states?: readonly State[];
  readonly queue?: string;
  readonly tag?: string;
  /** Only those whose id begins with this. */
  readonly idPrefix?: string;
  /**
   * Only those whose id, command, tags or error contain this, of at most 1,000 characters; the case of ASCII letters
   * does not matter.
   */
  readonly text?: string;
  /** Only those with exactly this error. */
  readonly error?: string;
}

/** Which part of a list a page shows. */
export interface PagePosition {
  /** At most so many jobs, one or more. */
  readonly limit: number;
  /** The `next` of the page before; absent or null: the first page. */
  readonly cursor?: string | null;
  /** `newest` if absent; a cursor has to be of the same order. */
  readonly sort?: JobSort;
}

/** A part of a list. */
export interface JobPage {
  readonly jobs: readonly Job[];
  /** Where the next page begins; null: there is none. Opaque. */
  readonly next: string | null;
  /**
   * Where the search stopped before the page was full, for it had looked at many jobs: the time of the last one
   * that was looked at (its arrival, or with `finished` its end). Null where the page is full or the list is done.
   */
  readonly searchedTo: number | null;
  /** How many jobs the filter finds in all, where counters know it; else null. */
  readonly total: number | null;
}

/** What can be done to many jobs at once. */
export const BULK_ACTIONS = ["retry", "cancel", "release", "delete"] as const;

/** What is done to each of many jobs. */
export type BulkAction = (typeof BULK_ACTIONS)[number];

/** How far work on all jobs of a filter has come. */
export interface BulkPortion {
  /** So many jobs of this portion were acted on. */
  readonly acted: number;
  /** So many could not be: their state, a unique key or others that wait for them did not allow it. */
  readonly refused: number;
  /** Where the next portion begins; null: all are done. Opaque. */
  readonly next: string | null;
}
