/**
 * The kinds of settings: how their text is read and written, and what they may be.
 *
 * @module
 */

import { formatDuration, parseDuration } from "./job/duration.ts";
import { quote } from "./quote.ts";
import { describeRange, integerIn, numberIn, type Reader } from "./readers.ts";
import { formatSize, parseSize } from "./size.ts";

/** How a setting is read and written. */
export interface Kind<T> {
  /** What a value may be, in words: `an integer from 0 to 1000`. */
  readonly range: string;
  /** @throws {RangeError} with a message that begins with `must be` */
  parse(text: string): T;
  /** The canonical text, which {@linkcode parse} reads. */
  format(value: T): string;
  /** The value in JSON output: durations in seconds, as everywhere. */
  json(value: T): number | null;
}

/** A whole number. */
export function integer(min: number, max: number): Kind<number> {
  const range = { min, max };
  return { ...plain, range: describeRange("an integer", range), parse: integerIn(range) };
}

/** A number. */
export function number(min: number, max: number): Kind<number> {
  const range = { min, max };
  return { ...plain, range: describeRange("a number", range), parse: numberIn(range) };
}

const plain = { format: String, json: (value: number) => value };

/** A duration of at least `least`. */
export function duration(least = "0s"): Kind<number> {
  const min = parseDuration(least);
  const range = min === 0
    ? "a duration such as 90s, 10m or 1h30m"
    : `a duration of at least ${least}`;
  return {
    range,
    parse: within(range, parseDuration, (value) => value >= min),
    format: formatDuration,
    json: (value) => value / 1000,
  };
}

/** A size in bytes, up to `most`. */
export function size(most: string): Kind<number> {
  const max = parseSize(most);
  const range = `a size from 0 to ${most}, such as 512KiB`;
  return {
    range,
    parse: within(range, parseSize, (value) => value <= max),
    format: formatSize,
    json: (value) => value,
  };
}

/** A kind that also has a word for "without an end", which is null. */
export function or<T>(word: "none" | "forever", kind: Kind<T>): Kind<T | null> {
  const range = `${word} or ${kind.range}`;
  return {
    range,
    parse(text) {
      if (/^(?:none|forever)$/i.test(text)) return null;
      return within(range, kind.parse, () => true)(text);
    },
    format: (value) => value === null ? word : kind.format(value),
    json: (value) => value === null ? null : kind.json(value),
  };
}

/** A reader whose every error names the whole range. */
function within<T>(range: string, reader: Reader<T>, fits: (value: T) => boolean): Reader<T> {
  return (text) => {
    try {
      const value = reader(text);
      if (fits(value)) return value;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    throw new RangeError(`must be ${range}, not ${quote(text)}`);
  };
}
