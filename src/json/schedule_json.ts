/**
 * A schedule as JSON, the one shape in which commands and the API print it.
 *
 * @module
 */

import type { CatchUp } from "../job/cron.ts";
import { formatTime } from "../job/time.ts";
import type { Overlap, ScheduleInfo } from "../store/schedules.ts";

/** A schedule as JSON: times RFC 3339 UTC, null where there is nothing. */
export interface ScheduleJson {
  name: string;
  cron: string;
  timezone: string;
  catch_up: CatchUp;
  overlap: Overlap;
  paused: boolean;
  /** Null if it is paused, or never fires again. */
  next_at: string | null;
  created_at: string;
  last_at: string | null;
  last_job: string | null;
  command: string;
  /** The job spec as it was given, with the names of the variables alone and without its stdin. */
  job: Record<string, unknown>;
}

/** The schedule in its printed shape. */
export function scheduleToJson(schedule: ScheduleInfo): ScheduleJson {
  const job = shownSpec(schedule);
  return {
    name: schedule.name,
    cron: schedule.cron,
    timezone: schedule.timezone,
    catch_up: schedule.catchUp,
    overlap: schedule.overlap,
    paused: schedule.paused,
    next_at: schedule.paused ? null : formatTime(schedule.nextAt),
    created_at: formatTime(schedule.createdAt)!,
    last_at: formatTime(schedule.lastAt),
    last_job: schedule.lastJob,
    command: commandOfSchedule(schedule),
    job,
  };
}

/** The command that its firings enqueue. */
export function commandOfSchedule({ spec }: ScheduleInfo): string {
  return String((JSON.parse(spec) as { command?: unknown }).command);
}

/** What a schedule enqueues, without what may be a secret. */
function shownSpec({ spec }: ScheduleInfo): Record<string, unknown> {
  const { env, stdin: _, ...shown } = JSON.parse(spec) as Record<string, unknown>;
  return env === undefined ? shown : { ...shown, env: Object.keys(Object(env)) };
}
