/**
 * `queuectl schedule add`
 *
 * @module
 */

import { CATCH_UPS } from "../../job/cron.ts";
import { quote } from "../../quote.ts";
import { OVERLAPS } from "../../store/schedules.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import * as flag from "../flags.ts";
import { findSchedule } from "../../actions/find_schedule.ts";
import { withDirectory } from "../../intake/scheduled_spec.ts";
import { readScheduledSpec, SCHEDULE_JOB_FLAGS } from "../schedule_job.ts";
import { readScheduleName } from "../schedule_names.ts";
import { loadTimes, TIMES_FLAGS } from "../schedule_times.ts";
import { scheduleToJson } from "../../json/schedule_json.ts";
import { formatFiring } from "../schedule_view.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** Adds a schedule. */
export const command = defineCommand({
  description: [
    "A cron expression has five fields (minute, hour, day of the month, month, day of the week), or six " +
    "with the seconds first, or is a name such as @daily. Any worker of the store fires it: each firing " +
    "enqueues one job, however many workers run.",
    "A firing that is late by more than 90 seconds was missed, because no worker ran or the schedule was " +
    "paused. The job is resolved against the config at each firing, and runs in the directory in which " +
    "the schedule was added (with PostgreSQL: in that of its worker).",
  ],
  usage: ["NAME --cron EXPR [flags] -- CMD [ARG…]", "NAME --cron EXPR [flags] --command TEXT"],
  flags: {
    ...TIMES_FLAGS,
    catchUp: flag.choice(CATCH_UPS, {
      summary: "What to make up for of what was missed, the last firing or the newest 1,000",
      placeholder: "WHICH",
      default: "none",
    }),
    overlap: flag.choice(OVERLAPS, {
      summary: "If a job of an earlier firing has yet to end",
      placeholder: "WHAT",
      default: "allow",
    }),
    replace: flag.boolean({ summary: "Take the place of a schedule of the same name" }),
    ...SCHEDULE_JOB_FLAGS,
  },
  args: { words: arg.many("NAME", "A name for it: letters, digits and . _ -") },
  rest: "CMD [ARG…]",
  examples: [
    ['queuectl schedule add nightly --cron "30 2 * * *" -- ./backup.sh', "Every day at 02:30"],
    [
      'queuectl schedule add report --cron "0 9 * * 1-5" --catch-up one -- ./report',
      "On working days, and later if the machine was off",
    ],
    [
      'queuectl schedule add poll --cron "*/10 * * * * *" --overlap skip -- ./poll',
      "Every ten seconds, but never two at a time",
    ],
  ],
  exitCodes: [["4", "There is a schedule of that name, and --replace is not given"]],
  async run(context, { flags, args, rest }) {
    const [word = "", ...more] = args.words;
    const name = readScheduleName(word);
    if (more.length > 0) {
      throw new CommandLineError(
        `Unexpected argument ${
          quote(more[0]!)
        }: the cron expression is one word in quotes, and the ` +
          "command comes after --",
      );
    }
    const { times, cron, timezone } = await loadTimes(flags);
    const spec = await readScheduledSpec({ flags, rest }, context);
    const { catchUp, overlap, replace } = flags;
    const { openStore, stdout, json, now } = context;
    await using store = await openStore({ create: true });
    const stored = JSON.stringify(await withDirectory(spec, store, context.cwd));
    const nextAt = times.next(now());
    await store.addSchedule(
      { name, cron, timezone, catchUp, overlap, spec: stored, nextAt },
      replace,
    );
    const schedule = await findSchedule(store, name);
    if (json) await stdout.json(scheduleToJson(schedule));
    else if (schedule.paused) await stdout.line(`Schedule ${name} is stored, and is paused`);
    else {
      await stdout.line(
        `Schedule ${name} fires next at ${formatFiring(nextAt!, timezone, now())}`,
      );
    }
    await hintAtWorker(store, context);
  },
});
