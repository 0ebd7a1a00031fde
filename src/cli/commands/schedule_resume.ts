/**
 * `queuectl schedule resume`
 *
 * @module
 */

import { resumeSchedule } from "../../actions/resume_schedule.ts";
import type { ScheduleInfo } from "../../store/schedules.ts";
import type { Store } from "../../store/store.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { actOnSchedules, SCHEDULE_EXIT_CODES } from "../schedule_names.ts";
import { readTimes } from "../schedule_times.ts";
import { formatFiring } from "../schedule_view.ts";

/** Resumes schedules. */
export const command = defineCommand({
  description: [
    "What a schedule missed while it was paused is made up for as its --catch-up says.",
  ],
  flags: {},
  args: { names: arg.many("NAME", "The name of a schedule", "schedule") },
  examples: [["queuectl schedule resume nightly", "Let it fire again"]],
  exitCodes: SCHEDULE_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    return await actOnSchedules(
      context,
      store,
      args.names,
      (schedule) => resume(schedule, store, context),
    );
  },
});

async function resume(
  schedule: ScheduleInfo,
  store: Store,
  { now }: Pick<Context, "now">,
): Promise<string> {
  const { name, cron, timezone } = schedule;
  const times = await readTimes(cron, timezone);
  const { changed, hasMissed, next } = await resumeSchedule(store, schedule, times, now());
  if (!changed) return `Schedule ${name} was not paused`;
  const missed = hasMissed ? "makes up for what it missed, and " : "";
  const when = next === null ? "never" : `next at ${formatFiring(next, timezone, now())}`;
  return `Schedule ${name} ${missed}fires ${when}`;
}
