/**
 * `queuectl release`
 *
 * @module
 */

import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import { jobsIn } from "../hint.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** Lets held jobs go. */
export const command = defineCommand({
  description: [
    "A job that was enqueued with --hold waits until it is released. Then it is pending, or blocked by " +
    "the jobs that it runs after, or scheduled for its time.",
  ],
  flags: {},
  args: {
    ids: arg.many("ID", "A job's id, or a unique beginning or ending of it", jobsIn("held")),
  },
  examples: [
    ["queuectl release job1", "Let a job go"],
    ["queuectl list --state held --json | jq -r '.[].id' | xargs queuectl release", "Let all go"],
  ],
  exitCodes: EACH_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    const code = await actOnEach(context, store, args.ids, async (id) => {
      return `Job ${id} is released: it is ${await store.release(id)}`;
    });
    await hintAtWorker(store, context);
    return code;
  },
});
