/**
 * `queuectl run`
 *
 * @module
 */

import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import { enqueueJobs } from "../enqueue_jobs.ts";
import * as flag from "../flags.ts";
import { Interruption } from "../interruption.ts";
import { readRequest } from "../job_request.ts";
import { followToEnd } from "../job_run.ts";
import { asOwnFailure } from "../own_failure.ts";
import { formatCount } from "../../numbers.ts";
import { hintAtWorker } from "../worker_hint.ts";
import { command as enqueue } from "./enqueue.ts";

/** Runs a command as a job and waits for it. */
export const command = defineCommand({
  description: [
    "It enqueues a job, as enqueue does and with the same flags, shows what it writes, over all its " +
    "attempts, and ends as it did. A worker has to run; if none does, it waits for one.",
    "What the job writes to stdout goes to stdout, to the byte, and its stderr to stderr, beside lines " +
    "that begin with queuectl:. Of a job that writes more than config max_output, a line tells how " +
    "much is missing.",
    "Ctrl-C (SIGINT or SIGTERM) cancels the job and waits for its end; a second one does not wait. If " +
    "nobody reads the output any more, or the terminal is closed, the job goes on. A job that was " +
    "there before (--if-exists return) is followed, and goes on if this is interrupted.",
    "With --json it prints one object a line: {time, stream, text} or {time, stream, base64}, and " +
    "last of all the job.",
  ],
  usage: ["[flags] -- CMD [ARG…]", "--command TEXT [flags]", "JSON [flags]"],
  flags: {
    ...enqueue.flags,
    waitTimeout: flag.duration({
      summary: "Wait no longer than this; the job goes on (--timeout ends the job)",
    }),
  },
  args: { words: arg.any("JSON", "One job; @FILE reads a file, - stdin", "@file") },
  rest: "CMD [ARG…]",
  examples: [
    ["queuectl run -- make test", "Run a command in the queue and see what it says"],
    ["queuectl run --max-retries 0 --queue media -- ffmpeg -i in.mov out.mp4", "With a policy"],
    ["queuectl run -- ./report > report.txt", "Keep exactly what it writes to stdout"],
    ["queuectl run --wait-timeout 10m -- ./import", "Wait ten minutes, and let it go on"],
  ],
  exitCodes: [
    ["0", "The job completed"],
    ["1", "The job has no exit code of its own: it was cancelled, lost or could not start"],
    ["2", "The command line or the job is not valid and nothing was enqueued, or the job's own"],
    ["124", "--wait-timeout ran out; the job goes on"],
    ["125", "Queuectl itself failed, or the job cannot be enqueued"],
    ["130", "Interrupted by SIGINT; 143 by SIGTERM"],
    ["others", "The job's own"],
  ],
  async run(context, { flags, args, rest }) {
    const { command, file, hold, ifExists, waitTimeout = Infinity } = flags;
    const source = { verb: "run", words: args.words, command, file, rest } as const;
    const request = await readRequest({ flags, source, ifExists }, context);
    using _file = "jobs" in request ? null : request.file;
    const length = "jobs" in request ? request.jobs.length : request.count;
    if (length !== 1 || !("jobs" in request)) {
      throw new CommandLineError(
        `Give one job, not ${formatCount(length)}; for several: queuectl enqueue`,
      );
    }
    return await asOwnFailure(async () => {
      await using store = await context.openStore({ create: true });
      using interruption = new Interruption();
      const [enqueued] = await enqueueJobs(store, request, { held: hold, ifExists }, context);
      if (!context.json) await hintAtWorker(store, context);
      return await followToEnd(store, { enqueued: enqueued!, waitTimeout, interruption }, context);
    });
  },
});
