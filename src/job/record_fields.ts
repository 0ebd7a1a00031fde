/**
 * The keys that a line of an export has beside those of the job spec, each with its schema.
 *
 * @module
 */

import * as v from "valibot";
import { fromBase64 } from "../base64.ts";
import { errorText, type OutcomeKind } from "./outcome.ts";
import { SPEC_FIELDS } from "./spec_fields.ts";
import { STATES } from "./state.ts";

const OUTCOMES: Readonly<Record<OutcomeKind, true>> = {
  completed: true,
  failed: true,
  not_started: true,
  timed_out: true,
  lost: true,
  cancelled: true,
  handed_back: true,
};

const time = SPEC_FIELDS.run_at;
const id = SPEC_FIELDS.id;

/** A number of attempts: a worker goes on counting from here, so it stays far from 2^53. */
const MAX_ATTEMPTS = 1_000_000_000;

/** More bytes than any command writes, and few enough that positions can be added up. */
export const MAX_BYTES = 10 ** 15;

const integer = (min: number, max: number, message = `must be an integer from ${min} to ${max}`) =>
  v.pipe(
    v.number(message),
    v.safeInteger(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  );

const attemptCount = integer(0, MAX_ATTEMPTS);
const attemptNumber = integer(1, MAX_ATTEMPTS);
const byteCount = integer(0, MAX_BYTES);

const anyText = v.pipe(
  v.string("must be a text"),
  v.check((value) => value.isWellFormed(), "is not valid Unicode (a lone surrogate)"),
);

/** SQLite keeps a text with a NUL, but gives back only what comes before it. */
const text = v.pipe(
  anyText,
  v.check((value) => !value.includes("\0"), "holds a NUL character"),
);

/** Windows has codes of 32 bits, and programs that read them as signed. */
const exitCode = integer(-(2 ** 31), 2 ** 32 - 1, "must be an integer of at most 32 bits");

const orNull = <const T extends v.GenericSchema>(schema: T) => v.nullish(schema, null);

const ATTEMPT = "must be an attempt as export writes it, and nothing else";

const attempt = v.strictObject({
  attempt: attemptNumber,
  outcome: orNull(
    v.picklist(
      Object.keys(OUTCOMES) as OutcomeKind[],
      `must be one of ${Object.keys(OUTCOMES).join(", ")}`,
    ),
  ),
  started_at: time,
  finished_at: orNull(time),
  exit_code: orNull(exitCode),
  error: orNull(text),
  worker_id: text,
  host: text,
  output_bytes: v.nullish(byteCount, 0),
}, ATTEMPT);

const PIECE = "must be a piece of output as export writes it, and nothing else";

const base64 = v.pipe(
  v.string("must be a text"),
  v.rawTransform<string, Uint8Array>(({ dataset, addIssue, NEVER }) => {
    try {
      return fromBase64(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
      return NEVER;
    }
  }),
);

const piece = v.pipe(
  v.strictObject({
    attempt: attemptNumber,
    stream: v.picklist(["stdout", "stderr"], "must be stdout or stderr"),
    time,
    missing: v.nullish(byteCount, 0),
    text: v.optional(anyText),
    base64: v.optional(base64),
  }, PIECE),
  v.check(
    (value) => (value.text === undefined) !== (value.base64 === undefined),
    'must have one of "text" and "base64"',
  ),
);

/** What each key of a record may hold beside those of the spec. Times come out in milliseconds. */
export const RECORD_FIELDS = {
  state: v.picklist(STATES, `must be one of ${STATES.join(", ")}`),
  attempts: attemptCount,
  runs: attemptCount,
  created_at: time,
  updated_at: time,
  started_at: time,
  finished_at: time,
  exit_code: exitCode,
  error: v.pipe(text, v.transform(errorText)),
  worker_id: text,
  schedule: v.pipe(text, v.check((value) => value !== "", "is empty")),
  fire_time: time,
  progress: v.strictObject({
    percent: v.pipe(
      v.number("must be a number"),
      v.minValue(0, "must be a number from 0 to 100"),
      v.maxValue(100, "must be a number from 0 to 100"),
    ),
    message: orNull(text),
  }, 'must be progress such as {"percent": 40, "message": "encoding"}'),
  cancel_requested: v.boolean("must be true or false"),
  cancelled_by: id,
  waits_for: v.array(id, "must be a list of ids"),
  attempt_log: v.array(attempt, "must be a list of attempts"),
  output: v.array(piece, "must be a list of pieces of output"),
} as const;

/** A key of a record that the spec has not. */
export type RecordKey = keyof typeof RECORD_FIELDS;

/** What a line holds beside the spec, after validation: only the keys that were given. */
export type RecordParts = {
  readonly [K in RecordKey]?: v.InferOutput<(typeof RECORD_FIELDS)[K]>;
};

/**
 * Validates the value of one key.
 *
 * @param written the key as it was written
 * @returns the value, or a sentence that says what is wrong with it
 */
export function parseRecordField(
  key: RecordKey,
  written: string,
  value: unknown,
): { value: unknown } | { problem: string } {
  const result = v.safeParse(RECORD_FIELDS[key], value);
  if (result.success) return { value: result.output };
  const [issue] = result.issues;
  const path = (issue.path ?? []).map((step) =>
    typeof step.key === "number" ? ` ${step.key + 1}` : `, "${String(step.key)}"`
  );
  return { problem: `"${written}"${path.join("")} ${issue.message}` };
}
