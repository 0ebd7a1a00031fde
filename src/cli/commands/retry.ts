/**
 * `queuectl retry`
 *
 * @module
 */

import { sourcesOf } from "../../job/state.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import { jobsIn } from "../hint.ts";
import { retryJob } from "../../actions/retry_job.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** Runs jobs again. */
export const command = defineCommand({
  description: [
    "A job that is dead, cancelled, failed or completed becomes pending again, with all of its " +
    "retries. What it wrote before and its earlier attempts stay in its log.",
    "It does not wait for the jobs that it ran after. Jobs that were cancelled because of it wait for " +
    "it again.",
  ],
  flags: {},
  args: {
    ids: arg.many(
      "ID",
      "A job's id, or a unique beginning or ending of it",
      jobsIn(...sourcesOf("retry")),
    ),
  },
  examples: [
    ["queuectl retry job1", "Run a job again"],
    [
      "queuectl list --state cancelled --json | jq -r '.[].id' | xargs queuectl retry",
      "Run many again",
    ],
  ],
  exitCodes: EACH_EXIT_CODES,
  async run(context, { args }) {
    await using store = await context.openStore({ create: false });
    const code = await actOnEach(
      context,
      store,
      args.ids,
      (id) => retryJob(store, id, sourcesOf("retry")),
    );
    await hintAtWorker(store, context);
    return code;
  },
});
