/**
 * `queuectl explain`
 *
 * @module
 */

import { resolveConfig } from "../../config.ts";
import { escapeText } from "../../escape.ts";
import { formatRate } from "../../job/rate.ts";
import { formatTime } from "../../job/time.ts";
import { currentHost } from "../../worker/host.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { explain, type Explanation, type Facts } from "../explanation.ts";
import { isLost, workerToJson } from "../worker_view.ts";

/** Explains why a job is not running. */
export const command = defineCommand({
  description: [
    "It prints one sentence with what has to happen first, a line for each thing that has to happen " +
    "after that (Also: …), and what you can do about them.",
    "With --json the sentence is in text and a word for scripts in reason; beside them is what they " +
    "were worked out from.",
  ],
  flags: {},
  args: { id: arg.one("ID", "The job's id, or a unique beginning or ending of it", "job") },
  examples: [
    ["queuectl explain job1", "Why is it not running?"],
    ["queuectl explain job1 --json | jq -r .reason", "A word for a script"],
  ],
  exitCodes: [["3", "There is no such job"]],
  async run({ openStore, stdout, json, now }, { args }) {
    await using store = await openStore({ create: false });
    const standing = await store.standing(await store.resolve(args.id));
    const { lease } = resolveConfig(await store.settings());
    const host = currentHost();
    const living = standing.workers.filter((worker) =>
      !isLost(worker, host) && worker.unmovedFor < lease
    );
    const facts = { ...standing, living: new Set(living.map(({ id }) => id)), now: now() };
    const explanation = explain(facts);
    if (json) return await stdout.json(toJson(explanation, facts));
    for (const line of linesOf(explanation)) await stdout.line(escapeText(line));
  },
});

function* linesOf(explanation: Explanation): Generator<string> {
  const { also, text } = explanation;
  yield text;
  for (const { text } of also) yield `Also: ${text}`;
  for (const { hint } of [explanation, ...also]) if (hint !== null) yield hint;
}

function toJson({ reason, text, hint, also }: Explanation, facts: Facts): unknown {
  const { job, parents, queue, rateOpensIn, ahead, workers, living, running } = facts;
  const { limit, rate } = queue;
  return {
    id: job.id,
    state: job.state,
    reason,
    text,
    hint,
    also,
    attempts: job.attempts,
    max_retries: job.maxRetries,
    run_at: formatTime(job.runAt),
    started_at: formatTime(job.startedAt),
    finished_at: formatTime(job.finishedAt),
    error: job.error,
    worker_id: job.workerId,
    progress: job.progress,
    parents,
    queue: {
      name: queue.queue,
      paused: queue.paused,
      limit,
      rate: rate === null ? null : formatRate(rate),
      rate_opens_in: rateOpensIn / 1000,
      processing: queue.counts.processing,
      ahead,
    },
    workers: workers.map((worker) => workerToJson(worker, !living.has(worker.id))),
    running: running.map(({ id, queue, workerId, startedAt }) => ({
      id,
      queue,
      worker_id: workerId,
      started_at: formatTime(startedAt),
    })),
  };
}
