/**
 * `queuectl edit`
 *
 * @module
 */

import { sourcesOf } from "../../job/state.ts";
import type { JobChanges } from "../../store/store.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import * as flag from "../flags.ts";
import { jobsIn } from "../hint.ts";
import { JOB_FLAGS, readGiven } from "../job_flags.ts";
import { commandOf } from "../job_source.ts";
import { describeJob } from "../job_view.ts";

/** Changes jobs that wait. */
export const command = defineCommand({
  description: [
    "What is not named stays as it is. A job that runs or has ended cannot be changed.",
    "With --run-at or --delay a pending job is scheduled, and a failed one tries again then; " +
    "--delay 0 is now.",
  ],
  usage: ["ID… [flags]", "ID… [flags] -- CMD [ARG…]"],
  flags: {
    queue: flag.withoutDefault(JOB_FLAGS.queue),
    priority: flag.withoutDefault(JOB_FLAGS.priority),
    delay: JOB_FLAGS.delay,
    runAt: JOB_FLAGS.runAt,
    timeout: flag.withoutDefault(JOB_FLAGS.timeout),
    maxRetries: flag.withoutDefault(JOB_FLAGS.maxRetries),
    command: flag.string({ summary: "The command, as shell text", placeholder: "TEXT" }),
  },
  args: {
    ids: arg.many(
      "ID",
      "A job's id, or a unique beginning or ending of it",
      jobsIn(...sourcesOf("cancel")),
    ),
  },
  rest: "CMD [ARG…]",
  examples: [
    ["queuectl edit job1 --priority high", "Run it before others"],
    ["queuectl edit job1 --delay 10m", "Not before ten minutes from now"],
    ["queuectl edit job1 --timeout none --max-retries 5", "Give it more time and more tries"],
    ["queuectl edit job1 -- ./sync --all", "Run another command"],
  ],
  exitCodes: EACH_EXIT_CODES,
  async run(context, { flags, args, rest }) {
    const changes = changesOf(flags, commandOf({ command: flags.command, rest }));
    if (Object.keys(changes).length === 0) {
      throw new CommandLineError("Say what to change, such as --priority high");
    }
    await using store = await context.openStore({ create: false });
    return await actOnEach(context, store, args.ids, async (id) => {
      const job = await store.edit(id, changes);
      return `Changed. ${describeJob(job, context.now())}`;
    });
  },
});

function changesOf(
  { queue, priority, delay, runAt, timeout, maxRetries }: {
    readonly queue: string | undefined;
    readonly priority: number | string | undefined;
    readonly delay: string | undefined;
    readonly runAt: string | undefined;
    readonly timeout: string | undefined;
    readonly maxRetries: number | undefined;
  },
  command: string | undefined,
): JobChanges {
  if (delay !== undefined && runAt !== undefined) {
    throw new CommandLineError("Give --delay or --run-at, not both");
  }
  const given = {
    queue,
    priority,
    delay,
    run_at: runAt,
    timeout,
    max_retries: maxRetries,
    command,
  };
  const spec = readGiven(
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  );
  return {
    ...(spec.queue === undefined ? {} : { queue: spec.queue }),
    ...(spec.priority === undefined ? {} : { priority: spec.priority }),
    ...(spec.delay === undefined ? {} : { delay: spec.delay }),
    ...(spec.run_at === undefined ? {} : { runAt: spec.run_at }),
    ...(spec.timeout === undefined ? {} : { timeout: spec.timeout }),
    ...(spec.max_retries === undefined ? {} : { maxRetries: spec.max_retries }),
    ...(spec.command === undefined ? {} : { command: spec.command }),
  };
}
