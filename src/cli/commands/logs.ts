/**
 * `queuectl logs`
 *
 * @module
 */

import { NotFoundError } from "../../errors.ts";
import type { Attempt, Job } from "../../job/job.ts";
import type { Store } from "../../store/store.ts";
import * as arg from "../args.ts";
import { AttemptOutput } from "../../attempt_output.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { escapeText } from "../../escape.ts";
import * as flag from "../flags.ts";
import { printAsItComes } from "../follow_output.ts";
import {
  JsonLinesPrinter,
  printJsonArray,
  type PrintOptions,
  RawPrinter,
} from "../output_printer.ts";
import { readJob } from "../../actions/read_job.ts";
import { countOf } from "../../numbers.ts";

/** Prints the output of a job. */
export const command = defineCommand({
  description: [
    "It prints what the command has written so far, byte for byte, both streams in the order in " +
    "which they came. A line tells where output was not kept (max_output).",
    "With --json it is an array of {time, stream, text}, or {time, stream, base64} where it is not " +
    "UTF-8; with -f one object a line.",
  ],
  flags: {
    follow: flag.boolean({
      summary: "Go on as more is written, until the job has ended, over all attempts",
      short: "f",
    }),
    attempt: flag.integer({ summary: "This attempt", defaultText: "the latest", min: 1 }),
    stdout: flag.boolean({ summary: "Only what was written to stdout, to the byte" }),
    stderr: flag.boolean({ summary: "Only what was written to stderr, to the byte" }),
    timestamps: flag.boolean({ summary: "Put the time before each line", short: "t" }),
  },
  args: { id: arg.one("ID", "The job's id, or a unique beginning or ending of it", "job") },
  examples: [
    ["queuectl logs job1", "What the latest attempt wrote"],
    ["queuectl logs -f job1", "Watch a job until it has ended"],
    ["queuectl logs job1 --attempt 1 --stderr", "What the first attempt complained of"],
    ["queuectl logs job1 --stdout > result.bin", "Exactly what it wrote to stdout"],
  ],
  exitCodes: [["3", "There is no such job, or no such attempt"]],
  async run(context, { args, flags }) {
    await using store = await context.openStore({ create: false });
    const job = await readJob(store, args.id);
    const options: PrintOptions = {
      stream: flags.stdout === flags.stderr ? null : flags.stdout ? "stdout" : "stderr",
      timestamps: flags.timestamps,
    };
    if (!flags.follow) {
      return await printAttempt(store, { job, attempt: flags.attempt ?? null, options }, context);
    }
    const printer = context.json
      ? new JsonLinesPrinter(context, options)
      : new RawPrinter(context, options);
    const attempt = flags.attempt ?? null;
    await printAsItComes(store, { id: job.id, attempt, printer }, context);
  },
});

interface PrintRequest {
  readonly job: Job;
  /** Null is the latest one. */
  readonly attempt: number | null;
  readonly options: PrintOptions;
}

async function printAttempt(
  store: Store,
  { job, attempt, options }: PrintRequest,
  context: Context,
): Promise<void> {
  const log = await store.attempts(job.id);
  const entry = attempt === null
    ? log.at(-1)
    : log.find((candidate) => candidate.attempt === attempt);
  if (entry === undefined && attempt !== null) {
    const count = log.length === 0 ? "none" : countOf(log.length, "attempt");
    throw new NotFoundError(`Job ${job.id} has no attempt ${attempt}: so far it has had ${count}`);
  }
  const pieces = entry === undefined ? none() : outputOf(store, job, entry);
  if (context.json) return await printJsonArray(context, pieces, options);
  const printer = new RawPrinter(context, options);
  await printer.print(pieces);
  if (printer.isEmpty) await context.stderr.line(whyEmpty(job, entry, options));
}

function outputOf(store: Store, job: Job, { attempt, finishedAt, outputBytes }: Attempt) {
  const output = new AttemptOutput(store, job.id, attempt);
  return finishedAt === null ? output.read() : output.readToEnd(outputBytes);
}

async function* none(): AsyncGenerator<never> {}

function whyEmpty(
  { id, state }: Job,
  entry: Attempt | undefined,
  { stream }: PrintOptions,
): string {
  const job = `Job ${escapeText(id)}`;
  if (entry === undefined) return `${job} has not run yet: it is ${state}`;
  const where = stream === null ? "" : ` to ${stream}`;
  return entry.finishedAt === null
    ? `${job} has written nothing${where} yet; to wait for it: queuectl logs -f ${escapeText(id)}`
    : `Attempt ${entry.attempt} of job ${escapeText(id)} wrote nothing${where}`;
}
