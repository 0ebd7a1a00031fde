/**
 * The flags that say what a job is to be: `enqueue`, `run` and `schedule add` have them. From them to
 * stored jobs leads `enqueue_jobs.ts`.
 *
 * @module
 */

import { safeParse } from "valibot";
import { UsageError } from "../errors.ts";
import { CONDITIONS, type Parent } from "../job/job.ts";
import { type JobSpec, SPEC_FIELDS, type SpecKey } from "../job/spec_fields.ts";
import { quote } from "../quote.ts";
import { integerIn, oneOf, readText } from "../readers.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import type { FlagValues } from "./flags.ts";
import * as flag from "./flags.ts";
import { type JobSource, readsStdin } from "./job_source.ts";
import { readTextFile, readTextStream } from "../intake/read_text.ts";

/** Flags named after the keys of the job spec. Their ranges are those of the spec. */
export const JOB_FLAGS = {
  id: flag.string({ summary: "The job's id", placeholder: "ID", defaultText: "a UUIDv7" }),
  queue: flag.string({
    summary: "The queue it is in",
    short: "q",
    placeholder: "QUEUE",
    complete: "queue",
    defaultText: "default",
  }),
  priority: flag.value(readPriority, {
    summary: "-1000 to 1000, higher first; or low, normal, high",
    short: "p",
    placeholder: "N",
    complete: ["low", "normal", "high"],
    defaultText: "0",
  }),
  delay: flag.string({ summary: "Not before so long from now", placeholder: "DURATION" }),
  runAt: flag.string({
    summary: "Not before this time, RFC 3339; without a zone it is local time",
    placeholder: "TIME",
    aliases: ["at"],
  }),
  timeout: flag.string({
    summary: "End an attempt that takes longer; or none",
    placeholder: "DURATION",
    defaultText: "config default_timeout",
  }),
  after: flag.list(readParent, {
    summary: "Run after these jobs, if they end so: ok (the default), notok or any",
    placeholder: "ID[=HOW],…",
    complete: "job",
  }),
  uniqueKey: flag.string({
    summary: "No other job that has yet to end may have the same",
    placeholder: "KEY",
  }),
  maxRetries: flag.integer({
    summary: "How often it is run again when it fails",
    min: 0,
    short: "r",
    placeholder: "N",
    defaultText: "config default_max_retries",
    aliases: ["retries"],
  }),
  backoffBase: flag.number({
    summary: "The n-th retry waits for the n-th power of it, in seconds",
    min: 0,
    max: 1000,
    placeholder: "N",
    defaultText: "config backoff_base",
  }),
  backoffMax: flag.string({
    summary: "The longest wait before a retry",
    placeholder: "DURATION",
    defaultText: "config backoff_max",
  }),
  backoffJitter: flag.number({
    summary: "The part of the wait that is random",
    min: 0,
    max: 1,
    placeholder: "0..1",
    defaultText: "config backoff_jitter",
  }),
  fatalExitCode: flag.list(integerIn({ min: 1, max: 255 }), {
    summary: "Not to be run again if it exits with this",
    placeholder: "N,…",
    aliases: ["fatal-exit-codes"],
  }),
  env: flag.pairs({
    summary: "A variable for its environment; the value is never shown",
    short: "e",
    placeholder: "NAME=VALUE",
  }),
  stdinFile: flag.string({
    summary: "What it reads on its standard input; - is that of this command",
    placeholder: "FILE",
    complete: "file",
    defaultText: "nothing",
  }),
  cwd: flag.string({
    summary: "The directory it runs in",
    placeholder: "DIR",
    complete: "directory",
    defaultText: "this one; with PostgreSQL, that of the worker",
  }),
  tag: flag.list(readText, {
    summary: "A tag to find it by",
    short: "t",
    placeholder: "TAG,…",
    complete: "tag",
    aliases: ["tags"],
  }),
};

/** What the flags read to. */
export type JobFlagValues = FlagValues<typeof JOB_FLAGS>;

/** Keys of a job spec and what the command line says of them, as a user would write it in JSON. */
export type Overrides = { readonly [K in SpecKey]?: unknown };

/** The flags that are not named after the key that they stand for. */
const FLAG_NAMES: { readonly [K in SpecKey]?: string } = {
  tags: "tag",
  stdin: "stdin-file",
  fatal_exit_codes: "fatal-exit-code",
};

/**
 * What the flags say, as keys of a job spec; reads the file of `--stdin-file`. The ids of `--after` may
 * be parts of ids.
 *
 * @param source where the jobs come from: what stdin holds cannot be both
 * @throws {CommandLineError} if two flags do not go together
 * @throws {UsageError} if a value is not one that the key may have, or the file cannot be read
 */
export async function overridesOf(
  flags: JobFlagValues,
  source: Omit<JobSource, "verb">,
  context: Context,
): Promise<Overrides> {
  if (flags.delay !== undefined && flags.runAt !== undefined) {
    throw new CommandLineError("Give --delay or --run-at, not both");
  }
  const given: { readonly [K in Exclude<SpecKey, "command">]: unknown } = {
    id: flags.id,
    queue: flags.queue,
    priority: flags.priority,
    max_retries: flags.maxRetries,
    backoff_base: flags.backoffBase,
    backoff_max: flags.backoffMax,
    backoff_jitter: flags.backoffJitter,
    timeout: flags.timeout,
    run_at: flags.runAt,
    delay: flags.delay,
    unique_key: flags.uniqueKey,
    after: orAbsent(flags.after),
    env: flags.env.size === 0 ? undefined : Object.fromEntries(flags.env),
    stdin: undefined,
    fatal_exit_codes: orAbsent(flags.fatalExitCode),
    cwd: flags.cwd,
    tags: orAbsent(flags.tag),
  };
  const overrides = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  readGiven(overrides);
  if (flags.stdinFile === undefined) return overrides;
  const stdin = await readStdinFile(flags.stdinFile, source, context);
  readGiven({ stdin });
  return { ...overrides, stdin };
}

/**
 * Values of flags as the spec reads them, in the domain's units.
 *
 * @throws {UsageError} if one is not valid; it names the flag
 */
export function readGiven(given: Overrides): JobSpec {
  const read = Object.entries(given).map(([key, value]) => {
    const result = safeParse(SPEC_FIELDS[key as SpecKey], value);
    if (result.success) return [key, result.output];
    const name = FLAG_NAMES[key as SpecKey] ?? key.replaceAll("_", "-");
    throw new UsageError(`--${name} ${result.issues[0].message}`);
  });
  return Object.fromEntries(read);
}

/** The name of a queue. */
export function readQueue(text: string): string {
  const result = safeParse(SPEC_FIELDS.queue, text);
  if (result.success) return result.output;
  throw new RangeError(result.issues[0].message);
}

/** A number, or a word for the spec to judge. */
export function readPriority(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** `ID` or `ID=any`; no id holds `=`. */
function readParent(text: string): Parent {
  const at = text.indexOf("=");
  const id = at < 0 ? text : text.slice(0, at);
  if (!safeParse(SPEC_FIELDS.id, id).success) {
    throw new RangeError(`must be the id of a job, or ID=any, not ${quote(text)}`);
  }
  return { id, on: at < 0 ? "ok" : oneOf(CONDITIONS)(text.slice(at + 1)) };
}

async function readStdinFile(
  path: string,
  source: Omit<JobSource, "verb">,
  context: Context,
): Promise<string> {
  if (path !== "-") return await readTextFile(path);
  if (readsStdin(source)) {
    throw new CommandLineError("Standard input cannot be both the job and --stdin-file -");
  }
  return await readTextStream(context.stdin.readable, "What --stdin-file - reads");
}

function orAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
