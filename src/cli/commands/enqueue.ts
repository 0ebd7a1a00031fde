/**
 * `queuectl enqueue`
 *
 * @module
 */

import { uuidv7 } from "uuidv7";
import { resolveConfig } from "../../config.ts";
import { ConflictError, IdTakenError, QueuectlError, UsageError } from "../../errors.ts";
import type { NewJob } from "../../job/job.ts";
import { jobToJson } from "../../job/json.ts";
import {
  canonicalKey,
  parseSpec,
  resolveSpec,
  type SpecDefaults,
  SpecError,
} from "../../job/spec.ts";
import type { JobSpec } from "../../job/spec_fields.ts";
import { MAX_BATCH, type Store } from "../../store/store.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import type { Context } from "../context.ts";
import type { WrittenJob } from "../job_input.ts";
import { JOB_FLAGS, overridesOf } from "../job_flags.ts";
import { readSource } from "../job_source.ts";
import * as flag from "../flags.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** A job that is valid, and where it was written. */
interface ValidJob {
  readonly spec: JobSpec;
  readonly where: string;
}

/** Enqueues jobs. */
export const command = defineCommand({
  description: [
    "A job is given as JSON (an object, a list, or one object a line), or as a command. When the id is " +
    "printed, the job survives a crash and a power cut.",
    "One word after -- is shell text as it stands; several are quoted, so that the program gets " +
    "exactly them. Flags override what the JSON says.",
  ],
  usage: ["JSON [flags]", "@FILE [flags]", "[flags] -- CMD [ARG…]", "[flags] < FILE"],
  flags: {
    ...JOB_FLAGS,
    command: flag.string({ summary: "The command, as shell text", placeholder: "TEXT" }),
    file: flag.string({
      summary: "Read JSON or NDJSON from a file; - is standard input",
      short: "f",
      placeholder: "FILE",
    }),
  },
  args: { words: arg.any("JSON", "One job or a list of jobs; @FILE reads a file, - stdin") },
  rest: "CMD [ARG…]",
  examples: [
    ["queuectl enqueue -- echo hello", "Run a command"],
    ["queuectl enqueue --max-retries 5 --queue media -- ffmpeg -i in.mov out.mp4", "With a policy"],
    [`queuectl enqueue '{"id":"job1","command":"echo Hello World"}'`, "As JSON"],
    ["queuectl enqueue --file jobs.ndjson", "Many at once, all or none"],
  ],
  async run(context, { flags, args, rest }) {
    const overrides = overridesOf(flags);
    const { command, file } = flags;
    const input = await readSource({ words: args.words, command, file, rest }, context);
    if (overrides.id !== undefined && input.jobs.length > 1) {
      throw new CommandLineError(`--id fits one job, not ${input.jobs.length}`);
    }
    const valid = input.jobs.map((job) => validate(job, overrides));
    refuseRepeatedIds(valid);
    await using store = await context.openStore({ create: true });
    const defaults = await defaultsOf(store, context);
    const jobs = valid.map(({ spec }) => resolveSpec(spec, defaults, uuidv7));
    await enqueueInBatches(store, jobs, valid);
    await printJobs(store, jobs, input.isList, context);
    await hintAtWorker(store, context);
  },
});

function validate({ value, where }: WrittenJob, overrides: Record<string, unknown>): ValidJob {
  try {
    return { spec: parseSpec(override(value, overrides)), where };
  } catch (error) {
    if (error instanceof SpecError) {
      throw new UsageError(`${where || "Invalid job: "}${error.message}`);
    }
    throw error;
  }
}

/** The job with the flags' values in place of its own, however its keys are spelled. */
function override(value: unknown, overrides: Record<string, unknown>): unknown {
  if (Object.keys(overrides).length === 0) return value;
  if (typeof value === "string") return { command: value, ...overrides };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value)
    .filter(([key]) => !Object.hasOwn(overrides, canonicalKey(key)));
  return { ...Object.fromEntries(kept), ...overrides };
}

function refuseRepeatedIds(jobs: readonly ValidJob[]): void {
  const seen = new Map<string, string>();
  for (const { spec: { id }, where } of jobs) {
    if (id === undefined) continue;
    const first = seen.get(id);
    if (first !== undefined) {
      const place = first.slice(0, -2).toLowerCase();
      throw new ConflictError(`${where}The id ${id} is taken by ${place} already`);
    }
    seen.set(id, where);
  }
}

async function defaultsOf(store: Store, context: Context): Promise<SpecDefaults> {
  const config = resolveConfig(await store.settings());
  return {
    maxRetries: config.defaultMaxRetries,
    backoffBase: config.backoffBase,
    backoffMax: config.backoffMax,
    backoffJitter: config.backoffJitter,
    cwd: context.cwd,
  };
}

async function enqueueInBatches(
  store: Store,
  jobs: readonly NewJob[],
  written: readonly ValidJob[],
): Promise<void> {
  for (let from = 0; from < jobs.length; from += MAX_BATCH) {
    const batch = jobs.slice(from, from + MAX_BATCH);
    try {
      await store.enqueue(batch);
    } catch (error) {
      throw located(error, { from, jobs, written });
    }
  }
}

/** Says which line is meant, and how far the input came. */
function located(
  error: unknown,
  { from, jobs, written }: {
    from: number;
    jobs: readonly NewJob[];
    written: readonly ValidJob[];
  },
): unknown {
  if (!(error instanceof QueuectlError)) return error;
  if (error instanceof IdTakenError) {
    const index = jobs.findIndex((job) => job.id === error.id);
    error.message = `${written[index]?.where ?? ""}${error.message}`;
  }
  if (from > 0) {
    const next = written[from]!.where.slice(0, -2).toLowerCase();
    error.message += `; ${from} jobs are enqueued, go on from ${next}`;
  }
  return error;
}

async function printJobs(
  store: Store,
  jobs: readonly NewJob[],
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
