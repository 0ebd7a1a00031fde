/**
 * `queuectl schedule remove`
 *
 * @module
 */

import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { actOnSchedules, SCHEDULE_EXIT_CODES } from "../schedule_names.ts";

/** Removes schedules. */
export const command = defineCommand({
  description: ["The jobs that a schedule has enqueued stay, whatever their state."],
  flags: {},
  args: { names: arg.many("NAME", "The name of a schedule", "schedule") },
  examples: [["queuectl schedule remove nightly", "It never fires again"]],
  exitCodes: SCHEDULE_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    return await actOnSchedules(context, store, args.names, async ({ name }) => {
      await store.removeSchedule(name);
      return `Schedule ${name} is removed; its jobs stay`;
    });
  },
});
