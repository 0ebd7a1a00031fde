/**
 * `queuectl dlq retry`
 *
 * @module
 */

import { readText } from "../../readers.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import * as flag from "../flags.ts";
import { countOf } from "../render.ts";
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
    }),
  },
  args: { ids: arg.any("ID", "A job's id, or a unique beginning or ending of it") },
  examples: [
    ["queuectl dlq retry job1", "Run a dead job again"],
    ["queuectl dlq retry --all", "Run all of them again"],
  ],
  exitCodes: EACH_EXIT_CODES,
  async run(context, { args, flags }) {
    const { openStore, json, stdout } = context;
    const ids = [...args.ids, ...flags.jobId];
    if (ids.length > 0 && flags.all) throw new CommandLineError("Give ids or --all, not both");
    if (ids.length === 0 && !flags.all) {
      throw new CommandLineError("Say which jobs to retry: give ids, or --all");
    }
    await using store = await openStore({ create: false });
    let code = 0;
    if (flags.all) {
      const retried = await store.retryAll("dead");
      if (json) return await stdout.json({ retried });
      await stdout.line(
        retried === 0
          ? "No job is dead"
          : `${countOf(retried, "job")} ${retried === 1 ? "is" : "are"} pending again`,
      );
      if (retried === 0) return;
    } else {
      code = await actOnEach(context, store, ids, async (id) => {
        await store.retry(id, ["dead"]);
        return `Job ${id} is pending again`;
      });
    }
    await hintAtWorker(store, context);
    return code;
  },
});
