/**
 * `queuectl delete`
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import { STATES } from "../../job/state.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import { jobsIn } from "../hint.ts";

/** The states in which a job can be deleted. */
const DELETABLE = STATES.filter((state) => state !== "processing");

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
      if ((await store.job(id))?.state === "processing") {
        throw new ConflictError(`Job ${id} runs; to end it first: queuectl cancel ${id}`);
      }
      await store.remove(id, DELETABLE);
      return `Job ${id} is deleted`;
    });
  },
});
