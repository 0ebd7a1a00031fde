/**
 * From what somebody wrote to valid jobs: all that can be checked without a store, for commands and the API
 * alike.
 *
 * @module
 */

import { CircleError, ConflictError, type QueuectlError, UsageError } from "../errors.ts";
import { findCircle } from "../job/parents.ts";
import { canonicalKey, parseSpec, SpecError } from "../job/spec.ts";
import type { JobSpec } from "../job/spec_fields.ts";
import { type IfExists, MAX_BATCH } from "../store/store.ts";
import type { WrittenJob } from "./job_input.ts";

/** A job that is valid, and where it was written. */
export interface ValidJob {
  readonly spec: JobSpec;
  /** To begin a message with: `Line 3: `; empty where there is only one. */
  readonly where: string;
}

/**
 * The valid jobs of a list.
 *
 * @param overrides keys and values in place of the jobs' own
 * @throws {UsageError} if anything is wrong with one; it names its place
 * @throws {ConflictError} if two of them cannot both be enqueued
 */
export function validateAll(
  written: readonly WrittenJob[],
  overrides: Record<string, unknown>,
  ifExists: IfExists,
): readonly ValidJob[] {
  const jobs = written.map((job) => validate(job, overrides));
  refuseRepeated(jobs, "id");
  if (ifExists === "fail") refuseRepeated(jobs, "unique_key");
  refuseCircle(jobs);
  refuseLateParents(jobs);
  return jobs;
}

/**
 * The job that somebody wrote, with what stands in place of its own keys.
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
      throw atLine(
        new UsageError(`${where || "Invalid job: "}${error.message}`, { field: error.key }),
        { line: numberOf(where) },
      );
    }
    throw error;
  }
}

/** Keys that say the same in two ways: what overrides one overrides both. */
const SAME: Readonly<Record<string, string>> = { run_at: "delay", delay: "run_at" };

/** The job with other values in place of its own, however its keys are spelled. */
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
      throw atLine(
        new ConflictError(
          `${where}The ${NAMES[key]} ${value} is taken by ${placeOf(first)} already`,
        ),
        { line: numberOf(where), field: key },
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
  const where = jobs.find(({ spec }) => spec.id === error.id)?.where ?? "";
  error.message = where + error.message;
  throw atLine(error, { line: numberOf(where) });
}

/** What is too much for one transaction goes in by chunks: a job and its parents have to be in reach. */
function refuseLateParents(jobs: readonly ValidJob[]): void {
  if (jobs.length <= MAX_BATCH) return;
  const indexes = new Map(jobs.map(({ spec }, index) => [spec.id, index]));
  for (const [index, { spec: { after = [] }, where }] of jobs.entries()) {
    for (const { id } of after) {
      const parent = indexes.get(id);
      if (parent === undefined || chunkOf(parent) <= chunkOf(index)) continue;
      const message = lateParent(where, id, placeOf(jobs[parent]!.where));
      throw atLine(new UsageError(message, { field: "after" }), { line: numberOf(where) });
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

/** The number in `Line 3: `; null where there is only one job. */
export function numberOf(where: string): number | null {
  const [digits] = /\d+/.exec(where) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** The same error, which knows by now where in the input it was met. */
export function atLine<E extends QueuectlError>(
  error: E,
  { line, field = error.field }: { readonly line: number | null; readonly field?: string | null },
): E {
  return Object.assign(error, { line, field });
}
