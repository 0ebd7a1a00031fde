/**
 * What a shell may offer for a flag's value or for an argument: a declaration, which
 * `completion/` turns into values.
 *
 * @module
 */

import type { State } from "../job/state.ts";

/**
 * Where the values come from: fixed words, the shell itself (`file`, `directory`, and `@file` after an `@`),
 * the program (`config-key`, `timezone`), or the store that the command line names. Where an argument
 * takes many words, `config-key` is for the first one.
 */
export type Hint =
  | readonly string[]
  | "file"
  | "@file"
  | "directory"
  | "config-key"
  | "job"
  | JobsIn
  | "queue"
  | "schedule"
  | "tag"
  | "timezone"
  | "worker";

/** Ids of jobs in some states: those for which a command makes sense. */
export interface JobsIn {
  readonly jobs: readonly State[];
}

/** Ids of jobs in these states. */
export function jobsIn(...jobs: readonly State[]): JobsIn {
  return { jobs };
}
