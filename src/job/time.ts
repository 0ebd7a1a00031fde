/**
 * Points in time: RFC 3339 in and out.
 *
 * @module
 */

import { quote } from "../quote.ts";

/** A time as queuectl prints it: RFC 3339, UTC, milliseconds; null stays null. */
export function formatTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** RFC 3339, or the same without a zone, without seconds, or with a space for the `T`. */
const TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(\.\d+)?\s*([Zz]|[+-]\d{2}:\d{2})?$/;

/**
 * Reads a point in time: RFC 3339; without a zone it is local time.
 *
 * @returns milliseconds since the epoch
 * @throws {RangeError} if it is none; the message completes a sentence that begins with the name of
 * what was read
 */
export function parseTime(text: string): number {
  const [, day, minute, second = ":00", fraction = "", zone = ""] = TIME.exec(text.trim()) ?? [];
  const time = Date.parse(`${day}T${minute}${second}${fraction.slice(0, 4)}${zone.toUpperCase()}`);
  if (day === undefined || Number.isNaN(time) || !isDay(day)) {
    throw new RangeError(
      `must be a time such as 2030-01-31T18:00:00Z, or 2030-01-31T18:00 in local time, not ${
        quote(text)
      }`,
    );
  }
  return time;
}

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
