/**
 * Durations: seconds as a number, or `250ms`, `90s`, `10m`, `1h30m`, `2d`. Inside the program they are
 * whole milliseconds.
 *
 * @module
 */

import { quote } from "../quote.ts";

/** The units, in milliseconds, largest first: the order in which a duration names them. */
const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** The longest duration: a hundred years, in milliseconds. */
export const MAX_DURATION = 36_525 * UNITS.d;

const NUMBER = String.raw`(\d+(?:\.\d*)?|\.\d+)`;
const SECONDS = new RegExp(`^${NUMBER}$`);
const PARTS = new RegExp(
  "^" + Object.keys(UNITS).map((unit) => String.raw`(?:${NUMBER}\s*${unit}\s*)?`).join("") + "$",
);

/**
 * Reads a duration.
 *
 * What is finer than a millisecond is rounded, but never to zero.
 *
 * @param input a number of seconds, or text: a number of seconds, or numbers with the units `d`, `h`,
 * `m`, `s` and `ms`, each at most once and in this order
 * @returns whole milliseconds, from 0 to {@linkcode MAX_DURATION}
 * @throws {RangeError} if it is not a duration. The message completes a sentence that begins with the
 * name of what was read: `must be a duration such as …, not "x"`
 */
export function parseDuration(input: unknown): number {
  const exact = milliseconds(input);
  if (exact === null || Number.isNaN(exact)) {
    throw new RangeError(
      `must be a duration such as 90, 250ms, 90s, 10m, 1h30m or 2d, not ${shown(input)}`,
    );
  }
  if (exact > MAX_DURATION) {
    throw new RangeError(`must be a duration of at most 100 years, not ${shown(input)}`);
  }
  return exact > 0 ? Math.max(1, Math.round(exact)) : 0;
}

/**
 * Writes a duration in its shortest exact form: 90,000 is `1m30s`, 0 is `0s`.
 *
 * @param duration whole milliseconds, 0 or more
 * @throws {RangeError} if it is not that
 */
export function formatDuration(duration: number): string {
  if (!Number.isSafeInteger(duration) || duration < 0) {
    throw new RangeError(`Not a duration in whole milliseconds: ${duration}`);
  }
  if (duration === 0) return "0s";
  let text = "";
  let left = duration;
  for (const [unit, size] of Object.entries(UNITS)) {
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return text;
}

/** The exact milliseconds, perhaps with a fraction; null if the input is no duration. */
function milliseconds(input: unknown): number | null {
  if (typeof input === "number") return input >= 0 ? input * UNITS.s : null;
  if (typeof input !== "string") return null;
  const text = input.trim();
  if (SECONDS.test(text)) return Number(text) * UNITS.s;
  const parts = text === "" ? null : PARTS.exec(text);
  if (parts === null) return null;
  return Object.values(UNITS).reduce((sum, size, i) => sum + Number(parts[i + 1] ?? 0) * size, 0);
}

function shown(input: unknown): string {
  if (typeof input === "string") return quote(input);
  if (typeof input === "number" || input === null || input === undefined) return String(input);
  return Array.isArray(input) ? "an array" : `a value of type ${typeof input}`;
}
