/**
 * Numbers as people write and read them. `Number()` will not do: it takes `""`, `" "`, `0x10` and `Infinity`.
 *
 * @module
 */

/** Decimal digits with an optional sign, or null if the text is not that or not exact. */
export function parseInteger(text: string): number | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = Number(text);
  // `+ 0` turns -0, which prints as 0 and compares as 0 but is not the same value, into 0.
  return Number.isSafeInteger(value) ? value + 0 : null;
}

/** A decimal number with optional sign, fraction and exponent, or null if it is not one or not finite. */
export function parseNumber(text: string): number | null {
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value + 0 : null;
}

/** A whole number with its thousands apart: `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A count with its noun: `1 job`, `1,200 jobs`. */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}
