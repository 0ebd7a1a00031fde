/**
 * `queuectl metrics`
 *
 * @module
 */

import { exposition } from "../../observe/exposition.ts";
import { readMetrics } from "../../observe/metrics.ts";
import { defineCommand } from "../command.ts";

/** Prints the figures of a store for Prometheus. */
export const command = defineCommand({
  description: [
    "It prints what /metrics of queuectl dashboard and of worker start --listen answers, in the text " +
    "format of Prometheus: jobs by queue and state, attempts by outcome, how long they took, how long " +
    "the oldest pending job waits, workers, slots, limits, schedules.",
    "With --json it is an array of {name, help, type, samples}. Without a server, cron can write it to a file for the textfile collector of the node exporter.",
  ],
  flags: {},
  args: {},
  examples: [
    ["queuectl metrics", "The figures of the store"],
    ["queuectl metrics | grep state=.dead", "How many jobs are in the dead letter queue"],
  ],
  async run({ openStore, stdout, json, now }) {
    await using store = await openStore({ create: false });
    const families = await readMetrics(store, now());
    await (json ? stdout.json(families) : stdout.write(exposition(families)));
  },
});
