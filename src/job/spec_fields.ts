/**
 * The keys of a job spec, each with its schema: the one place that says what a user may write. The
 * validator and the JSON Schema both read it.
 *
 * @module
 */

import * as v from "valibot";
import { parseDuration } from "./duration.ts";
import { type Condition, CONDITIONS, type Parent } from "./job.ts";
import { parseTime } from "./time.ts";

/** One argument of a Linux program may have 131,072 bytes, its ending NUL among them. */
export const MAX_COMMAND_BYTES = 131_071;

const PRIORITY_NAMES: Readonly<Record<string, number>> = { low: -10, normal: 0, high: 10 };

const encoder = new TextEncoder();

/** All variables of a job together; what a process is given in all must fit into a quarter of its stack. */
const MAX_ENV_BYTES = 1024 * 1024;

/** The longest standard input, bytes: it is kept in the store, and read at once. */
const MAX_STDIN_BYTES = 16 * 1024 * 1024;

function fits(text: string, bytes: number): boolean {
  // A UTF-16 unit is at most three bytes of UTF-8, so most texts need not be encoded.
  return text.length * 3 <= bytes || encoder.encode(text).byteLength <= bytes;
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

const DURATION = "must be a duration such as 90, 250ms, 90s, 10m, 1h30m or 2d";

/** A value that one of the domain's own readers reads; its error is the issue. */
const readBy = <I extends string | number, O>(read: (input: I) => O) =>
  v.rawTransform<I, O>(({ dataset, addIssue, NEVER }) => {
    try {
      return read(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
      return NEVER;
    }
  });

const duration = v.pipe(
  v.union([v.number(), v.string()], DURATION),
  readBy(parseDuration),
);

/** `timeout`: zero would end every command at once, and `none` overrides the config. */
function parseTimeout(input: string | number): number | null {
  if (input === "none") return null;
  const timeout = parseDuration(input);
  if (timeout === 0) throw new RangeError("must be longer than 0, or none");
  return timeout;
}

/** A parent may be given by its id alone. */
function toParent(parent: string | { id: string; on?: Condition | undefined }): Parent {
  return typeof parent === "string"
    ? { id: parent, on: "ok" }
    : { id: parent.id, on: parent.on ?? "ok" };
}

const PRIORITY = "must be an integer from -1000 to 1000, or low, normal or high";
const TAGS = 'must be a list of texts, such as ["nightly"]';

const TIME = "must be a time such as 2030-01-31T18:00:00Z, or 2030-01-31T18:00 in local time";
const AFTER = 'must be a list of ids, such as ["job1"], or of objects such as ' +
  '{"id": "job1", "on": "any"}, where "on" is ok, any or notok';
const ENV = 'must be an object of texts, such as {"LANG": "C"}';
const CODES = "must be a list of exit codes from 1 to 255, such as [2, 64]";

const id = v.pipe(
  v.string("must be a text"),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/,
    "must begin with a letter or digit and hold at most 128 letters, digits and . _ : @ / -",
  ),
);

/** What each key of a job spec may hold. Values come out in the domain's units (milliseconds). */
export const SPEC_FIELDS = {
  command: v.pipe(
    text("must be a text, the shell command to run"),
    v.check((value) => value.trim() !== "", "is empty: give the shell command to run"),
    v.check(
      (value) => fits(value, MAX_COMMAND_BYTES),
      `is longer than ${MAX_COMMAND_BYTES} bytes: put it into a script file`,
    ),
  ),
  id,
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
  timeout: v.pipe(v.union([v.number(), v.string()], DURATION), readBy(parseTimeout)),
  run_at: v.pipe(v.string(TIME), readBy(parseTime)),
  delay: duration,
  unique_key: v.pipe(
    text("must be a text"),
    v.check((key) => key !== "", "is empty"),
    v.maxLength(256, "is longer than 256 characters"),
  ),
  after: v.pipe(
    v.array(
      v.union([
        id,
        v.strictObject({
          id,
          on: v.optional(v.picklist(CONDITIONS)),
        }),
      ], AFTER),
      AFTER,
    ),
    v.maxLength(1000, "holds more than 1000 ids"),
    v.transform((parents) => parents.map(toParent)),
    v.check(
      (parents) => new Set(parents.map(({ id }) => id)).size === parents.length,
      "names a job twice",
    ),
  ),
  env: v.pipe(
    v.record(
      v.pipe(
        v.string(),
        v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "has a name that is not letters, digits and _"),
        v.check(
          (name) => !/^QUEUECTL_/.test(name),
          "sets a variable that begins with QUEUECTL_, which is for queuectl itself",
        ),
      ),
      text(ENV),
      ENV,
    ),
    v.check(
      (env) =>
        Object.entries(env).every(([name, value]) => fits(`${name}=${value}`, MAX_COMMAND_BYTES)),
      `has a variable that is longer than ${MAX_COMMAND_BYTES} bytes: put it into a file`,
    ),
    v.check(
      (env) => fits(Object.entries(env).flat().join(), MAX_ENV_BYTES),
      `is longer than ${MAX_ENV_BYTES} bytes in all: put it into a file`,
    ),
  ),
  stdin: v.pipe(
    v.string("must be a text"),
    v.check((value) => value.isWellFormed(), "is not valid Unicode (a lone surrogate)"),
    v.check(
      (value) => fits(value, MAX_STDIN_BYTES),
      `is longer than ${MAX_STDIN_BYTES} bytes: give the command a file to read`,
    ),
  ),
  fatal_exit_codes: v.pipe(
    v.array(integer(1, 255, CODES), CODES),
    v.transform((codes) => [...new Set(codes)].sort((a, b) => a - b)),
  ),
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
