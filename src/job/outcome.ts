/**
 * How an attempt ended, and what that makes of its job: one union and one pure function.
 *
 * @module
 */

import { type Backoff, backoffDelay } from "./backoff.ts";
import { formatDuration } from "./duration.ts";
import type { JobEvent } from "./state.ts";

/** How an attempt ended. */
export type Outcome =
  | { readonly kind: "completed" }
  /** Another exit code than 0; 128 + n if signal n ended the command. */
  | { readonly kind: "failed"; readonly exitCode: number }
  /** The command could not be started at all; the sentence says why. */
  | { readonly kind: "not_started"; readonly error: string }
  /** The worker ended the command because it ran for longer than `timeout`, milliseconds. */
  | { readonly kind: "timed_out"; readonly timeout: number; readonly exitCode: number | null }
  /** The worker, or the launcher, died in the middle: nobody knows how far the command came. */
  | { readonly kind: "lost"; readonly error: string }
  /** The worker ended the command because the job was cancelled, whatever code that left. */
  | { readonly kind: "cancelled"; readonly exitCode: number | null }
  /** The worker ended the command to shut down; the attempt does not count. */
  | { readonly kind: "handed_back" }
  /** The worker gave the job back before its command began: there was no attempt. */
  | { readonly kind: "unclaimed" };

/** The word for an outcome in the attempt log. */
export type OutcomeKind = Exclude<Outcome["kind"], "unclaimed">;

/** The part of a job that decides what follows an attempt. */
export interface AttemptedJob extends Backoff {
  /** Attempts begun in this life of the job, this one included. */
  readonly attempts: number;
  readonly maxRetries: number;
  /** Exit codes after which another attempt is of no use. */
  readonly fatalExitCodes: readonly number[];
  /** Somebody asked for its end while it ran. */
  readonly cancelRequested: boolean;
}

/** What an attempt's end makes of its job. */
export interface Settlement {
  readonly event: JobEvent;
  /** The word for the attempt log; null if there was no attempt. */
  readonly outcome: OutcomeKind | null;
  readonly exitCode: number | null;
  /** What went wrong, in words; null after a success. */
  readonly error: string | null;
  /** Milliseconds until the next attempt is due; null unless the event is `fail`. */
  readonly delay: number | null;
  /** Whether the attempt counts against `maxRetries`. */
  readonly counts: boolean;
}

/**
 * What an attempt's end makes of its job (DESIGN section 2). An exit 0 that came before the cancel
 * wins; after a cancel request every other end is the cancel's.
 *
 * @param random uniform in [0, 1), for the jitter
 */
export function settle(job: AttemptedJob, outcome: Outcome, random: number): Settlement {
  const exitCode = exitCodeOf(outcome);
  if (outcome.kind === "unclaimed") {
    const none = { outcome: null, exitCode, delay: null, counts: false };
    return job.cancelRequested
      ? { ...none, event: "end_cancelled", error: "cancelled" }
      : { ...none, event: "hand_back", error: null };
  }
  const base = { outcome: outcome.kind, exitCode, delay: null, counts: true } as const;
  if (outcome.kind === "completed") return { ...base, event: "complete", error: null };
  if (job.cancelRequested || outcome.kind === "cancelled") {
    return { ...base, event: "end_cancelled", outcome: "cancelled", error: "cancelled" };
  }
  if (outcome.kind === "handed_back") {
    return { ...base, event: "hand_back", error: null, counts: false };
  }
  const isFatal = outcome.kind === "failed" && job.fatalExitCodes.includes(outcome.exitCode);
  const error = errorText(describeOutcome(outcome) + (isFatal ? ", which is fatal" : ""));
  if (isFatal || job.attempts > job.maxRetries) return { ...base, event: "give_up", error };
  return { ...base, event: "fail", error, delay: backoffDelay(job, job.attempts, random) };
}

/** The outcome that an exit code means. */
export function outcomeOfExit(code: number): Outcome {
  return code === 0 ? { kind: "completed" } : { kind: "failed", exitCode: code };
}

/** Characters; each takes at most 3 bytes in UTF-8, and an index of PostgreSQL takes 2,704 of them. */
const LONGEST_ERROR = 800;

/** An error as it is kept. The path of a directory that is not there may have any length. */
export function errorText(text: string): string {
  return text.length <= LONGEST_ERROR
    ? text
    : `${text.slice(0, LONGEST_ERROR - 1).toWellFormed()}…`;
}

/** A failed outcome in words, as `error` shows it. */
function describeOutcome(
  outcome: Exclude<Outcome, { kind: "completed" | "cancelled" | "handed_back" | "unclaimed" }>,
): string {
  if (outcome.kind === "failed") return describeExit(outcome.exitCode);
  if (outcome.kind === "timed_out") return `timed out after ${formatDuration(outcome.timeout)}`;
  return outcome.error;
}

function exitCodeOf(outcome: Outcome): number | null {
  if (outcome.kind === "completed") return 0;
  return "exitCode" in outcome ? outcome.exitCode : null;
}

/** The signals that end commands in practice, by number: POSIX, as Linux counts them. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
};

/** An exit code in words: `exit code 137 (SIGKILL)`; the codes of POSIX section 2.8.2 get theirs. */
export function describeExit(code: number): string {
  const signal = SIGNALS[code - 128];
  if (signal) return `exit code ${code} (${signal})`;
  if (code === 127) return "exit code 127 (command not found)";
  if (code === 126) return "exit code 126 (command cannot be executed)";
  return `exit code ${code}`;
}
