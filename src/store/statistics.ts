/**
 * What became of attempts, counted: by the minute for a day, by the quarter of an hour for eight days, and in
 * total since the store was made. Neither an export nor an import carries it. Times are milliseconds since the
 * epoch, durations are milliseconds.
 *
 * @module
 */

import type { Job } from "../job/job.ts";
import type { OutcomeKind } from "../job/outcome.ts";

/** Attempts that ended alike. */
export interface EndedAttempts {
  readonly outcome: OutcomeKind;
  readonly count: number;
  /** How long they took, all together. */
  readonly totalDuration: number;
  /** How many of them took how long, by the buckets of `src/observe/durations.ts`. */
  readonly durations: ReadonlyMap<number, number>;
}

/** Attempts that ended alike in one step of time. */
export interface StatisticsPoint extends EndedAttempts {
  /** When the step began: a multiple of its length. */
  readonly at: number;
}

/** What ended in a span of time. */
export interface Statistics {
  /** How long each step is: a minute, or a quarter of an hour where the span is long. */
  readonly step: number;
  /** The steps begin here: what was asked for, rounded down to a step. */
  readonly since: number;
  /** They end here: what was asked for, rounded up. */
  readonly until: number;
  /** In order of time; none for what did not happen. */
  readonly points: readonly StatisticsPoint[];
}

/** All attempts of a queue that ended alike since the store was made: none of it ever goes down. */
export interface Totals extends EndedAttempts {
  readonly queue: string;
}

/** The outcomes that are failures: an attempt that was handed back or cancelled is none. */
export const FAILURES: readonly OutcomeKind[] = ["failed", "not_started", "timed_out", "lost"];

/** Dead jobs with the same error. */
export interface ErrorGroup {
  readonly error: string | null;
  readonly count: number;
  /** The id of the job that died last, and when. */
  readonly newest: Job["id"];
  readonly newestAt: number;
}

/** A job that runs. */
export interface RunningJob
  extends Pick<Job, "id" | "queue" | "command" | "progress" | "cancelRequested"> {
  readonly workerId: string;
  /** Its number in the attempt log. */
  readonly attempt: number;
  readonly startedAt: number;
  /** It was claimed ahead, so it may not have begun. */
  readonly isAhead: boolean;
}
