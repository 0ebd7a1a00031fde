/**
 * How long something took, for people.
 *
 * @module
 */

/** The units, largest first, with their lengths in milliseconds. */
export const STEPS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/**
 * About how long: the two largest units that count, such as `2d4h`, `5m3s`, `1.3s`, `40ms`.
 *
 * @param duration milliseconds; below zero counts as zero
 */
export function formatElapsed(duration: number): string {
  const length = Math.max(0, Math.round(duration));
  if (length < 1000) return `${length}ms`;
  if (length < 10_000) return `${Math.floor(length / 100) / 10}s`;
  const at = STEPS.findIndex(([, size]) => length >= size);
  const [unit, size] = STEPS[at]!;
  const next = STEPS[at + 1];
  const rest = next === undefined ? 0 : Math.floor((length % size) / next[1]);
  return `${Math.floor(length / size)}${unit}${rest > 0 ? `${rest}${next![0]}` : ""}`;
}
