/**
 * `queuectl schedule pause`
 *
 * @module
 */

import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { actOnSchedules, SCHEDULE_EXIT_CODES } from "../schedule_names.ts";

/** Pauses schedules. */
export const command = defineCommand({
  description: [
    "A paused schedule fires nothing. Its jobs that are there already go on; to hold them back as well, " +
    "pause their queue.",
  ],
  flags: {},
  args: { names: arg.many("NAME", "The name of a schedule", "schedule") },
  examples: [["queuectl schedule pause nightly", "No backups until it is resumed"]],
  exitCodes: SCHEDULE_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    return await actOnSchedules(context, store, args.names, async ({ name }) => {
      const changed = await store.pauseSchedule(name, true);
      return `Schedule ${name} ${changed ? "is paused" : "was paused already"}`;
    });
  },
});
