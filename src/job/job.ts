/**
 * A job and its attempts, as every layer above the store sees them. Times are milliseconds since the
 * epoch, durations are milliseconds.
 *
 * @module
 */

import type { OutcomeKind } from "./outcome.ts";
import type { State } from "./state.ts";

/** A job to be stored: its spec, resolved against the config. */
export interface NewJob {
  readonly id: string;
  /** Shell text. */
  readonly command: string;
  readonly queue: string;
  /** −1000 to 1000, higher first. */
  readonly priority: number;
  readonly maxRetries: number;
  readonly backoffBase: number;
  readonly backoffMax: number;
  readonly backoffJitter: number;
  /** An absolute directory, or null for the worker's own. */
  readonly cwd: string | null;
  readonly tags: readonly string[];
}

/** A job as it is stored. */
export interface Job extends NewJob {
  readonly state: State;
  /** Attempts begun in this life of the job: 1 during the first. */
  readonly attempts: number;
  /** When it is due, where it is not due yet. */
  readonly runAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Of the last attempt that had one. */
  readonly exitCode: number | null;
  /** What went wrong last, in words. */
  readonly error: string | null;
  /** The worker that runs it, or ran it last. */
  readonly workerId: string | null;
  /** It runs, and somebody asked for its end. */
  readonly cancelRequested: boolean;
}

/** One run of a job's command, in the attempt log. */
export interface Attempt {
  /** Counted from 1 over the whole life of the job; never repeats. */
  readonly attempt: number;
  /** Null while it runs. */
  readonly outcome: OutcomeKind | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly workerId: string;
  readonly host: string;
  /** All that the command is known to have written, kept or not. */
  readonly outputBytes: number;
}
