/**
 * The first look at a file of records: every line is validated, and what the lines say of each other.
 * Nothing is kept of a job but what has to be compared.
 *
 * @module
 */

import { CircleError, ConflictError, type QueuectlError, UsageError } from "../errors.ts";
import type { Parent } from "../job/job.ts";
import { findCircle } from "../job/parents.ts";
import { type ReadRecord, readRecord, type RecordSurroundings } from "../job/read_record.ts";
import { SpecError } from "../job/spec.ts";
import { isFinal } from "../job/state.ts";
import { quote } from "../quote.ts";
import { jsonProblem } from "../intake/json_problem.ts";
import type { RecordFile, RecordLine } from "./record_file.ts";

/** A unique key, or a firing of a schedule, that a job of the file needs. */
export interface Need<T> {
  readonly id: string;
  readonly line: number;
  readonly value: T;
}

/** A firing of a schedule. */
export interface FiringRef {
  readonly schedule: string;
  readonly fireTime: number;
}

/** What a file of records holds. */
export interface Survey {
  readonly jobs: number;
  /** The ids that it gives, and where. */
  readonly lines: ReadonlyMap<string, number>;
  readonly uniqueKeys: readonly Need<string>[];
  readonly firings: readonly Need<FiringRef>[];
  /** Jobs that wait for others, with the parents that have yet to end. */
  readonly waiting: readonly { id: string; line: number; after: readonly Parent[] }[];
  /** Jobs that lose the values of their `env`. */
  readonly withoutEnv: number;
}

/** So many lines are read between two looks at what else is to be done. */
const LINES_AT_ONCE = 1000;

/**
 * Reads a whole file.
 *
 * @param progress is told how many bytes have been read
 * @throws {UsageError} if a line is not valid; it names the line
 * @throws {ConflictError} if two jobs cannot both be stored
 */
export async function surveyRecords(
  file: RecordFile,
  surroundings: RecordSurroundings,
  progress: (bytes: number) => void,
): Promise<Survey> {
  const lines = new Map<string, number>();
  const uniqueKeys = new Map<string, Need<string>>();
  const firings = new Map<string, Need<FiringRef>>();
  const waiting: { id: string; line: number; after: readonly Parent[] }[] = [];
  let jobs = 0;
  let withoutEnv = 0;
  // A job without an id gets one when it is stored; here it must not be taken for another.
  const nameless = { ...surroundings, newId: () => "" };
  for (const record of file.lines()) {
    const { line } = record;
    const { moved: { job, waitsFor }, lostEnv } = parseRecord(record, nameless);
    const { id, uniqueKey, schedule, fireTime } = job;
    if (id !== "") claim(lines, id, line, { line, what: `The id ${id}`, lineOf: (at) => at });
    if (uniqueKey !== null && !isFinal(job.state)) {
      const what = `The unique key ${quote(uniqueKey)}`;
      const need = { id, line, value: uniqueKey };
      claim(uniqueKeys, uniqueKey, need, { line, what, lineOf });
    }
    if (schedule !== null && fireTime !== null) {
      const what = `This time of the schedule ${quote(schedule)}`;
      const need = { id, line, value: { schedule, fireTime } };
      claim(firings, `${fireTime} ${schedule}`, need, { line, what, lineOf });
    }
    if (waitsFor.length > 0) {
      const after = job.after.filter((parent) => waitsFor.includes(parent.id));
      waiting.push({ id, line, after });
    }
    if (lostEnv.length > 0) withoutEnv++;
    if (++jobs % LINES_AT_ONCE !== 0) continue;
    progress(record.next.offset);
    await new Promise((resolve) => setTimeout(resolve));
  }
  refuseCircle(waiting, lines);
  return {
    jobs,
    lines,
    uniqueKeys: [...uniqueKeys.values()],
    firings: [...firings.values()],
    waiting,
    withoutEnv,
  };
}

/**
 * The job of a line.
 *
 * @throws {UsageError} if it is not valid; it names the line
 */
export function parseRecord(
  { line, text }: RecordLine,
  surroundings: RecordSurroundings,
): ReadRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = jsonProblem(error as Error, text).replace(/ \(line 1 column \d+\)$/, "");
    throw new UsageError(`Line ${line}: Not valid JSON: ${reason}`);
  }
  try {
    return readRecord(value, surroundings);
  } catch (error) {
    if (error instanceof SpecError) throw new UsageError(`Line ${line}: ${error.message}`);
    throw error;
  }
}

const lineOf = (need: { readonly line: number }) => need.line;

/** Notes what a line needs for itself alone. */
function claim<T>(
  claimed: Map<string, T>,
  key: string,
  need: T,
  { line, what, lineOf }: { line: number; what: string; lineOf: (need: T) => number },
): void {
  const earlier = claimed.get(key);
  if (earlier !== undefined) {
    throw new ConflictError(`Line ${line}: ${what} is taken by line ${lineOf(earlier)} already`);
  }
  claimed.set(key, need);
}

function refuseCircle(
  waiting: readonly { id: string; after: readonly Parent[] }[],
  lines: ReadonlyMap<string, number>,
): void {
  const circle = findCircle(waiting.filter(({ id }) => id !== ""));
  if (circle) throw atLine(new CircleError(circle), lines.get(circle[0]!));
}

/** The same error, with the line before its message. */
export function atLine<E extends QueuectlError>(error: E, line: number | undefined): E {
  if (line !== undefined) error.message = `Line ${line}: ${error.message}`;
  return error;
}
