/**
 * What the mark on a store means, in a sentence for whoever would use it; see `mark.ts`.
 *
 * @module
 */

import { ConflictError, MovedStoreError } from "../errors.ts";
import { formatTime } from "../job/time.ts";
import { quoteWord } from "../worker/quote.ts";
import type { Mark } from "./relocation.ts";

/** The mark as the value of its setting. */
export function markToText(mark: Mark): string {
  return JSON.stringify(mark);
}

/** The mark of a setting; null where there is none. */
export function markFromText(text: string | null): Mark | null {
  return text === null ? null : JSON.parse(text) as Mark;
}

/**
 * The error of whoever uses a store that is marked.
 *
 * @param location the store's, for people
 * @param mark null where nothing says what it means
 */
export function movedError(location: string, mark: Mark | null): MovedStoreError {
  return new MovedStoreError(sentenceOf(location, mark));
}

/** The command line that goes on with a move. */
export function resumeCommand(source: string, target: string): string {
  return `queuectl migrate --from ${quoteWord(source)} --to ${quoteWord(target)}`;
}

/** The command line that takes the mark off a source. */
export function reopenCommand(location: string): string {
  return `queuectl migrate --reopen ${quoteWord(location)}`;
}

/**
 * The error of a move to a store that has something in it.
 *
 * @param contents what that is, in words
 */
export function notEmptyError(location: string, contents: string): ConflictError {
  return new ConflictError(
    `The store ${location} is not empty (${contents}), and a store is moved only to an empty one: ` +
      "give another path or schema",
  );
}

function sentenceOf(location: string, mark: Mark | null): string {
  const again = `to work on it again: ${reopenCommand(location)}`;
  if (mark === null) return `The store ${location} was moved to another place; ${again}`;
  const { role, other, isDone, at } = mark;
  if (role === "target") {
    return `The store ${location} is not whole: ${other} is being moved to it; to go on: ${
      resumeCommand(other, location)
    }`;
  }
  return isDone
    ? `The store ${location} was moved to ${other} at ${formatTime(at)} and is a backup; ${again}`
    : `The store ${location} is being moved to ${other}; to go on: ${
      resumeCommand(location, other)
    }; to give that up: ${reopenCommand(location)}`;
}
