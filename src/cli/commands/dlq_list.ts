/**
 * `queuectl dlq list`
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import { JOB_COLUMNS, LIST_FLAGS, listJobs } from "../job_list.ts";

const { id, queue, attempts, ended, error, command: commandText } = JOB_COLUMNS;

/** Lists dead jobs. */
export const command = defineCommand({
  description: [
    "A job is dead when it has failed and has no retries left. It stays in the dead letter queue " +
    "until it is retried or purged.",
  ],
  flags: LIST_FLAGS,
  args: {},
  examples: [
    ["queuectl dlq list", "What went wrong"],
    ["queuectl dlq list --json | jq -r '.[].id'", "The ids, for a script"],
  ],
  async run(context, { flags }) {
    const { openStore, json, stderr } = context;
    await using store = await openStore({ create: false });
    const isEmpty = await store.count({ states: ["dead"] }) === 0;
    if (isEmpty && !json) return await stderr.line("The dead letter queue is empty");
    await listJobs(context, store, {
      states: ["dead"],
      flags,
      columns: [id, queue, attempts, ended, error, commandText],
    });
    if (!isEmpty && !json) {
      await stderr.line("To see one: queuectl logs ID; to run it again: queuectl dlq retry ID");
    }
  },
});
