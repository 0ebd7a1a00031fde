/**
 * The first look at a large list of jobs: every line is validated, and what the lines say of each other.
 * Of very many jobs nothing is kept but their ids, unique keys, and what they run after.
 *
 * @module
 */

import { CircleError, ConflictError, UsageError } from "../errors.ts";
import type { Parent } from "../job/job.ts";
import { findCircle } from "../job/parents.ts";
import { type IfExists, MAX_BATCH } from "../store/store.ts";
import type { JobSpec } from "../job/spec_fields.ts";
import { parseLine } from "./job_input.ts";
import { atLine, chunkOf, lateParent, validate, type ValidJob } from "./valid_jobs.ts";
import type { LineFile } from "./line_file.ts";

/** As long as there are no more, the jobs of the first look are kept: to read them twice costs time. */
const MAX_HELD = 2 * MAX_BATCH;

/** A job that waits for others. */
export interface WaitingJob {
  readonly id: string | undefined;
  readonly line: number;
  /** Which of the jobs it is, from 0. */
  readonly index: number;
  readonly after: readonly Parent[];
}

/** A list of jobs that is read as it is stored. */
export interface LargeRequest {
  readonly file: LineFile;
  /** What flags say in place of the jobs' own keys. */
  readonly overrides: Record<string, unknown>;
  readonly count: number;
  readonly first: JobSpec;
  /** All of them; null if they are too many to be held. */
  readonly held: readonly ValidJob[] | null;
  /** The ids that are given, and which of the jobs have them. */
  readonly ids: ReadonlyMap<string, number>;
  /** Those whose own keys name parents. */
  readonly waiting: readonly WaitingJob[];
  readonly parentsByPart: boolean;
}

/** The jobs: the same that were looked at, but for a file that somebody changes meanwhile. */
export function* jobsOf(
  { file, overrides, held }: Pick<LargeRequest, "file" | "overrides" | "held">,
): Generator<ValidJob> {
  if (held !== null) return yield* held;
  for (const { line, text } of file.lines()) {
    yield validate(parseLine(text, line), overrides);
  }
}

/** The jobs of each transaction. */
export function* batchesOf(request: LargeRequest): Generator<readonly ValidJob[]> {
  let batch: ValidJob[] = [];
  for (const job of jobsOf(request)) {
    batch.push(job);
    if (batch.length < MAX_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** How the lines are to be understood. */
export interface SurveyOptions {
  /** Keys and values in place of the jobs' own. */
  readonly overrides: Record<string, unknown>;
  readonly ifExists: IfExists;
  /** Whether the parents are the same for all, and their ids parts of ids. */
  readonly parentsByPart: boolean;
}

/**
 * Reads all lines.
 *
 * @throws {UsageError} if anything is wrong with one; it names the line
 * @throws {ConflictError} if two of them cannot both be enqueued
 */
export function surveyJobs(file: LineFile, options: SurveyOptions): LargeRequest {
  const steps = surveySteps(file, options);
  for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
}

/** A step reads so many lines: some ten milliseconds. */
const LINES_A_STEP = 1000;

/** The same in steps, for whoever has other things to do in between. */
export function* surveySteps(
  file: LineFile,
  { overrides, ifExists, parentsByPart }: SurveyOptions,
): Generator<void, LargeRequest> {
  const ids = new Map<string, number>();
  const uniqueKeys = new Map<string, number>();
  const waiting: WaitingJob[] = [];
  let count = 0;
  let first: JobSpec | null = null;
  let held: ValidJob[] | null = [];
  for (const { line, text } of file.lines()) {
    const job = validate(parseLine(text, line), overrides);
    const { id, unique_key: key, after = [] } = job.spec;
    first ??= job.spec;
    const index = count++;
    if (count % LINES_A_STEP === 0) yield;
    if (count > MAX_HELD) held = null;
    held?.push(job);
    const claims = [["id", ids, id], ["unique key", uniqueKeys, key]] as const;
    for (const [name, taken, value] of claims) {
      if (value === undefined || (name === "unique key" && ifExists !== "fail")) continue;
      const earlier = taken.get(value);
      if (earlier !== undefined) {
        const place = `line ${lineOf(file, earlier)}`;
        throw atLine(
          new ConflictError(`Line ${line}: The ${name} ${value} is taken by ${place} already`),
          { line, field: name === "id" ? "id" : "unique_key" },
        );
      }
      taken.set(value, index);
    }
    // Of parents that are the same for all, only those can be in the way that wait for themselves.
    if (after.length === 0 || (parentsByPart && !after.some((parent) => parent.id === id))) {
      continue;
    }
    waiting.push({ id, line, index, after });
  }
  if (first === null) throw new UsageError("No job given");
  const request = { file, overrides, count, first, held, ids, waiting, parentsByPart };
  refuseCircle(request);
  refuseLateParents(request);
  return request;
}

/** How many jobs there are. */
export function countLines(file: LineFile): number {
  let count = 0;
  for (const _ of file.lines()) count++;
  return count;
}

/** Where the job stands: for messages only, since it is looked for. */
function lineOf(file: LineFile, index: number): number {
  let at = 0;
  for (const { line } of file.lines()) if (at++ === index) return line;
  return NaN;
}

function refuseCircle({ file, waiting, ids }: LargeRequest): void {
  const circle = findCircle(
    waiting.flatMap(({ id, after }) => id === undefined ? [] : [{ id, after }]),
  );
  if (circle === null) return;
  const error = new CircleError(circle);
  const line = lineOf(file, ids.get(error.id) ?? 0);
  error.message = `Line ${line}: ${error.message}`;
  throw atLine(error, { line });
}

/** As in `valid_jobs.ts`, where all jobs are at hand. */
function refuseLateParents({ file, waiting, ids }: LargeRequest): void {
  for (const { line, index, after } of waiting) {
    for (const { id } of after) {
      const parent = ids.get(id);
      if (parent === undefined || chunkOf(parent) <= chunkOf(index)) continue;
      const place = `line ${lineOf(file, parent)}`;
      const message = lateParent(`Line ${line}: `, id, place);
      throw atLine(new UsageError(message, { field: "after" }), { line });
    }
  }
}
