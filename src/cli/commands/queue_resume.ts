/**
 * `queuectl queue resume`
 *
 * @module
 */

import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { pauseQueues, QUEUE_EXIT_CODES } from "../pause_queues.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** Resumes queues. */
export const command = defineCommand({
  flags: {},
  args: { queues: arg.many("QUEUE", "The name of a queue", "queue") },
  examples: [["queuectl queue resume media", "Let jobs of a paused queue begin again"]],
  exitCodes: QUEUE_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    const code = await pauseQueues(context, store, { names: args.queues, paused: false });
    await hintAtWorker(store, context);
    return code;
  },
});
