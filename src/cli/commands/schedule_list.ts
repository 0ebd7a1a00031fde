/**
 * `queuectl schedule list`
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import { formatAgo, shortId } from "../render.ts";
import { commandOfSchedule, scheduleToJson } from "../../json/schedule_json.ts";
import { renderTable } from "../table.ts";

/** Lists schedules. */
export const command = defineCommand({
  flags: {},
  args: {},
  examples: [["queuectl schedule list", "What fires when, and what it enqueued last"]],
  async run({ openStore, stdout, stderr, json, now }) {
    await using store = await openStore({ create: false });
    const schedules = await store.schedules();
    if (json) return await stdout.json(schedules.map(scheduleToJson));
    if (schedules.length === 0) {
      return await stderr.line(
        "There are no schedules yet; to add one: queuectl schedule add nightly " +
          '--cron "30 2 * * *" -- ./backup.sh',
      );
    }
    await stdout.write(
      await renderTable(
        [
          { title: "NAME" },
          { title: "CRON" },
          { title: "ZONE", spare: 1 },
          { title: "STATE" },
          { title: "NEXT", align: "right" },
          { title: "LAST JOB", short: shortId, spare: 2 },
          { title: "COMMAND", flexible: true },
        ],
        schedules.map((schedule) => [
          schedule.name,
          schedule.cron,
          schedule.timezone,
          schedule.paused ? { text: "paused", color: "yellow" } : "active",
          schedule.paused || schedule.nextAt === null ? "" : formatAgo(schedule.nextAt, now()),
          schedule.lastJob ?? "",
          commandOfSchedule(schedule),
        ]),
        stdout,
      ),
    );
  },
});
