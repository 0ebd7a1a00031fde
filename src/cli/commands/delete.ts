/**
 * `queuectl delete`
 *
 * @module
 */

import { DELETABLE, deleteJob } from "../../actions/delete_job.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import { jobsIn } from "../hint.ts";

/** Deletes jobs. */
export const command = defineCommand({
  description: [
    "A deleted job is gone for good, with its attempts and its output. One that runs has to be cancelled " +
    "first; one for which others wait stays.",
  ],
  flags: {},
  args: {
    ids: arg.many(
      "ID",
      "A job's id, or a unique beginning or ending of it",
      jobsIn(...DELETABLE),
    ),
  },
  examples: [
    ["queuectl delete job1 job2", "Delete jobs"],
    ["queuectl cancel job1 && queuectl delete job1", "Delete one that may be running"],
  ],
  exitCodes: EACH_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    return await actOnEach(context, store, args.ids, async (id) => {
      await deleteJob(store, id);
      return `Job ${id} is deleted`;
    });
  },
});
