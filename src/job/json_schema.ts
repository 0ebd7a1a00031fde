/**
 * The JSON Schema of the job spec, for editors and for programs that write jobs. Made from the same
 * table that validates; what a schema cannot say stands in words beside it.
 *
 * @module
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import { MAX_DURATION } from "./duration.ts";
import { MAX_COMMAND_BYTES, SPEC_FIELDS, type SpecKey } from "./spec_fields.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What the schema says of a key beside what the validator's own table gives. */
interface Words extends JsonSchema {
  readonly description: string;
}

/** What a duration may be, in words. */
export const DURATION =
  "Seconds as a number, or a text such as 250ms, 90s, 10m, 1h30m or 2d; at most 100 years";

const SECONDS = { minimum: 0, maximum: MAX_DURATION / 1000 };

/** Bounds on the number of a duration; a text has them too, but no pattern can say so. */
function seconds(bounds: JsonSchema): JsonSchema {
  return { anyOf: [{ type: "number", ...SECONDS, ...bounds }, { type: "string" }] };
}

const WORDS: Readonly<Record<SpecKey, Words>> = {
  command: {
    description:
      `The shell command to run, as /bin/sh -c -- COMMAND. At most ${MAX_COMMAND_BYTES} bytes of ` +
      "UTF-8, no NUL, not only blanks",
    pattern: "\\S",
    maxLength: MAX_COMMAND_BYTES,
    examples: ["echo Hello World"],
  },
  id: { description: "Its id; a second job with it is a conflict. Default: a UUIDv7" },
  queue: { description: "The queue that it is in", default: "default" },
  priority: {
    description: "Higher first; equal ones in order of arrival. low is -10, normal 0, high 10",
    default: 0,
  },
  max_retries: {
    description:
      "r retries mean at most r + 1 attempts. Default: the setting default_max_retries (3)",
  },
  backoff_base: {
    description: "After the n-th failed attempt it waits min(backoff_base ^ n, backoff_max) " +
      "seconds. Default: the setting backoff_base (2)",
  },
  backoff_max: {
    description: `The longest wait before another attempt. ${DURATION}. Default: the setting ` +
      "backoff_max (1d)",
    ...seconds({}),
  },
  backoff_jitter: {
    description: "Up to so much of the wait is added or removed at random. Default: the setting " +
      "backoff_jitter (0)",
  },
  timeout: {
    description: `An attempt that runs for longer is ended. ${DURATION}, longer than 0; or none, ` +
      "whatever the settings say. Default: the setting default_timeout (none)",
    ...seconds({ exclusiveMinimum: 0 }),
  },
  run_at: {
    description: "Not before this time: RFC 3339, in local time if it has no zone. Not together " +
      "with delay",
    examples: ["2030-01-31T18:00:00Z", "2030-01-31T18:00"],
  },
  delay: {
    description: `Not before so long from now. ${DURATION}. Not together with run_at`,
    ...seconds({}),
  },
  unique_key: {
    description: "At most one job that has not ended holds it",
    minLength: 1,
  },
  after: {
    description: "The jobs that have to end first, each once: an id, or an id with on, which is " +
      "ok (it completed), any (it ended) or notok (it ended otherwise)",
    uniqueItems: true,
    default: [],
    examples: [["job1"], [{ id: "job1", on: "any" }]],
  },
  env: {
    description: "Variables that are added to the worker's environment. No name begins with " +
      `QUEUECTL_; one NAME=value has at most ${MAX_COMMAND_BYTES} bytes, all together 1 MiB. The ` +
      "values are never shown, so a printed job has only the names, which are not taken back",
    default: {},
    examples: [{ LANG: "C" }],
  },
  stdin: { description: "What the command finds on its standard input; at most 16 MiB" },
  fatal_exit_codes: {
    description: "Exit codes that send it to the dead letter queue at once",
    default: [],
  },
  cwd: {
    description:
      "The directory that it runs in. Default: the one in which it is enqueued; with PostgreSQL, " +
      "the worker's",
    minLength: 1,
  },
  tags: {
    description: "To find it by; none holds a space or a comma",
    items: { type: "string", pattern: "^[^\\s,]+$", maxLength: 128 },
    default: [],
  },
};

const TIME_STAMP = { description: "Printed; not read" };

/** What queuectl prints of a job and a user cannot choose: taken with the value of a new job. */
const PRINTED: Readonly<Record<string, JsonSchema>> = {
  state: { description: "Printed; taken only as that of a new job", enum: ["pending", null] },
  attempts: { description: "Printed; taken only as that of a new job", enum: [0, null] },
  exit_code: { description: "Printed; taken only as that of a new job", type: "null" },
  error: { description: "Printed; taken only as that of a new job", type: "null" },
  worker_id: { description: "Printed; taken only as that of a new job", type: "null" },
  schedule: { description: "Printed; taken only as that of a new job", type: "null" },
  progress: { description: "Printed; taken only as that of a new job", type: "null" },
  attempt_log: { description: "Printed; not read", type: ["array", "null"] },
  created_at: TIME_STAMP,
  updated_at: TIME_STAMP,
  started_at: TIME_STAMP,
  finished_at: TIME_STAMP,
  fire_time: TIME_STAMP,
};

/** The JSON Schema (draft 2020-12) of one job as `enqueue` takes it. */
export function jobSchema(): JsonSchema {
  const fields = Object.entries(SPEC_FIELDS).map(([key, field]) => {
    const { $schema: _, ...schema } = toJsonSchema(field, {
      typeMode: "input",
      target: "draft-2020-12",
      // The checks that it cannot express are in the words.
      errorMode: "ignore",
    });
    const all = { ...schema, ...WORDS[key as SpecKey] };
    return [key, key === "command" ? all : orNull(all)];
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A job of queuectl",
    description:
      "What enqueue takes: one such object, a list of them, or one a line. null means absent. " +
      "Keys may also be written in camelCase or kebab-case, and cmd, timeout_seconds and " +
      "delay_seconds are understood; this schema knows the one spelling that queuectl prints, so " +
      "that an editor finds what is mistyped.",
    type: "object",
    properties: { ...Object.fromEntries(fields), ...PRINTED },
    required: ["command"],
    not: {
      description: "run_at and delay both say when",
      required: ["run_at", "delay"],
      properties: { run_at: { not: { type: "null" } }, delay: { not: { type: "null" } } },
    },
    additionalProperties: false,
    examples: [{ id: "job1", command: "echo Hello World" }],
  };
}

/** The same, or null. */
function orNull(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...schema.anyOf, { type: "null" }] };
  return { ...schema, type: [schema.type, "null"] };
}
