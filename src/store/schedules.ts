/**
 * Schedules and their firings, as the port of the store shows them. Times are milliseconds since the
 * epoch, durations are milliseconds.
 *
 * @module
 */

import type { CatchUp } from "../job/cron.ts";
import type { NewJob } from "../job/job.ts";

/** Whether a schedule fires while a job of an earlier firing has not ended. */
export const OVERLAPS = ["allow", "skip"] as const;

/** Whether a schedule fires while a job of an earlier firing has not ended. */
export type Overlap = (typeof OVERLAPS)[number];

/** A schedule to be stored. */
export interface NewSchedule {
  readonly name: string;
  /** The cron expression as it was written. */
  readonly cron: string;
  /** An IANA time zone. */
  readonly timezone: string;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** What each firing enqueues: a job spec as JSON. It may hold secrets: it is never shown as it is. */
  readonly spec: string;
  /** When it fires next; null: never again. */
  readonly nextAt: number | null;
}

/** A schedule as it is stored. */
export interface ScheduleInfo extends NewSchedule {
  readonly paused: boolean;
  readonly createdAt: number;
  /** The firing for which a job was enqueued last, and that job. */
  readonly lastAt: number | null;
  readonly lastJob: string | null;
}

/** The firings of a schedule that are due, worked out by a worker. */
export interface Firing {
  readonly schedule: string;
  /** The `nextAt` from which they were worked out: if it has moved since, nothing is done. */
  readonly expected: number;
  /** What to enqueue, oldest first; each has its `schedule` and `fireTime`. */
  readonly jobs: readonly NewJob[];
  /** When it fires next. */
  readonly nextAt: number | null;
}

/** What became of one firing. */
export interface Fired {
  readonly schedule: string;
  readonly fireTime: number;
  /** Null if it was skipped. */
  readonly jobId: string | null;
  /** Why it was skipped, in words: a job of an earlier firing has not ended, its unique key is taken. */
  readonly skipped: string | null;
}
