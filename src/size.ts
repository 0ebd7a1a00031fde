/**
 * Sizes in bytes: `1000000`, `512KiB`, `1 MiB`, `2MB`. As in `head -c`, a bare `K`, `M` or `G` is a
 * power of 1024; with `B` alone after it, of 1000.
 *
 * @module
 */

import { quote } from "./quote.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ...["k", "m", "g"].flatMap((letter, i): [string, number][] => [
    [letter, 1024 ** (i + 1)],
    [`${letter}ib`, 1024 ** (i + 1)],
    [`${letter}b`, 1000 ** (i + 1)],
  ]),
]);

/**
 * Reads a size.
 *
 * @returns whole bytes
 * @throws {RangeError} if it is not a size; the message completes a sentence that begins with the name
 * of what was read
 */
export function parseSize(text: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNITS.get(unit.toLowerCase());
  const bytes = factor === undefined ? NaN : Number(digits) * factor;
  if (!Number.isSafeInteger(bytes)) {
    throw new RangeError(`must be a size such as 1000000, 512KiB or 16MiB, not ${quote(text)}`);
  }
  return bytes;
}

/** Writes a size in the largest unit that is exact: 1,048,576 is `1MiB`, 1,000,000 stays as it is. */
export function formatSize(bytes: number): string {
  for (const [unit, size] of [["GiB", 1024 ** 3], ["MiB", 1024 ** 2], ["KiB", 1024]] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
