/**
 * `queuectl queue list`
 *
 * @module
 */

import { formatRate } from "../../job/rate.ts";
import { STATES } from "../../job/state.ts";
import { defineCommand } from "../command.ts";
import { queueToJson, sumCounts } from "../../json/queue_json.ts";
import { countColumns } from "../queue_view.ts";
import { formatCount } from "../../numbers.ts";
import { COMMON_STATES } from "../render.ts";
import { renderTable } from "../table.ts";

/** Lists queues. */
export const command = defineCommand({
  description: [
    "A queue is there as soon as a job names it. A paused one lets running jobs end and begins no other.",
  ],
  flags: {},
  args: {},
  examples: [["queuectl queue list", "What each queue holds, and what holds it back"]],
  async run({ openStore, stdout, stderr, json }) {
    await using store = await openStore({ create: false });
    const queues = await store.queues();
    if (json) return await stdout.json(queues.map(queueToJson));
    if (queues.length === 0) {
      return await stderr.line(
        "There are no queues yet; to add a job to one: queuectl enqueue --queue mail -- ./send",
      );
    }
    const total = sumCounts(queues);
    const shown = STATES.filter((state) => COMMON_STATES.includes(state) || total[state] > 0);
    await stdout.write(
      await renderTable(
        [
          { title: "QUEUE" },
          { title: "STATE" },
          { title: "LIMIT", align: "right" },
          { title: "RATE", align: "right" },
          ...countColumns(shown),
        ],
        queues.map(({ queue, paused, limit, rate, counts }) => [
          queue,
          paused ? { text: "paused", color: "yellow" } : "active",
          limit === null ? "" : formatCount(limit),
          rate === null ? "" : formatRate(rate),
          ...shown.map((state) => formatCount(counts[state])),
        ]),
        stdout,
      ),
    );
  },
});
