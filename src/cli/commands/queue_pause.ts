/**
 * `queuectl queue pause`
 *
 * @module
 */

import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { pauseQueues, QUEUE_EXIT_CODES } from "../pause_queues.ts";

/** Pauses queues. */
export const command = defineCommand({
  description: [
    "Jobs that run go on to their end; no other job of the queue begins until it is resumed. Jobs can " +
    "be enqueued meanwhile.",
  ],
  flags: {},
  args: { queues: arg.many("QUEUE", "The name of a queue", "queue") },
  examples: [["queuectl queue pause media mail", "Begin no more jobs of two queues"]],
  exitCodes: QUEUE_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    return await pauseQueues(context, store, { names: args.queues, paused: true });
  },
});
