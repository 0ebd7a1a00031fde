/**
 * `queuectl enqueue`
 *
 * @module
 */

import { jobToJson } from "../../job/json.ts";
import type { Enqueued, IfExists, Store } from "../../store/store.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type EnqueueFlags, enqueueJobs } from "../enqueue_jobs.ts";
import * as flag from "../flags.ts";
import { JOB_FLAGS } from "../job_flags.ts";
import { type JobRequest, readRequest } from "../job_request.ts";
import { countOf } from "../../numbers.ts";
import { hintAtWorker } from "../worker_hint.ts";
import { importLater } from "../../lazy.ts";

const IF_EXISTS = ["fail", "return", "replace"] as const satisfies readonly IfExists[];

/** Enqueues jobs. */
export const command = defineCommand({
  description: [
    "A job is given as JSON (an object, a list, or one object a line), or as a command. When the id is " +
    "printed, the job survives a crash and a power cut.",
    "One word after -- is shell text as it stands; several are quoted, so that the program gets " +
    "exactly them. Flags override what the JSON says.",
    "A job that runs after others is cancelled if one of them does not end as it should. The ids of " +
    "--after may be unique beginnings or endings; jobs of a list may name each other in any order.",
  ],
  usage: ["JSON [flags]", "@FILE [flags]", "[flags] -- CMD [ARG…]", "[flags] < FILE"],
  flags: {
    ...JOB_FLAGS,
    command: flag.string({ summary: "The command, as shell text", placeholder: "TEXT" }),
    file: flag.string({
      summary: "Read JSON or NDJSON from a file; - is standard input",
      short: "f",
      placeholder: "FILE",
      complete: "file",
    }),
    hold: flag.boolean({ summary: "It waits until queuectl release lets it go" }),
    ifExists: flag.choice(IF_EXISTS, {
      summary: "If a job that has yet to end has the unique key",
      placeholder: "WHAT",
      default: "fail",
    }),
  },
  args: {
    words: arg.any("JSON", "One job or a list of jobs; @FILE reads a file, - stdin", "@file"),
  },
  rest: "CMD [ARG…]",
  examples: [
    ["queuectl enqueue -- echo hello", "Run a command"],
    ["queuectl enqueue --max-retries 5 --queue media -- ffmpeg -i in.mov out.mp4", "With a policy"],
    [`queuectl enqueue '{"id":"job1","command":"echo Hello World"}'`, "As JSON"],
    ["queuectl enqueue --file jobs.ndjson", "Many at once, all or none"],
    ["queuectl enqueue --after job1,job2=any -- ./report", "After others"],
    ["queuectl enqueue --unique-key sync --if-exists return -- ./sync", "Never two at a time"],
  ],
  exitCodes: [
    ["3", "There is no such job to run after"],
    ["4", "The id or the unique key is taken"],
  ],
  async run(context, { flags, args, rest }) {
    const { command, file, hold, ifExists } = flags;
    const source = { verb: "enqueue", words: args.words, command, file, rest } as const;
    const request = await readRequest({ flags, source, ifExists }, context);
    using _file = "jobs" in request ? null : request.file;
    await using store = await context.openStore({ create: true });
    const options = { held: hold, ifExists };
    const old = "jobs" in request
      ? await enqueueAndPrint(store, request, options, context)
      : await (await importLater<typeof import("../enqueue_large.ts")>("cli/enqueue_large"))
        .enqueueLarge(store, request, options, context);
    if (ifExists === "return") await mentionHolders(old, context);
    await hintAtWorker(store, context);
  },
});

/** Returns how many were there already. */
async function enqueueAndPrint(
  store: Store,
  request: JobRequest,
  options: EnqueueFlags,
  context: Context,
): Promise<number> {
  const enqueued = await enqueueJobs(store, request, options, context);
  // What is left needs no attention.
  context.stdout.block();
  await printJobs(store, enqueued, request.isList, context);
  return enqueued.filter(({ isNew }) => !isNew).length;
}

async function printJobs(
  store: Store,
  jobs: readonly Enqueued[],
  isList: boolean,
  { json, stdout }: Context,
): Promise<void> {
  if (!json) {
    if (jobs.length > 0) await stdout.write(jobs.map((job) => `${job.id}\n`).join(""));
    return;
  }
  const stored = [];
  for (const { id } of jobs) {
    const job = await store.job(id);
    // A worker may have been fast, and somebody may have deleted it since.
    if (job) stored.push(jobToJson(job));
  }
  await stdout.json(isList ? stored : stored[0] ?? null);
}

/** On a terminal, says that nothing new was made of some jobs. */
async function mentionHolders(there: number, { stderr }: Context): Promise<void> {
  if (!stderr.isTerminal || there === 0) return;
  await stderr.line(
    `${countOf(there, "job")} ${there === 1 ? "was" : "were"} there already, by the unique key`,
  );
}
