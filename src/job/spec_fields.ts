/**
 * The keys of a job spec, each with its schema: the one place that says what a user may write. The
 * validator and the JSON Schema both read it.
 *
 * @module
 */

import * as v from "valibot";
import { parseDuration } from "./duration.ts";

/** One argument of a Linux program may have 131,072 bytes, its ending NUL among them. */
export const MAX_COMMAND_BYTES = 131_071;

const PRIORITY_NAMES: Readonly<Record<string, number>> = { low: -10, normal: 0, high: 10 };

const encoder = new TextEncoder();

function fitsArgument(text: string): boolean {
  // A UTF-16 unit is at most three bytes of UTF-8, so most texts need not be encoded.
  return text.length * 3 <= MAX_COMMAND_BYTES ||
    encoder.encode(text).byteLength <= MAX_COMMAND_BYTES;
}

const text = (message: string) =>
  v.pipe(
    v.string(message),
    v.check(
      (value) => !value.includes("\0"),
      "holds a NUL character, which no program can be given",
    ),
    v.check((value) => value.isWellFormed(), "is not valid Unicode (a lone surrogate)"),
  );

const integer = (min: number, max: number, message: string) =>
  v.pipe(
    v.number(message),
    v.safeInteger(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  );

const numberBetween = (min: number, max: number) => {
  const message = `must be a number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
};

const duration = v.pipe(
  v.union([v.number(), v.string()], "must be a duration such as 90, 250ms, 90s, 10m, 1h30m or 2d"),
  v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
    try {
      return parseDuration(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
      return NEVER;
    }
  }),
);

const PRIORITY = "must be an integer from -1000 to 1000, or low, normal or high";
const TAGS = 'must be a list of texts, such as ["nightly"]';

/** What each key of a job spec may hold. Values come out in the domain's units (milliseconds). */
export const SPEC_FIELDS = {
  command: v.pipe(
    text("must be a text, the shell command to run"),
    v.check((value) => value.trim() !== "", "is empty: give the shell command to run"),
    v.check(fitsArgument, `is longer than ${MAX_COMMAND_BYTES} bytes: put it into a script file`),
  ),
  id: v.pipe(
    v.string("must be a text"),
    v.regex(
      /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/,
      "must begin with a letter or digit and hold at most 128 letters, digits and . _ : @ / -",
    ),
  ),
  queue: v.pipe(
    v.string("must be a text"),
    v.regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      "must begin with a letter or digit and hold at most 64 letters, digits and . _ -",
    ),
  ),
  priority: v.union([
    integer(-1000, 1000, PRIORITY),
    v.pipe(
      v.picklist(Object.keys(PRIORITY_NAMES), PRIORITY),
      v.transform((name) => PRIORITY_NAMES[name]!),
    ),
  ], PRIORITY),
  max_retries: integer(0, Number.MAX_SAFE_INTEGER, "must be an integer of 0 or more"),
  backoff_base: numberBetween(0, 1000),
  backoff_max: duration,
  backoff_jitter: numberBetween(0, 1),
  cwd: v.pipe(
    text("must be a text, the path of a directory"),
    v.check((value) => value !== "", "is empty: give the path of a directory"),
  ),
  tags: v.pipe(
    v.array(
      v.pipe(
        text(TAGS),
        v.check(
          (tag) => /^[^\s,]{1,128}$/.test(tag),
          "has a tag that is empty, longer than 128 characters, or holds a space or comma",
        ),
      ),
      TAGS,
    ),
    v.maxLength(100, "holds more than 100 tags"),
    v.transform((tags) => [...new Set(tags)]),
  ),
} as const;

/** A key of a job spec. */
export type SpecKey = keyof typeof SPEC_FIELDS;

/** A job spec after validation: only the keys that were given. */
export type JobSpec = { readonly [K in SpecKey]?: v.InferOutput<(typeof SPEC_FIELDS)[K]> };
