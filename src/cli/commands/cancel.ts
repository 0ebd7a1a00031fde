/**
 * `queuectl cancel`
 *
 * @module
 */

import { WAITING_STATES } from "../../job/state.ts";
import * as arg from "../args.ts";
import { cancelJob } from "../cancel_job.ts";
import { defineCommand } from "../command.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import { jobsIn } from "../hint.ts";

/** Cancels jobs. */
export const command = defineCommand({
  description: [
    "A job that waits is cancelled at once. Of one that runs, its worker ends the command and " +
    "all that it has started: SIGTERM first, SIGKILL after kill_grace; the command waits for that.",
  ],
  flags: {},
  args: {
    ids: arg.many(
      "ID",
      "A job's id, or a unique beginning or ending of it",
      jobsIn("processing", ...WAITING_STATES),
    ),
  },
  examples: [
    ["queuectl cancel job1", "Cancel a job"],
    ["queuectl cancel job1 && queuectl retry job1", "Start it over"],
  ],
  exitCodes: [
    EACH_EXIT_CODES[0],
    ["4", "All are known, but a job ended before, or no worker is there to end it"],
  ],
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    return await actOnEach(context, store, args.ids, (id) => cancelJob(store, id, context));
  },
});
