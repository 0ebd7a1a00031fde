/**
 * Quantiles.
 *
 * @module
 */

/**
 * The smallest figure that is at least as large as a part of all: 0.5 is the median, 0.99 what one in a
 * hundred is above.
 *
 * @returns `NaN` of nothing
 */
export function quantile(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN;
}
