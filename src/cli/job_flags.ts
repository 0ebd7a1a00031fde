/**
 * The flags that say what a job is to be: `enqueue` has them, and whatever else makes jobs.
 *
 * @module
 */

import { safeParse } from "valibot";
import { SPEC_FIELDS, type SpecKey } from "../job/spec_fields.ts";
import { readText } from "../readers.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { FlagValues } from "./flags.ts";
import * as flag from "./flags.ts";

/** Flags named after the keys of the job spec. Their ranges are those of the spec. */
export const JOB_FLAGS = {
  id: flag.string({ summary: "The job's id", placeholder: "ID", defaultText: "a UUIDv7" }),
  queue: flag.string({
    summary: "The queue it is in",
    short: "q",
    placeholder: "QUEUE",
    defaultText: "default",
  }),
  priority: flag.value(readPriority, {
    summary: "-1000 to 1000, higher first; or low, normal, high",
    short: "p",
    placeholder: "N",
    defaultText: "0",
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
  cwd: flag.string({
    summary: "The directory it runs in",
    placeholder: "DIR",
    defaultText: "this one",
  }),
  tag: flag.list(readText, {
    summary: "A tag to find it by",
    short: "t",
    placeholder: "TAG,…",
    aliases: ["tags"],
  }),
};

/**
 * What the flags say, as keys of a job spec.
 *
 * @throws {CommandLineError} if a value is not one that the key may have
 */
export function overridesOf(flags: FlagValues<typeof JOB_FLAGS>): Record<string, unknown> {
  const given: Record<SpecKey, unknown> = {
    command: undefined,
    id: flags.id,
    queue: flags.queue,
    priority: flags.priority,
    max_retries: flags.maxRetries,
    backoff_base: flags.backoffBase,
    backoff_max: flags.backoffMax,
    backoff_jitter: flags.backoffJitter,
    cwd: flags.cwd,
    tags: flags.tag.length === 0 ? undefined : flags.tag,
  };
  const overrides = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [key, value] of overrides) {
    const result = safeParse(SPEC_FIELDS[key as SpecKey], value);
    if (result.success) continue;
    const name = key === "tags" ? "tag" : key.replaceAll("_", "-");
    throw new CommandLineError(`--${name} ${result.issues[0].message}`);
  }
  return Object.fromEntries(overrides);
}

/** The name of a queue. */
export function readQueue(text: string): string {
  const result = safeParse(SPEC_FIELDS.queue, text);
  if (result.success) return result.output;
  throw new RangeError(result.issues[0].message);
}

/** A number, or a word for the spec to judge. */
function readPriority(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
