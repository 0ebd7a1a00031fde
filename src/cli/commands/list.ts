/**
 * `queuectl list`
 *
 * @module
 */

import { STATES } from "../../job/state.ts";
import { defineCommand } from "../command.ts";
import { JOB_COLUMNS, LIST_FLAGS, listJobs, STATE_FLAG } from "../job_list.ts";

const { id, state, queue, attempts, created, command: commandText } = JOB_COLUMNS;

/** Lists jobs. */
export const command = defineCommand({
  description: [
    `The states: ${STATES.join(", ")}. A job that is failed waits for its next attempt; one that ` +
    "has none left is dead.",
  ],
  flags: {
    state: STATE_FLAG,
    ...LIST_FLAGS,
  },
  args: {},
  examples: [
    ["queuectl list", "The newest jobs, whatever their state"],
    ["queuectl list --state pending,processing --queue media", "What is to be done in a queue"],
    ["queuectl list --state completed --json | jq -r '.[].id'", "All of them, for a script"],
  ],
  async run(context, { flags }) {
    await using store = await context.openStore({ create: false });
    await listJobs(context, store, {
      states: flags.state,
      flags,
      columns: [id, state, queue, attempts, created, commandText],
    });
  },
});
