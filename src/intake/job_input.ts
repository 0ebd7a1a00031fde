/**
 * Jobs out of text: one JSON value, a list, or NDJSON.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { jsonProblem } from "./json_problem.ts";

/** One job as it was written, and where. */
export interface WrittenJob {
  readonly value: unknown;
  /** Where it stands, to begin a message with: `Line 3: `; empty where there is only one. */
  readonly where: string;
}

/** What a text holds. */
export interface JobInput {
  readonly jobs: readonly WrittenJob[];
  /** Whether it was written as a list, however many there are in it. */
  readonly isList: boolean;
}

/**
 * Reads jobs: a text whose first line is a complete value is NDJSON, else the whole is one value. A
 * byte order mark, blank lines and CRLF do not matter.
 *
 * @throws {UsageError} if it is not JSON; it names the line
 */
export function readJobs(text: string): JobInput {
  const input = text.startsWith("\ufeff") ? text.slice(1) : text;
  const start = input.search(/\S/);
  if (start < 0) return { jobs: [], isList: false };
  const lineEnd = input.indexOf("\n", start);
  const hasMore = lineEnd >= 0 && /\S/.test(input.slice(lineEnd, lineEnd + 1000).trimStart());
  if (!hasMore || !isJson(input.slice(start, lineEnd))) return oneValue(parse(input, ""));
  return { jobs: readLines(input), isList: true };
}

function oneValue(value: unknown): JobInput {
  if (!Array.isArray(value)) return { jobs: [{ value, where: "" }], isList: false };
  const jobs = value.map((item, index) => ({ value: item, where: `Job ${index + 1}: ` }));
  return { jobs, isList: true };
}

/**
 * Reads NDJSON: a job a line; blank lines and CRLF do not matter.
 *
 * @throws {UsageError} if a line is not JSON; it names the line
 */
export function readLines(input: string): WrittenJob[] {
  const jobs: WrittenJob[] = [];
  let line = 0;
  for (const text of input.split("\n")) {
    line++;
    if (text.trim() === "") continue;
    jobs.push(parseLine(text, line));
  }
  return jobs;
}

/**
 * The job of a line of NDJSON.
 *
 * @throws {UsageError} if it is not JSON; it names the line
 */
export function parseLine(text: string, line: number): WrittenJob {
  const where = `Line ${line}: `;
  return { value: parse(text, where, line), where };
}

function parse(text: string, where: string, line: number | null = null): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = jsonProblem(error as Error, text);
    // V8 counts lines within the text that it was given, which is one line of the input.
    const reason = where === "" ? message : message.replace(/ \(line 1 column \d+\)$/, "");
    throw Object.assign(new UsageError(`${where}Not valid JSON: ${reason}`), { line });
  }
}

/** Whether a text is one JSON value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
