/**
 * Histories: what users do to schedules, and how workers work out their firings.
 *
 * @module
 */

import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import { dueFirings } from "../../../src/job/cron.ts";
import type { Firing, NewSchedule, ScheduleInfo } from "../../../src/store/schedules.ts";
import { assertSame } from "./compare.ts";
import { Refusal } from "./model.ts";
import type { Of } from "./steps.ts";
import type { Taker, Tale } from "./tale.ts";

/** How each of these steps is taken. */
export const SCHEDULE_TAKERS: {
  readonly [K in "addSchedule" | "pauseSchedule" | "removeSchedule"]: Taker<K>;
} = {
  async addSchedule(tale, what, store) {
    const { schedules, now } = tale.model;
    const schedule: NewSchedule = {
      name: what.name,
      // Nobody reads this here.
      cron: String(what.period),
      timezone: "UTC",
      catchUp: what.catchUp,
      overlap: what.overlap,
      spec: JSON.stringify(what.job),
      nextAt: what.isOver ? null : nextAfter(now, what.period),
    };
    await tale.both("addSchedule", () => {
      if (schedules.find(what.name) && !what.replace) throw new Refusal(ConflictError);
      schedules.add(schedule, now);
    }, () => store.addSchedule(schedule, what.replace));
  },

  async pauseSchedule(tale, { name, paused, next }, store) {
    const { schedules, now } = tale.model;
    const schedule = schedules.find(name);
    const nextAt = next === "anew" && schedule ? nextAfter(now, periodOf(schedule)) : undefined;
    const result = await tale.both("pauseSchedule", () => {
      if (!schedule) throw new Refusal(NotFoundError);
      return schedules.pause(name, paused, nextAt);
    }, () => store.pauseSchedule(name, paused, nextAt));
    if (result) assertSame(result.actual, result.expected);
  },

  async removeSchedule(tale, { name }, store) {
    const { schedules } = tale.model;
    await tale.both("removeSchedule", () => {
      if (!schedules.find(name)) throw new Refusal(NotFoundError);
      schedules.remove(name);
    }, () => store.removeSchedule(name));
  },
};

/** What a worker brings to its next tick for a schedule that it was told is due. */
export function firingOf(tale: Tale, schedule: ScheduleInfo): Firing {
  const { now } = tale.model;
  const { name, catchUp } = schedule;
  const nextAt = schedule.nextAt!;
  const period = periodOf(schedule);
  const times = { last: (until: number) => Math.floor(until / period) * period };
  const spec = JSON.parse(schedule.spec) as Of<"addSchedule">["job"];
  const jobs = dueFirings(times, { nextAt, catchUp }, now)
    .map((fireTime) => tale.newJob({ ...spec, schedule: name, fireTime }));
  return { schedule: name, expected: nextAt, jobs, nextAt: nextAfter(now, period) };
}

function nextAfter(now: number, period: number): number {
  return (Math.floor(now / period) + 1) * period;
}

function periodOf({ cron }: ScheduleInfo): number {
  return Number(cron);
}
