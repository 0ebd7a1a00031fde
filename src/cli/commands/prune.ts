/**
 * `queuectl prune`
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { FINAL_STATES, isFinal, STATES } from "../../job/state.ts";
import { oneOf } from "../../readers.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import * as flag from "../flags.ts";
import { readQueue } from "../job_flags.ts";
import { countOf } from "../../numbers.ts";

/** Deletes jobs that have ended. */
export const command = defineCommand({
  description: [
    "Deleted jobs are gone for good, with their attempts and their output. Those for which others wait " +
    "stay. Workers do the same by themselves, as the config keys retention_… say.",
  ],
  flags: {
    state: flag.list(oneOf(STATES), {
      summary: `Only jobs in these states: ${FINAL_STATES.join(", ")}`,
      complete: FINAL_STATES,
      short: "s",
      placeholder: "STATE,…",
      defaultText: "all of them",
      aliases: ["status", "states"],
    }),
    olderThan: flag.duration({ summary: "Only jobs that ended longer ago than this" }),
    queue: flag.value(readQueue, {
      summary: "Only jobs of this queue",
      complete: "queue",
      short: "q",
      placeholder: "QUEUE",
    }),
  },
  args: {},
  examples: [
    ["queuectl prune --state completed --older-than 1d", "What went well yesterday and before"],
    ["queuectl prune --queue media", "All that has ended in a queue, dead jobs too"],
  ],
  async run({ openStore, json, stdout, now }, { flags: { state, olderThan, queue } }) {
    if (state.length === 0 && olderThan === undefined && queue === undefined) {
      throw new CommandLineError("Say which jobs to delete: give --state, --older-than or --queue");
    }
    const open = state.find((one) => !isFinal(one));
    if (open !== undefined) {
      throw new UsageError(
        `--state must be one of ${FINAL_STATES.join(", ")}: a job that is ${open} has not ended`,
      );
    }
    await using store = await openStore({ create: false });
    const pruned = await store.removeEnded({
      states: state.length === 0 ? FINAL_STATES : [...new Set(state)],
      ...(queue === undefined ? {} : { queue }),
      before: olderThan === undefined ? Number.MAX_SAFE_INTEGER : now() - olderThan,
    });
    if (json) return await stdout.json({ pruned });
    await stdout.line(
      pruned === 0
        ? "No job fits"
        : `${countOf(pruned, "job")} ${pruned === 1 ? "is" : "are"} deleted`,
    );
  },
});
