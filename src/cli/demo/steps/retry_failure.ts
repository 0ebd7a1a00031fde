/**
 * A job that fails at first.
 *
 * @module
 */

import { outcomesOf, readJob } from "../jobs.ts";
import type { Step } from "../step.ts";

/** Small, so that nobody waits; above 1, so that the waits grow. */
const BACKOFF_BASE = 1.2;

const SCRIPT = `echo try >> tries
count=$(($(wc -l < tries)))
echo "try $count"
if [ $count -lt 3 ]; then echo 'not yet' >&2; exit 75; fi
`;

/** Shows retries with exponential backoff. */
export const RETRY_FAILURE: Step = {
  name: "retry",
  title: "Retry a job that fails",
  async play(stage) {
    await stage.say("This one fails twice. Each wait is longer than the one before.");
    await stage.write("flaky.sh", SCRIPT);
    await stage.queuectl([
      ...["enqueue", "--id", "flaky", "--max-retries", "3"],
      ...["--backoff-base", String(BACKOFF_BASE), "--", "sh", "flaky.sh"],
    ]);
    await stage.queuectl(["worker", "start", "--drain"]);
    const { stdout } = await stage.queuectl(["logs", "flaky"]);
    const job = await readJob(stage, "flaky");
    const outcomes = outcomesOf(job);
    await stage.verify(
      outcomes === "failed, failed, completed" && job.state === "completed" && job.attempts === 3,
      "It failed twice and completed at the third attempt",
      `it is ${job.state} after ${job.attempts} attempts: ${outcomes}`,
    );
    const tries = (await Deno.readTextFile(stage.path("tries"))).trim().split("\n").length;
    await stage.verify(
      tries === 3 && stdout === "try 3\n",
      "The command ran 3 times, and its output is stored",
      `it ran ${tries} times, the last output is ${JSON.stringify(stdout)}`,
    );
    const waits = job.attempt_log.slice(1).map((attempt, index) =>
      (Date.parse(attempt.started_at) - Date.parse(job.attempt_log[index]!.finished_at!)) / 1000
    );
    // Times are kept in milliseconds.
    const isRight = waits.every((wait, index) => wait >= BACKOFF_BASE ** (index + 1) - 0.002);
    const shown = waits.map((wait) => `${wait.toFixed(2)} s`).join(" and ");
    await stage.verify(
      isRight,
      `It waited for ${shown}: no less than ${BACKOFF_BASE}^1 s and ${BACKOFF_BASE}^2 s`,
      "a wait was shorter",
    );
  },
};
