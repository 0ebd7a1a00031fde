/**
 * `queuectl dlq retry`
 *
 * @module
 */

import { readText } from "../../readers.ts";
import type { Store } from "../../store/store.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import * as flag from "../flags.ts";
import { jobsIn } from "../hint.ts";
import { countOf } from "../../numbers.ts";
import { retryJob } from "../../actions/retry_job.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** Runs dead jobs again. */
export const command = defineCommand({
  description: ["A dead job becomes pending again, with all of its retries."],
  usage: ["ID… [flags]", "--all [flags]"],
  flags: {
    all: flag.boolean({ summary: "All dead jobs" }),
    jobId: flag.list(readText, {
      summary: "A job, as an argument would name it",
      placeholder: "ID",
      complete: jobsIn("dead"),
    }),
  },
  args: { ids: arg.any("ID", "A job's id, or a unique beginning or ending of it", jobsIn("dead")) },
  examples: [
    ["queuectl dlq retry job1", "Run a dead job again"],
    ["queuectl dlq retry --all", "Run all of them again"],
  ],
  exitCodes: EACH_EXIT_CODES,
  async run(context, { args, flags }) {
    const { openStore, json, stdout, stderr } = context;
    const ids = [...args.ids, ...flags.jobId];
    if (ids.length > 0 && flags.all) throw new CommandLineError("Give ids or --all, not both");
    if (ids.length === 0 && !flags.all) {
      throw new CommandLineError("Say which jobs to retry: give ids, or --all");
    }
    await using store = await openStore({ create: false });
    let code = 0;
    if (flags.all) {
      const retried = await store.retryAll("dead");
      const skipped = await countSkipped(store);
      if (json) return await stdout.json({ retried, skipped });
      if (retried > 0) {
        await stdout.line(`${countOf(retried, "job")} ${isOrAre(retried)} pending again`);
      } else if (skipped === 0) await stdout.line("No job is dead");
      if (skipped > 0) {
        await stderr.line(
          `${countOf(skipped, "job")} ${isOrAre(skipped)} left: other jobs hold the unique keys`,
        );
      }
      if (retried === 0) return;
    } else {
      code = await actOnEach(context, store, ids, (id) => retryJob(store, id, ["dead"]));
    }
    await hintAtWorker(store, context);
    return code;
  },
});

/** Those that have a unique key and are dead still: another job holds it. */
async function countSkipped(store: Store): Promise<number> {
  if (await store.count({ states: ["dead"] }) === 0) return 0;
  const left = await store.jobs({ states: ["dead"] });
  return left.filter(({ uniqueKey }) => uniqueKey !== null).length;
}

function isOrAre(count: number): string {
  return count === 1 ? "is" : "are";
}
