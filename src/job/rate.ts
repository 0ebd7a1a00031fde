/**
 * Rates: so many attempts may begin in any window of so long. In text `10/1m`.
 *
 * @module
 */

import { quote } from "../quote.ts";
import { formatDuration, parseDuration } from "./duration.ts";

/** So many attempts in any window of so long. */
export interface Rate {
  /** 1 or more. */
  readonly count: number;
  /** Milliseconds. */
  readonly period: number;
}

/** More than this in one window is no limit; the starts in a window are counted. */
export const MAX_RATE_COUNT = 1_000_000;

/** A window is at most a day long, milliseconds. */
const MAX_PERIOD = 86_400_000;

/**
 * Reads a rate: a count, a slash, and a duration, in which the 1 of a single unit may be left out.
 *
 * @throws {RangeError} if it is none; the message completes a sentence that begins with the name of
 * what was read
 */
export function parseRate(text: string): Rate {
  const [, digits, window = ""] = /^\s*(\d+)\s*\/\s*(\S.*?)\s*$/.exec(text) ?? [];
  const count = Number(digits);
  const period = periodOf(window);
  if (digits === undefined || period === null) {
    throw new RangeError(`must be a rate such as 5/s, 10/1m or 100/h, not ${quote(text)}`);
  }
  if (count < 1 || count > MAX_RATE_COUNT) {
    throw new RangeError(`must begin with a number from 1 to 1000000, not ${quote(text)}`);
  }
  if (period === 0 || period > MAX_PERIOD) {
    throw new RangeError(`must be for a time of more than 0 and at most 1d, not ${quote(text)}`);
  }
  return { count, period };
}

/** Writes a rate so that {@linkcode parseRate} reads it: `10/1m`. */
export function formatRate({ count, period }: Rate): string {
  return `${count}/${formatDuration(period)}`;
}

/** Milliseconds; null if it is no duration. A number without a unit is seconds, as everywhere. */
function periodOf(text: string): number | null {
  try {
    return parseDuration(/^(d|h|m|s|ms)$/.test(text) ? `1${text}` : text);
  } catch {
    return null;
  }
}
