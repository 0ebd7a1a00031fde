/**
 * Durations in buckets whose bounds grow by a quarter of an octave: 19 % apart, from a millisecond on. A handful of
 * numbers says of a million attempts how long they took.
 *
 * @module
 */

/** Buckets for each doubling. */
const PER_DOUBLING = 4;

/** What takes longer than 2^35 ms, a year, counts as that long. */
export const LAST_BUCKET = 35 * PER_DOUBLING;

/** How many durations are in which bucket. */
export type Durations = ReadonlyMap<number, number>;

/**
 * The bucket of a duration: bucket b holds what is longer than the bound of b - 1, and no longer than its own.
 *
 * @param milliseconds what is below zero, as of a clock that was set back, counts as zero
 */
export function bucketOf(milliseconds: number): number {
  return SHORT[milliseconds] ?? workOut(milliseconds);
}

function workOut(milliseconds: number): number {
  if (!(milliseconds > 1)) return 0;
  const bucket = Math.min(LAST_BUCKET, Math.ceil(Math.log2(milliseconds) * PER_DOUBLING));
  // The logarithm of a bound may come out a hair above it.
  return milliseconds <= boundOf(bucket - 1) ? bucket - 1 : bucket;
}

/** The longest duration that a bucket holds, milliseconds. */
export function boundOf(bucket: number): number {
  return 2 ** (bucket / PER_DOUBLING);
}

/** Those of most durations, for a busy worker asks at every end. */
const SHORT = Uint8Array.from({ length: 1024 }, (_, milliseconds) => workOut(milliseconds));

/**
 * The duration that a part of all does not exceed: 0.5 is the median. Within its bucket as if durations were spread
 * evenly there, so it is at most 19 % off.
 *
 * @returns milliseconds; null of nothing
 */
export function quantileOf(durations: Durations, part: number): number | null {
  const all = [...durations].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  const wanted = part * all.reduce((sum, [, count]) => sum + count, 0);
  let before = 0;
  for (const [bucket, count] of all) {
    if (before + count >= wanted) {
      const from = bucket === 0 ? 0 : boundOf(bucket - 1);
      return from + (boundOf(bucket) - from) * Math.max(0, (wanted - before) / count);
    }
    before += count;
  }
  const longest = all.at(-1);
  return longest === undefined ? null : boundOf(longest[0]);
}

/** Several together. */
export function mergeDurations(all: Iterable<Durations>): Map<number, number> {
  const merged = new Map<number, number>();
  for (const durations of all) {
    for (const [bucket, count] of durations) merged.set(bucket, (merged.get(bucket) ?? 0) + count);
  }
  return merged;
}
