/**
 * The enqueue form: what stands in its fields, and the job spec that it means. Each field is checked by
 * the table that the server checks with, so the words are the same.
 *
 * @module
 */

import * as v from "valibot";
import type { JobJson } from "../../job/json.ts";
import { SPEC_FIELDS, type SpecKey } from "../../job/spec_fields.ts";
import { capital } from "./format.ts";

/** What stands in the fields, as it was typed. */
export interface FormFields {
  readonly command: string;
  readonly id: string;
  readonly queue: string;
  readonly priority: string;
  readonly max_retries: string;
  readonly timeout: string;
  /** Which of the two next fields counts. */
  readonly when: "now" | "delay" | "run_at" | "hold";
  readonly delay: string;
  /** As `<input type="datetime-local">` has it: local time. */
  readonly run_at: string;
  /** Words. */
  readonly tags: string;
  /** `NAME=value`, one a line. */
  readonly env: string;
  readonly stdin: string;
  readonly unique_key: string;
  readonly if_exists: "fail" | "return" | "replace";
  /** `id` or `id on`, one a line. */
  readonly after: string;
  readonly cwd: string;
  readonly backoff_base: string;
  readonly backoff_max: string;
  readonly backoff_jitter: string;
  readonly fatal_exit_codes: string;
}

/** A field of the form. */
export type FieldName = keyof FormFields;

/** What is wrong, by field. */
export type FieldErrors = Partial<Record<FieldName, string>>;

/** A job spec as JSON. */
export type SpecJson = Readonly<Record<string, unknown>>;

/** An empty form. */
export const EMPTY_FORM: FormFields = {
  command: "",
  id: "",
  queue: "",
  priority: "",
  max_retries: "",
  timeout: "",
  when: "now",
  delay: "",
  run_at: "",
  tags: "",
  env: "",
  stdin: "",
  unique_key: "",
  if_exists: "fail",
  after: "",
  cwd: "",
  backoff_base: "",
  backoff_max: "",
  backoff_jitter: "",
  fatal_exit_codes: "",
};

/** The fields that are keys of the spec, in the order in which the form has them. */
const KEYS = Object.keys(EMPTY_FORM).filter((name) => name in SPEC_FIELDS) as SpecKey[];

/** A field whose text is the value. */
const TEXTS: ReadonlySet<string> = new Set([
  "command",
  "id",
  "queue",
  "stdin",
  "unique_key",
  "cwd",
]);

/** The spec that the fields mean. What is empty is absent. */
export function specOfForm(fields: FormFields): SpecJson {
  const spec: Record<string, unknown> = {};
  for (const key of KEYS) {
    const text = fields[key as FieldName];
    if ((key === "delay" || key === "run_at") && fields.when !== key) continue;
    // An empty command is an error, as is a time that was chosen and not given.
    if (text.trim() === "" && key !== "command" && fields.when !== key) continue;
    spec[key] = valueOf(key, text);
  }
  return spec;
}

/** What is wrong with the fields; empty if nothing is. */
export function checkForm(fields: FormFields): FieldErrors {
  const errors: FieldErrors = {};
  for (const [key, value] of Object.entries(specOfForm(fields))) {
    const error = checkValue(key as SpecKey, value);
    if (error !== null) errors[key as FieldName] = error;
  }
  return errors;
}

/** What is wrong with a value, as a sentence of its own; null if nothing is. */
export function checkValue(key: SpecKey, value: unknown): string | null {
  const result = v.safeParse(SPEC_FIELDS[key], value);
  return result.success ? null : capital(result.issues[0].message);
}

/**
 * The form of a job that is enqueued again. The values of its variables and its input are not known: they
 * are never printed.
 */
export function formOfJob(job: JobJson): FormFields {
  const number = (value: number | null) => value === null ? "" : String(value);
  return {
    ...EMPTY_FORM,
    command: job.command,
    queue: job.queue,
    priority: job.priority === 0 ? "" : String(job.priority),
    max_retries: number(job.max_retries),
    timeout: job.timeout === null ? "none" : String(job.timeout),
    tags: job.tags.join(" "),
    env: (job.env ?? []).map((name) => `${name}=\n`).join(""),
    unique_key: job.unique_key ?? "",
    after: (job.after ?? []).map(({ id, on }) => on === "ok" ? `${id}\n` : `${id} ${on}\n`).join(
      "",
    ),
    cwd: job.cwd ?? "",
    backoff_base: number(job.backoff_base),
    backoff_max: number(job.backoff_max),
    backoff_jitter: number(job.backoff_jitter),
    fatal_exit_codes: (job.fatal_exit_codes ?? []).join(" "),
  };
}

/**
 * The form of a spec that was written as JSON; null if the form cannot show all of it.
 *
 * @param rest the fields that are not in the spec
 */
export function formOfSpec(
  spec: SpecJson,
  rest: Pick<FormFields, "if_exists" | "when">,
): FormFields | null {
  const given = Object.entries(spec).filter(([, value]) => value !== null);
  const texts = given.map(([key, value]) => [key, textOf(key, value)] as const);
  if (texts.some(([key, text]) => text === null || !(KEYS as readonly string[]).includes(key))) {
    return null;
  }
  const held = rest.when === "hold";
  const timed = given.map(([key]) => key).find((key) => key === "delay" || key === "run_at");
  if (held && timed !== undefined) return null;
  const when = timed ?? (held ? "hold" : "now");
  const fields = {
    ...EMPTY_FORM,
    if_exists: rest.if_exists,
    ...Object.fromEntries(texts),
    when,
  } as FormFields;
  const back = specOfForm(fields);
  const isWhole = given.every(([key, value]) => {
    if (key === "run_at") return Date.parse(String(back[key])) === Date.parse(String(value));
    return JSON.stringify(back[key]) === JSON.stringify(value);
  });
  return isWhole ? fields : null;
}

/** A value as its field has it; null if the field has no words for it. */
function textOf(key: string, value: unknown): string | null {
  if (key === "run_at") return localOf(value);
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (Array.isArray(value)) {
    const lines = value.map((item) =>
      typeof item === "object" && item !== null ? Object.values(item).join(" ") : String(item)
    );
    return lines.join(key === "after" ? "\n" : " ");
  }
  if (key !== "env" || typeof value !== "object") return null;
  return Object.entries(value as object).map(([name, text]) => `${name}=${text}\n`).join("");
}

/** An instant as `<input type="datetime-local">` has it; null if it is none. */
function localOf(value: unknown): string | null {
  const time = typeof value === "string" && /(?:Z|[+-]\d\d:\d\d)$/i.test(value)
    ? new Date(value)
    : new Date(NaN);
  if (Number.isNaN(time.getTime())) return null;
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** The value of a key that its field means; what makes no sense stays a text, for the check to refuse. */
export function valueOf(key: SpecKey, text: string): unknown {
  if (TEXTS.has(key)) return text;
  const trimmed = text.trim();
  switch (key) {
    case "tags":
      return trimmed.split(/[\s,]+/).filter((tag) => tag !== "");
    case "env":
      return variablesOf(text);
    case "after":
      return trimmed.split(/\s*\n\s*/).map((line) => {
        const [id, on, ...more] = line.split(/\s+/);
        return on === undefined ? id : { id, on: [on, ...more].join(" ") };
      });
    case "fatal_exit_codes":
      return trimmed.split(/[\s,]+/).map(numberOr);
    case "run_at":
      return instantOf(trimmed);
    default:
      return numberOr(trimmed);
  }
}

/** The number that the text is, or the text. */
function numberOr(text: string): number | string {
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text;
}

/** The lines as an object; the lines themselves if one is no `NAME=value`, for the check to refuse. */
function variablesOf(text: string): unknown {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const pairs = lines.map((line) => {
    const at = line.indexOf("=");
    return at === -1 ? null : [line.slice(0, at).trim(), line.slice(at + 1)] as const;
  });
  return pairs.includes(null) ? text : Object.fromEntries(pairs as [string, string][]);
}

/** The server may be in another zone than the page. */
function instantOf(local: string): string {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? local : time.toISOString();
}
