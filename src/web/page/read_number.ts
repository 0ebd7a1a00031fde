/**
 * Numbers that somebody types into a field. Pure.
 *
 * @module
 */

/**
 * What stands in a field, as the API wants it: a number, or null if it is empty. What is no number is sent as
 * it is, so that the API says what is wrong with it; as `NaN` it would become `null`, and mean "none".
 */
export function readNumber(text: string): number | string | null {
  const clean = text.trim();
  if (clean === "") return null;
  const number = Number(clean);
  return Number.isFinite(number) ? number : clean;
}
