/**
 * Waiting, for loops that look again and again.
 *
 * @module
 */

/** Resolves after so many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
