/**
 * A job and its attempts, as every layer above the store sees them. Times are milliseconds since the
 * epoch, durations are milliseconds.
 *
 * @module
 */

import type { OutcomeKind } from "./outcome.ts";
import type { State } from "./state.ts";

/** On which ends of a parent a job may run: an exit 0, any end, any other end. */
export const CONDITIONS = ["ok", "any", "notok"] as const;

/** On which ends of a parent a job may run. */
export type Condition = (typeof CONDITIONS)[number];

/** A job that has to end before another one may run. */
export interface Parent {
  readonly id: string;
  readonly on: Condition;
}

/** What a job keeps of its spec, resolved against the config. */
export interface JobFields {
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
  /** An attempt that runs for longer is ended, milliseconds; null: never. */
  readonly timeout: number | null;
  /** Of the jobs that are not final, at most one holds it. */
  readonly uniqueKey: string | null;
  /** The jobs that have to end first. */
  readonly after: readonly Parent[];
  /** An absolute directory, or null for the worker's own. */
  readonly cwd: string | null;
  readonly tags: readonly string[];
  /** Exit codes that send the job to the DLQ at once. */
  readonly fatalExitCodes: readonly number[];
  /** The schedule that enqueued it, and the time for which it did. */
  readonly schedule: string | null;
  readonly fireTime: number | null;
}

/** A job to be stored. */
export interface NewJob extends JobFields {
  /** It waits until somebody releases it. */
  readonly held: boolean;
  /** Not before this time. */
  readonly runAt: number | null;
  /** Not before so many milliseconds from now, by the store's clock; null where `runAt` says when. */
  readonly delay: number | null;
  /** Added to the worker's environment. The values are never shown. */
  readonly env: Readonly<Record<string, string>>;
  /** What the command finds on its standard input; null is nothing. */
  readonly stdin: string | null;
}

/** How far a running job says that it is. */
export interface Progress {
  /** 0 to 100. */
  readonly percent: number;
  readonly message: string | null;
}

/** A job as it is stored. */
export interface Job extends JobFields {
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
  /** The names of what is added to its environment. */
  readonly envNames: readonly string[];
  /** What the attempt that runs, or ran last, has said of itself. */
  readonly progress: Progress | null;
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
