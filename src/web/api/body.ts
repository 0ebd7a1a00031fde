/**
 * Bodies of requests: of the right type, and never larger than they may be, however long they say that
 * they are.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { jsonProblem } from "../../intake/json_problem.ts";
import { TooLargeError, UnsupportedTypeError } from "./errors.ts";
import { readFields } from "./fields.ts";
import type { BodySpec, RawBody } from "./route.ts";

const MIB = 1024 * 1024;

/** The largest body but that of jobs, bytes. */
export const MAX_BODY = MIB;

/** The largest body with jobs, bytes. */
const MAX_JOBS_BODY = 64 * MIB;

/** NDJSON, by the names that it goes by. */
export const LINE_TYPES: readonly string[] = [
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
];

/** What is sent without a type, as `curl -d` has it only on purpose. */
const JSON_TYPE = "application/json";

/**
 * Reads a body as a route wants it.
 *
 * @throws {UsageError} if it is not JSON, or not what the route takes
 * @throws {TooLargeError} if it is too large
 * @throws {UnsupportedTypeError} if it is of another type
 */
export async function readBody(spec: BodySpec, request: Request): Promise<unknown> {
  const type = (request.headers.get("content-type") ?? JSON_TYPE).split(";")[0]!.trim()
    .toLowerCase();
  const isOfLines = LINE_TYPES.includes(type);
  if (!(type === JSON_TYPE || (spec.kind === "jobs" && isOfLines))) {
    const lines = spec.kind === "jobs" ? " or application/x-ndjson" : "";
    throw new UnsupportedTypeError(`The body must be of the type application/json${lines}`);
  }
  if (spec.kind === "jobs") {
    const body: RawBody = { type, stream: limited(request, MAX_JOBS_BODY) };
    return body;
  }
  const limit = spec.kind === "job" ? MAX_JOBS_BODY : MAX_BODY;
  const text = await readText(limited(request, limit));
  if (spec.kind === "job") return parse(text);
  const input = text.trim() === "" ? {} : parse(text);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new UsageError("The body must be a JSON object");
  }
  return readFields(spec.fields, input as Record<string, unknown>, "key");
}

/** The bytes, as long as there are no more than so many. */
function limited(request: Request, limit: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const advice = limit === MAX_JOBS_BODY ? ": send the jobs in several parts" : "";
  if (Number(request.headers.get("content-length") ?? 0) > limit) {
    void request.body?.cancel().catch(() => {});
    throw new TooLargeError(limit, advice);
  }
  let size = 0;
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      size += chunk.length;
      if (size > limit) controller.error(new TooLargeError(limit, advice));
      else controller.enqueue(chunk);
    },
  });
  return (request.body ?? new Blob([]).stream()).pipeThrough(counter);
}

async function readText(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const bytes = new Uint8Array(await new Blob(await Array.fromAsync(stream)).arrayBuffer());
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError("The body is not UTF-8 text");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Not valid JSON: ${jsonProblem(error as Error, text)}`);
  }
}
