/**
 * Resuming one schedule.
 *
 * @module
 */

import type { CronTimes } from "../job/cron.ts";
import type { ScheduleInfo } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";

/** What resuming did. */
export interface Resumed {
  /** Whether it was paused. */
  readonly changed: boolean;
  /** Whether it makes up for what it missed. */
  readonly hasMissed: boolean;
  /** When it fires next, but for that; null: never. */
  readonly next: number | null;
}

/**
 * Lets a schedule fire again; what it missed is made up for as its `catch_up` says.
 *
 * @param times of its expression
 * @param now milliseconds since the epoch
 * @throws {NotFoundError} if there is no such schedule
 */
export async function resumeSchedule(
  store: Store,
  { name, catchUp, nextAt }: ScheduleInfo,
  times: CronTimes,
  now: number,
): Promise<Resumed> {
  const next = times.next(now);
  const hasMissed = catchUp !== "none" && nextAt !== null && nextAt <= now;
  const changed = hasMissed
    ? await store.pauseSchedule(name, false)
    : await store.pauseSchedule(name, false, next);
  return { changed, hasMissed, next };
}
