/**
 * `queuectl worker list`
 *
 * @module
 */

import { currentHost } from "../../worker/host.ts";
import { defineCommand } from "../command.ts";
import { formatAgo } from "../render.ts";
import { renderTable } from "../table.ts";
import { isLost, workerToJson } from "../../json/worker_json.ts";

/** Lists workers. */
export const command = defineCommand({
  description: [
    "A worker of this host whose process has ended without a word is lost: the next worker ends what is " +
    "left of it and runs its jobs again.",
  ],
  flags: {},
  args: {},
  examples: [["queuectl worker list", "Who runs, and what they have to do"]],
  async run({ openStore, stdout, stderr, json, now }) {
    await using store = await openStore({ create: false });
    const host = currentHost();
    const workers = (await store.workers()).map((worker) => ({
      worker,
      lost: isLost(worker, host),
    }));
    if (json) {
      return stdout.json(workers.map(({ worker, lost }) => workerToJson(worker, lost)));
    }
    if (workers.length === 0) {
      return stderr.line("No worker is running; to start one: queuectl worker start");
    }
    await stdout.write(
      await renderTable(
        [
          { title: "ID" },
          { title: "HOST", spare: 3 },
          { title: "PID", align: "right", spare: 2 },
          { title: "SLOTS", align: "right" },
          { title: "BUSY", align: "right" },
          { title: "QUEUES", flexible: true },
          { title: "HEARTBEAT", align: "right", spare: 1 },
          { title: "STATE" },
        ],
        workers.map(({ worker, lost }) => [
          worker.id,
          worker.host,
          String(worker.process.pid),
          String(worker.slots),
          String(worker.busy),
          worker.queues === null ? "all" : worker.queues.join(", "),
          formatAgo(worker.heartbeatAt, now()),
          lost ? { text: "lost", color: "red" } : worker.state,
        ]),
        stdout,
      ),
    );
  },
});
