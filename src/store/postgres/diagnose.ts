/**
 * What is the matter with a store in PostgreSQL that cannot be opened, and what to do about it.
 *
 * @module
 */

import { MissingStoreError, NewerStoreError } from "../../errors.ts";
import { quoteWords } from "../../worker/quote.ts";
import { type Check, type ExamineOptions, unusable } from "../examination.ts";

/**
 * The check of a store that cannot be opened.
 *
 * @param error what opening it has thrown
 */
export function diagnose(error: Error, { command }: Pick<ExamineOptions, "command">): Check {
  return {
    name: "store",
    text: "",
    findings: [unusable(error.message, mendOf(error, command))],
  };
}

/** Most errors of a server say themselves what to do. */
function mendOf(error: Error, command: readonly string[]): string | null {
  if (error instanceof MissingStoreError) {
    return `To make it, with a first job: ${
      quoteWords([...command, "enqueue", "--", "echo", "hello"])
    }`;
  }
  if (error instanceof NewerStoreError) return "Update queuectl, or give another store with --db";
  if (/older version/.test(error.message)) {
    return `To update it: ${quoteWords([...command, "status"])}`;
  }
  return null;
}
