/**
 * From the command line to valid jobs: all that can be checked without a store.
 *
 * @module
 */

import { CircleError, ConflictError, UsageError } from "../errors.ts";
import { findCircle } from "../job/parents.ts";
import { canonicalKey, parseSpec, SpecError } from "../job/spec.ts";
import type { JobSpec } from "../job/spec_fields.ts";
import { type IfExists, MAX_BATCH } from "../store/store.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { type JobFlagValues, overridesOf } from "./job_flags.ts";
import type { WrittenJob } from "./job_input.ts";
import { type JobSource, readSource } from "./job_source.ts";
import type { LargeRequest } from "./job_survey.ts";

/** A job that is valid, and where it was written. */
export interface ValidJob {
  readonly spec: JobSpec;
  /** To begin a message with: `Line 3: `; empty where there is only one. */
  readonly where: string;
}

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
    const { surveyJobs } = await import("./job_survey.ts");
    using stack = new DisposableStack();
    stack.use(input);
    const request = surveyJobs(input, { overrides, ifExists, parentsByPart });
    // All is well: the file stays open.
    stack.move();
    return request;
  }
  if (input.jobs.length > 1) refuseForMany(overrides, () => input.jobs.length);
  const jobs = input.jobs.map((job) => validate(job, overrides));
  refuseRepeated(jobs, "id");
  if (ifExists === "fail") refuseRepeated(jobs, "unique_key");
  refuseCircle(jobs);
  refuseLateParents(jobs);
  return { jobs, isList: input.isList, parentsByPart };
}

/**
 * Refuses flags that only one job can have, where there are several.
 *
 * @throws {CommandLineError} if there is one
 */
export function refuseForMany(overrides: Record<string, unknown>, count: () => number): void {
  for (const [flag, key] of [["--id", "id"], ["--unique-key", "unique_key"]] as const) {
    if (Object.hasOwn(overrides, key)) {
      throw new CommandLineError(`${flag} fits one job, not ${count()}`);
    }
  }
}

/**
 * The job that somebody wrote, with what the flags say in place of its own keys.
 *
 * @throws {UsageError} if anything is wrong with it; it says where it stands
 */
export function validate(
  { value, where }: WrittenJob,
  overrides: Record<string, unknown>,
): ValidJob {
  try {
    return { spec: parseSpec(override(value, overrides)), where };
  } catch (error) {
    if (error instanceof SpecError) {
      throw new UsageError(`${where || "Invalid job: "}${error.message}`);
    }
    throw error;
  }
}

/** Keys that say the same in two ways: a flag for one is in place of both. */
const SAME: Readonly<Record<string, string>> = { run_at: "delay", delay: "run_at" };

/** The job with the flags' values in place of its own, however its keys are spelled. */
function override(value: unknown, overrides: Record<string, unknown>): unknown {
  if (Object.keys(overrides).length === 0) return value;
  if (typeof value === "string") return { command: value, ...overrides };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const isOverridden = (key: string) =>
    Object.hasOwn(overrides, key) ||
    (Object.hasOwn(SAME, key) && Object.hasOwn(overrides, SAME[key]!));
  const kept = Object.entries(value).filter(([key]) => !isOverridden(canonicalKey(key)));
  return { ...Object.fromEntries(kept), ...overrides };
}

const NAMES = { id: "id", unique_key: "unique key" } as const;

function refuseRepeated(jobs: readonly ValidJob[], key: keyof typeof NAMES): void {
  const seen = new Map<string, string>();
  for (const { spec: { [key]: value }, where } of jobs) {
    if (value === undefined) continue;
    const first = seen.get(value);
    if (first !== undefined) {
      throw new ConflictError(
        `${where}The ${NAMES[key]} ${value} is taken by ${placeOf(first)} already`,
      );
    }
    seen.set(value, where);
  }
}

function refuseCircle(jobs: readonly ValidJob[]): void {
  const named = jobs.flatMap(({ spec: { id, after } }) =>
    id === undefined || after === undefined ? [] : [{ id, after }]
  );
  const circle = findCircle(named);
  if (circle === null) return;
  const error = new CircleError(circle);
  error.message = (jobs.find(({ spec }) => spec.id === error.id)?.where ?? "") + error.message;
  throw error;
}

/** What is too much for one transaction goes in by chunks: a job and its parents have to be in reach. */
function refuseLateParents(jobs: readonly ValidJob[]): void {
  if (jobs.length <= MAX_BATCH) return;
  const indexes = new Map(jobs.map(({ spec }, index) => [spec.id, index]));
  for (const [index, { spec: { after = [] }, where }] of jobs.entries()) {
    for (const { id } of after) {
      const parent = indexes.get(id);
      if (parent === undefined || chunkOf(parent) <= chunkOf(index)) continue;
      throw new UsageError(lateParent(where, id, placeOf(jobs[parent]!.where)));
    }
  }
}

/** The message for a job that comes before a parent in a list of several chunks. */
export function lateParent(where: string, parent: string, place: string): string {
  return `${where}It runs after ${parent}, which is only in ${place}: in a list of more than ` +
    `${MAX_BATCH} jobs, put parents before the jobs that wait for them`;
}

/** Which transaction the job with this index is written by. */
export function chunkOf(index: number): number {
  return Math.floor(index / MAX_BATCH);
}

/** `Line 3: ` inside a sentence. */
export function placeOf(where: string): string {
  return where.slice(0, -2).toLowerCase();
}
