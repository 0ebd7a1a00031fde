/**
 * A job that goes to the dead letter queue and comes back.
 *
 * @module
 */

import type { JobJson } from "../../../job/json.ts";
import { outcomesOf, readJob } from "../jobs.ts";
import type { Step } from "../step.ts";

/** Shows the dead letter queue. */
export const DEAD_LETTER: Step = {
  name: "dlq",
  title: "Repair what ended in the dead letter queue",
  async play(stage) {
    await stage.say("This job needs a file that is not there, and no retry will bring it.");
    await stage.queuectl([
      ...["enqueue", "--id", "report", "--max-retries", "1", "--backoff-base", "0.2"],
      ...["--", "wc -l < orders.csv"],
    ]);
    await stage.queuectl(["worker", "start", "--drain"]);
    await stage.queuectl(["dlq", "list"]);
    const { stdout: complaint } = await stage.queuectl(["logs", "report", "--stderr"]);
    const [dead] = await stage.read<JobJson[]>(["dlq", "list"]);
    await stage.verify(
      dead?.id === "report" && dead.state === "dead" && dead.attempts === 2,
      "It is dead after 2 attempts, and the list shows it",
      `the list has ${JSON.stringify(dead ?? null)}`,
    );
    await stage.verify(
      complaint.includes("orders.csv"),
      "Its log says what is missing",
      `it says ${JSON.stringify(complaint)}`,
    );
    await stage.say("The file comes, and the job gets another chance.");
    await stage.write("orders.csv", "id,amount\n1,20\n2,22\n");
    await stage.queuectl(["dlq", "retry", "report"]);
    await stage.queuectl(["worker", "start", "--drain"]);
    const { stdout } = await stage.queuectl(["logs", "report"]);
    const job = await readJob(stage, "report");
    const left = await stage.read<JobJson[]>(["dlq", "list"]);
    await stage.verify(
      job.state === "completed" && stdout.trim() === "3" && left.length === 0,
      "It completed with the right answer, and the queue is empty",
      `it is ${job.state}, wrote ${JSON.stringify(stdout)}, and ${left.length} jobs are dead`,
    );
    const outcomes = outcomesOf(job);
    await stage.verify(
      outcomes === "failed, failed, completed",
      "Its history has all 3 attempts",
      `it has these: ${outcomes}`,
    );
  },
};
