/**
 * The attempts of a job as bars: how long each took beside the longest, and how long was waited for it.
 *
 * @module
 */

import type { AttemptJson } from "./job_shapes.ts";

/** An attempt as it is drawn. */
export interface Bar {
  readonly attempt: AttemptJson;
  /** How long it took, or has run. */
  readonly seconds: number;
  /** Beside the longest one, 0 to 1. */
  readonly share: number;
  /** Seconds from the end of the attempt before it; null for the first. */
  readonly waited: number | null;
}

/**
 * The bars, in the order of the attempts.
 *
 * @param now milliseconds since the epoch, for the one that runs
 */
export function timelineOf(attempts: readonly AttemptJson[], now: number): Bar[] {
  const lengths = attempts.map(({ started_at, finished_at }) =>
    // The clocks of two machines may differ.
    Math.max(0, (finished_at === null ? now : Date.parse(finished_at)) - Date.parse(started_at))
  );
  const longest = Math.max(1, ...lengths);
  return attempts.map((attempt, at) => {
    const before = attempts[at - 1]?.finished_at ?? null;
    const waited = before === null ? null : Date.parse(attempt.started_at) - Date.parse(before);
    return {
      attempt,
      seconds: lengths[at]! / 1000,
      share: lengths[at]! / longest,
      waited: waited === null ? null : Math.max(0, waited) / 1000,
    };
  });
}
