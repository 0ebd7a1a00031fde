/**
 * The firings of a schedule as people read them.
 *
 * @module
 */

import { formatInTimezone } from "../job/timezone.ts";
import { formatAgo } from "./render.ts";

/** A firing as a user reads it: `2030-01-31T18:00:00+01:00 (in 5m)`. */
export function formatFiring(time: number, timezone: string, now: number): string {
  return `${formatInTimezone(time, timezone)} (${formatAgo(time, now)})`;
}
