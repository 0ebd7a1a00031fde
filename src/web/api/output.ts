/**
 * What jobs wrote.
 *
 * @module
 */

import * as v from "valibot";
import { AttemptOutput, type Piece } from "../../attempt_output.ts";
import { NotFoundError } from "../../errors.ts";
import { type Followed, followOutput } from "../../follow_output.ts";
import type { Attempt } from "../../job/job.ts";
import { OutputJson, type OutputJsonPiece } from "../../json/output_json.ts";
import { countOf } from "../../numbers.ts";
import { integerIn } from "../../readers.ts";
import type { Store } from "../../store/store.ts";
import type { Stream } from "../../worker/protocol.ts";
import { reading, SWITCH } from "./fields.ts";
import { findJob, JOB_ID, JOB_ID_WORDS } from "./find_job.ts";
import { word } from "./job_filter.ts";
import { defineRoute, type Route } from "./route.ts";
import { OUTPUT_PIECE } from "./schemas.ts";
import { jsonArray, jsonLines } from "./stream.ts";

const STREAMS = ["both", "stdout", "stderr"] as const;

const FORMATS = ["text", "json"] as const;

const output = defineRoute({
  method: "GET",
  path: "/api/jobs/{id}/output",
  name: "getOutput",
  tag: "jobs",
  summary: "Get what a job wrote",
  description:
    "Of the latest attempt, unless another one is asked for. As text it is what was written, " +
    "byte for byte, both streams in the order in which they came; where output was not kept " +
    "(max_output) nothing shows it. As JSON each piece has its time and its stream, is base64 where it " +
    "is not UTF-8, and `missing` counts the bytes that are missing before it. With `follow` it goes on " +
    "as more is written, until the job has ended, over all later attempts; of one attempt until that " +
    "one has. JSON is then an object a line.",
  writes: false,
  params: JOB_ID,
  query: {
    attempt: v.optional(
      reading(integerIn({ min: 1 }), { type: "integer", minimum: 1 }),
    ),
    stream: v.optional(word(STREAMS, "both")),
    format: v.optional(word(FORMATS, "text")),
    follow: v.optional(SWITCH),
  },
  words: {
    ...JOB_ID_WORDS,
    attempt: "The number of the attempt, as in attempt_log",
    stream: "Only what was written to one of them",
    format: "text, or json with times and streams",
    follow: "Go on until the job has ended",
  },
  responses: {
    200: {
      description: "The output",
      content: {
        "application/octet-stream": null,
        "application/json": v.array(OUTPUT_PIECE),
        "application/x-ndjson": null,
      },
    },
  },
  errors: [400, 404],
  async handle({ store, params: { id }, query, signal }) {
    const { attempt = null, stream = "both", format = "text", follow = false } = query;
    const only = stream === "both" ? null : stream;
    const entry = await findAttempt(store, id, attempt, follow);
    const events = follow
      ? followOutput(store, { id, attempt, signal })
      : entry === null
      ? nothing()
      : outputOf(store, id, entry);
    if (format === "text") {
      // Browsers would show what a job wrote as a page of the dashboard, or guess that it is one.
      const type = "application/octet-stream";
      return { status: 200, type, parts: bytesOf(events, only) };
    }
    const pieces = piecesOf(events, only);
    return follow ? { status: 200, type: "application/x-ndjson", parts: jsonLines(pieces) } : {
      status: 200,
      type: "application/json; charset=utf-8",
      parts: jsonArray(pieces),
    };
  },
});

/**
 * The attempt that is asked for, or the latest one; null if there is none yet.
 *
 * @throws {NotFoundError} if there is no such job, or no such attempt and it is not to be waited for
 */
async function findAttempt(
  store: Store,
  id: string,
  attempt: number | null,
  mayWait: boolean,
): Promise<Attempt | null> {
  await findJob(store, id);
  const log = await store.attempts(id);
  if (attempt === null) return log.at(-1) ?? null;
  const entry = log.find((candidate) => candidate.attempt === attempt);
  if (entry !== undefined || mayWait) return entry ?? null;
  const count = log.length === 0 ? "none" : countOf(log.length, "attempt");
  throw new NotFoundError(`Job ${id} has no attempt ${attempt}: so far it has had ${count}`);
}

async function* outputOf(
  store: Store,
  id: string,
  { attempt, finishedAt, outputBytes }: Attempt,
): AsyncGenerator<Followed> {
  const output = new AttemptOutput(store, id, attempt);
  const pieces = finishedAt === null ? output.read() : output.readToEnd(outputBytes);
  for await (const piece of pieces) yield { kind: "output", attempt, piece };
  yield { kind: "ends", attempt };
}

async function* nothing(): AsyncGenerator<never> {}

async function* bytesOf(
  events: AsyncIterable<Followed>,
  only: Stream | null,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const event of events) {
    if (event.kind !== "output") continue;
    const { stream, bytes } = event.piece;
    if (bytes.length > 0 && (only === null || only === stream)) yield Uint8Array.from(bytes);
  }
}

async function* piecesOf(
  events: AsyncIterable<Followed>,
  only: Stream | null,
): AsyncGenerator<OutputJsonPiece> {
  const json = new OutputJson(only);
  for await (const event of events) {
    if (event.kind === "output") yield* json.convert(event.piece satisfies Piece);
    else if (event.kind === "ends") yield* json.end();
  }
}

/** The routes. */
export const OUTPUT_ROUTES: readonly Route[] = [output];
