/**
 * From the command line to valid jobs: all that can be checked without a store.
 *
 * @module
 */

import type { LargeRequest } from "../intake/job_survey.ts";
import { validateAll, type ValidJob } from "../intake/valid_jobs.ts";
import type { IfExists } from "../store/store.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { type JobFlagValues, overridesOf } from "./job_flags.ts";
import { type JobSource, readSource } from "./job_source.ts";
import { importLater } from "../lazy.ts";

/** Jobs that somebody wants enqueued, all at hand. */
export interface JobRequest {
  readonly jobs: readonly ValidJob[];
  /** Whether they were written as a list, however many there are in it. */
  readonly isList: boolean;
  /** Whether the parents come from `--after`, so that their ids may be parts of ids. */
  readonly parentsByPart: boolean;
}

/**
 * Reads jobs from wherever the command line says, with what the flags say in place of their own keys. A
 * long list is only looked through: its jobs are read again as they are stored, so that the memory that
 * it takes does not grow with them. The caller closes its file.
 *
 * @throws {UsageError} if there is none, or anything is wrong with one; it names the line
 * @throws {ConflictError} if two of them cannot both be enqueued
 */
export async function readRequest(
  { flags, source, ifExists = "fail" }: {
    readonly flags: JobFlagValues;
    readonly source: JobSource;
    readonly ifExists?: IfExists;
  },
  context: Context,
): Promise<JobRequest | LargeRequest> {
  const overrides = await overridesOf(flags, source, context);
  const parentsByPart = Object.hasOwn(overrides, "after");
  const input = await readSource(source, context);
  if (!("jobs" in input)) {
    const { countLines, surveyJobs } = await importLater<
      typeof import("../intake/job_survey.ts")
    >("intake/job_survey");
    using stack = new DisposableStack();
    stack.use(input);
    refuseForMany(overrides, () => countLines(input));
    const request = surveyJobs(input, { overrides, ifExists, parentsByPart });
    // All is well: the file stays open.
    stack.move();
    return request;
  }
  if (input.jobs.length > 1) refuseForMany(overrides, () => input.jobs.length);
  const jobs = validateAll(input.jobs, overrides, ifExists);
  return { jobs, isList: input.isList, parentsByPart };
}

/**
 * Refuses flags that only one job can have, where there are several.
 *
 * @throws {CommandLineError} if there is one
 */
function refuseForMany(overrides: Record<string, unknown>, count: () => number): void {
  for (const [flag, key] of [["--id", "id"], ["--unique-key", "unique_key"]] as const) {
    if (Object.hasOwn(overrides, key)) {
      throw new CommandLineError(`${flag} fits one job, not ${count()}`);
    }
  }
}
