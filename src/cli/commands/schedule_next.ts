/**
 * `queuectl schedule next`
 *
 * @module
 */

import type { CronTimes } from "../../job/cron.ts";
import { formatTime } from "../../job/time.ts";
import { formatInTimezone } from "../../job/timezone.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import type { Context } from "../context.ts";
import * as flag from "../flags.ts";
import { formatAgo } from "../render.ts";
import { findSchedule } from "../../actions/find_schedule.ts";
import { loadTimes, readTimes, type Times, TIMES_FLAGS } from "../schedule_times.ts";
import { renderTable } from "../table.ts";

/** Shows when a schedule fires. */
export const command = defineCommand({
  description: ["With --cron it shows when an expression would fire, and needs no schedule."],
  usage: ["NAME [flags]", "--cron EXPR [--tz ZONE] [flags]"],
  flags: {
    count: flag.integer({
      summary: "How many firings",
      short: "n",
      min: 1,
      max: 1000,
      default: 5,
      aliases: ["limit"],
    }),
    ...TIMES_FLAGS,
  },
  args: { name: arg.optional("NAME", "The name of a schedule", "schedule") },
  examples: [
    ["queuectl schedule next nightly", "The next five firings"],
    ['queuectl schedule next --cron "0 9 * * MON#1" --tz Europe/Berlin', "Try an expression out"],
  ],
  exitCodes: [["3", "There is no such schedule"]],
  async run(context, { flags, args }) {
    const { stdout, json, now } = context;
    const { times, timezone } = args.name === undefined
      ? await loadTimes(flags)
      : await ofSchedule(args.name, flags, context);
    const firings = nextFirings(times, now(), flags.count);
    if (json) {
      return await stdout.json(firings.map((time) => ({
        fire_time: formatTime(time),
        local_time: formatInTimezone(time, timezone),
        timezone,
      })));
    }
    const zones = timezone === "UTC" ? ["UTC"] : [timezone, "UTC"];
    await stdout.write(
      await renderTable(
        [...zones.map((title) => ({ title })), { title: "IN", align: "right" }],
        firings.map((time) => [
          ...zones.map((zone) => formatIn(time, zone)),
          formatAgo(time, now()).replace("in ", ""),
        ]),
        stdout,
      ),
    );
  },
});

async function ofSchedule(
  name: string,
  { cron, tz }: flag.FlagValues<typeof TIMES_FLAGS>,
  { openStore, stderr }: Context,
): Promise<Times> {
  if (cron !== undefined || tz !== undefined) {
    throw new CommandLineError("Give the name of a schedule, or --cron and --tz, not both");
  }
  await using store = await openStore({ create: false });
  const { cron: expression, timezone, paused } = await findSchedule(store, name);
  if (paused) {
    await stderr.line(
      `Schedule ${name} is paused; to let it fire: queuectl schedule resume ${name}`,
    );
  }
  return { times: await readTimes(expression, timezone), cron: expression, timezone };
}

function formatIn(time: number, zone: string): string {
  const text = formatInTimezone(time, zone);
  return zone === "UTC" ? text.replace("+00:00", "Z") : text;
}

function nextFirings(times: CronTimes, from: number, count: number): number[] {
  const found: number[] = [];
  for (let time = times.next(from); time !== null && found.length < count;) {
    found.push(time);
    time = times.next(time);
  }
  return found;
}
