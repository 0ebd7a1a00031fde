/**
 * Points in time: RFC 3339 in and out.
 *
 * @module
 */

/** A time as queuectl prints it: RFC 3339, UTC, milliseconds; null stays null. */
export function formatTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
