/**
 * `queuectl status`
 *
 * @module
 */

import { STATES } from "../../job/state.ts";
import type { QueueInfo } from "../../store/queues.ts";
import type { WorkerInfo } from "../../store/workers.ts";
import { currentHost } from "../../worker/host.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { escapeText } from "../../escape.ts";
import { formatElapsed } from "../../elapsed.ts";
import { type Counts, sumCounts } from "../../json/queue_json.ts";
import { statusToJson } from "../../json/status_json.ts";
import { countColumns, describeSettings } from "../queue_view.ts";
import { countOf, formatCount } from "../../numbers.ts";
import { COMMON_STATES, stateCell } from "../render.ts";
import { type Column, renderTable } from "../table.ts";
import { isLost } from "../../json/worker_json.ts";

/** What the command shows. */
interface Overview {
  readonly jobs: Counts;
  readonly queues: readonly QueueInfo[];
  readonly live: readonly WorkerInfo[];
  readonly lost: readonly WorkerInfo[];
  /** Milliseconds; null if no job is pending. */
  readonly oldestPending: number | null;
}

/** Shows what is there and what goes on. */
export const command = defineCommand({
  flags: {},
  args: {},
  examples: [
    ["queuectl status", "Jobs by state, queues and workers"],
    ["queuectl status --json | jq .jobs.pending", "A number for a script"],
  ],
  async run(context) {
    const { openStore, stdout, json, now } = context;
    await using store = await openStore({ create: false });
    const status = await store.status();
    const host = currentHost();
    if (json) {
      return await stdout.json(
        statusToJson({ ...status, location: store.location, host, now: now() }),
      );
    }
    const { queues, workers, oldestPendingAt } = status;
    const lost = workers.filter((worker) => isLost(worker, host));
    const overview: Overview = {
      jobs: sumCounts(queues),
      queues,
      live: workers.filter((worker) => !lost.includes(worker)),
      lost,
      oldestPending: oldestPendingAt === null ? null : Math.max(0, now() - oldestPendingAt),
    };
    await stdout.write(await renderOverview(overview, context));
    for (const line of notes(overview)) await context.stderr.line(line);
  },
});

async function renderOverview(overview: Overview, { stdout }: Context): Promise<string> {
  const { jobs, queues, live, oldestPending } = overview;
  const slots = live.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = live.reduce((sum, worker) => sum + worker.busy, 0);
  const shown = STATES.filter((state) => COMMON_STATES.includes(state) || jobs[state] > 0);
  const byState = await renderTable(
    [{ title: "STATE" }, { title: "JOBS", align: "right" }],
    [...shown.map((state) => [stateCell(state), formatCount(jobs[state])]), [
      "total",
      formatCount(jobs.total),
    ]],
    stdout,
  );
  const parts = [
    `${countOf(live.length, "worker")}, ${countOf(slots, "slot")} (${formatCount(busy)} busy)\n`,
    byState,
  ];
  const used = queues.map((queue) => ({
    queue,
    jobs: sumCounts([queue]),
    settings: describeSettings(queue),
  })).filter(({ jobs, settings }) => jobs.total > 0 || settings !== "");
  const limited = used.some(({ settings }) => settings !== "");
  if (limited || used.some(({ queue }) => queue.queue !== "default")) {
    const columns: Column[] = [
      { title: "QUEUE" },
      ...countColumns(shown),
      ...limited ? [{ title: "LIMITS" }] : [],
    ];
    const rows = used.map(({ queue, jobs, settings }) => [
      queue.queue,
      ...shown.map((state) => formatCount(jobs[state])),
      ...limited ? [settings] : [],
    ]);
    parts.push(await renderTable(columns, rows, stdout));
  }
  if (oldestPending !== null) {
    parts.push(`The oldest pending job has been waiting for ${formatElapsed(oldestPending)}\n`);
  }
  return parts.join("\n");
}

/** What the user should know or do. */
function* notes({ jobs, live, lost }: Overview): Generator<string> {
  const draining = live.filter((worker) => worker.state === "draining").length;
  if (draining > 0) {
    yield `${countOf(draining, "worker")} ${draining === 1 ? "claims" : "claim"} no more jobs ` +
      "and will end when those that run have ended";
  }
  for (const { id, busy } of lost) {
    const when = live.length > 0 ? "soon" : "when a worker runs";
    yield busy > 0
      ? `Worker ${escapeText(id)} is gone; its ${countOf(busy, "job")} ` +
        `${busy === 1 ? "is" : "are"} recovered ${when}`
      : `Worker ${escapeText(id)} is gone; it ran no job`;
  }
  const open = jobs.total - jobs.completed - jobs.dead - jobs.cancelled;
  if (jobs.total === 0) {
    yield "There are no jobs yet; to add one: queuectl enqueue -- echo hello";
  } else if (live.length === 0 && open > 0) {
    yield "No worker is running; to start one: queuectl worker start";
  }
  if (jobs.dead > 0) {
    yield `${countOf(jobs.dead, "job")} ${jobs.dead === 1 ? "has" : "have"} failed for good; ` +
      "to see why: queuectl dlq list";
  }
}
