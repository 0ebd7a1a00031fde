/**
 * What an examination of a store finds, as the port of the store shows it.
 *
 * @module
 */

/** Something that is not as it should be. */
export interface Finding {
  /** Whether it needs action, or only to be known. */
  readonly verdict: "warning" | "problem";
  /** What was found: a clause, sentence case, no full stop. Not escaped. */
  readonly text: string;
  /** What to do about it: `To close it: chmod 600 queue.db`, or a step in words. Not escaped. */
  readonly mend: string | null;
  /** The store cannot be used, or what it holds cannot be trusted. */
  readonly isUnusable?: boolean;
}

/** One thing that was looked at. */
export interface Check {
  /** One word, for scripts. */
  readonly name: string;
  /** What is well, in words, for where there is no finding. Not escaped. */
  readonly text: string;
  readonly findings: readonly Finding[];
}

/** How a store is examined. */
export interface ExamineOptions {
  /** Compare everything with everything, however long that takes. */
  readonly full: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The words that run queuectl on this store, for what mends it. */
  readonly command: readonly string[];
  /** The identity of this host, see `currentHost()`. */
  readonly hostIdentity: string;
}

/** A finding that needs action. */
export function problem(text: string, mend: string | null): Finding {
  return { verdict: "problem", text, mend };
}

/** A finding that should be known. */
export function warning(text: string, mend: string | null): Finding {
  return { verdict: "warning", text, mend };
}

/** A finding by which the store is not to be used any more. */
export function unusable(text: string, mend: string | null): Finding {
  return { verdict: "problem", text, mend, isUnusable: true };
}
