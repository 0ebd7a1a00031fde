/**
 * Readers: how the text of a flag or a setting becomes a value.
 *
 * @module
 */

import { parseDuration } from "./job/duration.ts";
import { didYouMean } from "./nearest.ts";
import { parseInteger, parseNumber } from "./numbers.ts";
import { quote } from "./quote.ts";

/**
 * Turns text into a value.
 *
 * @throws {RangeError} with a message that completes a sentence which begins with the name of what was
 * read: `must be …, not "x"`
 */
export type Reader<T> = (text: string) => T;

/** The bounds of a number, both included. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** Any text, the empty one too. */
export const readText: Reader<string> = (text) => text;

/** A duration, in whole milliseconds; see {@linkcode parseDuration}. */
export const readDuration: Reader<number> = (text) => parseDuration(text);

/** A whole number within a range. */
export function integerIn(range: Range): Reader<number> {
  return (text) => within(parseInteger(text), "an integer", range, text);
}

/** A number within a range. */
export function numberIn(range: Range): Reader<number> {
  return (text) => within(parseNumber(text), "a number", range, text);
}

/** One of a few words; upper and lower case, `-` and `_` are the same. */
export function oneOf<const T extends string>(words: readonly T[]): Reader<T> {
  return (text) => {
    const wanted = fold(text);
    const found = words.find((word) => fold(word) === wanted);
    if (found !== undefined) return found;
    throw new RangeError(
      `must be one of ${words.join(", ")}, not ${quote(text)}${didYouMean(text, words)}`,
    );
  };
}

/** Says a range in words: `an integer from 1 to 5`, `a number of at least 0`. */
export function describeRange(what: string, { min, max }: Range): string {
  if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`;
  if (min !== undefined) return `${what} of at least ${min}`;
  if (max !== undefined) return `${what} of at most ${max}`;
  return what;
}

function within(value: number | null, what: string, range: Range, text: string): number {
  const { min = -Infinity, max = Infinity } = range;
  if (value !== null && value >= min && value <= max) return value;
  throw new RangeError(`must be ${describeRange(what, range)}, not ${quote(text)}`);
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("_", "-");
}
