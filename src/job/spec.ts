/**
 * From what a user wrote to a job: validation, other spellings of the keys, and the resolution
 * against the config.
 *
 * @module
 */

import * as v from "valibot";
import type { NewJob } from "./job.ts";
import { type JobSpec, SPEC_FIELDS, type SpecKey } from "./spec_fields.ts";
import { nearest } from "../nearest.ts";
import { quote } from "../quote.ts";

/** Something is wrong with a job spec; the message is a sentence that names the key. */
export class SpecError extends Error {
  override name = "SpecError";
  /** The key that it is about, as the spec spells it; null: the job as a whole. */
  readonly key: string | null;

  constructor(message: string, key: string | null = null) {
    super(message);
    this.key = key;
  }
}

const nothing = () => false;
const anything = () => true;

/**
 * Keys that queuectl prints and a user cannot choose. People paste whole jobs, so the value of a new
 * job is accepted; time stamps carry nothing.
 */
const PRINTED_KEYS: Readonly<Record<string, (value: unknown) => boolean>> = {
  state: (value) => value === "pending",
  attempts: (value) => value === 0,
  exit_code: nothing,
  error: nothing,
  worker_id: nothing,
  attempt_log: Array.isArray,
  created_at: anything,
  updated_at: anything,
  started_at: anything,
  finished_at: anything,
  schedule: nothing,
  fire_time: anything,
  progress: nothing,
};

const ALIASES: Readonly<Record<string, string>> = {
  cmd: "command",
  timeout_seconds: "timeout",
  delay_seconds: "delay",
};

/** Names that valibot takes out of a record without a word. */
const DROPPED_NAMES = ["__proto__", "prototype", "constructor"] as const;

/** Every key that a user may write, for suggestions. */
const KNOWN_KEYS = Object.keys(SPEC_FIELDS);

/** Own keys only: a job may hold `constructor` or `__proto__` as a key, and is told so. */
const has = (object: object, key: string): boolean => Object.hasOwn(object, key);

/**
 * Validates one job as a user wrote it: a value out of JSON, or a text, which is the command.
 *
 * @throws {SpecError} if anything is wrong with it; the message names the key
 */
export function parseSpec(input: unknown): JobSpec {
  if (typeof input === "string") return parseSpec({ command: input });
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new SpecError(`a job must be a JSON object or a text, not ${describeType(input)}`);
  }
  const spec: Record<string, unknown> = {};
  const spelled = new Map<string, string>();
  for (const [written, value] of Object.entries(input)) {
    const key = canonicalKey(written);
    const earlier = spelled.get(key);
    if (earlier !== undefined) {
      throw new SpecError(`"${earlier}" and "${written}" are the same key: give it once`, key);
    }
    spelled.set(key, written);
    if (!has(SPEC_FIELDS, key)) refuseUnlessPrinted(key, written, value);
    else if (value !== null) spec[key] = parseField(key as SpecKey, written, value);
  }
  if (spec.command === undefined) {
    throw new SpecError('"command" is missing: give the shell command to run', "command");
  }
  if (spec.run_at !== undefined && spec.delay !== undefined) {
    const [runAt, delay] = [spelled.get("run_at"), spelled.get("delay")];
    throw new SpecError(`"${runAt}" and "${delay}" both say when: give one of them`, "run_at");
  }
  return spec;
}

/** A key in the spelling of the spec: `maxRetries`, `max-retries` and `MAX_RETRIES` are one. */
export function canonicalKey(written: string): string {
  if (has(SPEC_FIELDS, written)) return written;
  const snake = written
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
  return has(ALIASES, snake) ? ALIASES[snake]! : snake;
}

function parseField(key: SpecKey, written: string, value: unknown): unknown {
  if (key === "env" && Array.isArray(value)) {
    throw new SpecError(
      `"${written}" holds only names, as it is printed: give the values too`,
      key,
    );
  }
  if (key === "env") {
    const dropped = DROPPED_NAMES.find((name) => has(Object(value), name));
    if (dropped !== undefined) {
      throw new SpecError(
        `"${written}" has a variable ${dropped}, a name that cannot be used`,
        key,
      );
    }
  }
  const result = v.safeParse(SPEC_FIELDS[key], value);
  if (result.success) return result.output;
  throw new SpecError(`"${written}" ${result.issues[0].message}`, key);
}

/** Null means absent, but a key that nobody knows is a slip even then. */
function refuseUnlessPrinted(key: string, written: string, value: unknown): void {
  if (has(PRINTED_KEYS, key)) {
    if (value === null || PRINTED_KEYS[key]!(value)) return;
    throw new SpecError(`"${written}" cannot be chosen: leave it out`, key);
  }
  const meant = nearest(key, KNOWN_KEYS);
  throw new SpecError(
    meant === null
      ? `unknown key ${quote(written)}`
      : `unknown key ${quote(written)}: did you mean "${meant}"?`,
    written,
  );
}

function describeType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** What a job takes from its surroundings where the spec says nothing. */
export interface SpecDefaults {
  readonly maxRetries: number;
  readonly backoffBase: number;
  readonly backoffMax: number;
  readonly backoffJitter: number;
  /** Milliseconds; null is none. */
  readonly timeout: number | null;
  /** The absolute directory in which a job runs that names none; null is the worker's own. */
  readonly cwd: string | null;
  /** The absolute directory that a relative `cwd` starts from. */
  readonly base: string | null;
}

/**
 * The job that a spec means, resolved against the config.
 *
 * @param newId makes an id for a job that has none
 */
export function resolveSpec(spec: JobSpec, defaults: SpecDefaults, newId: () => string): NewJob {
  return {
    id: spec.id ?? newId(),
    command: spec.command!,
    queue: spec.queue ?? "default",
    priority: spec.priority ?? 0,
    maxRetries: spec.max_retries ?? defaults.maxRetries,
    backoffBase: spec.backoff_base ?? defaults.backoffBase,
    backoffMax: spec.backoff_max ?? defaults.backoffMax,
    backoffJitter: spec.backoff_jitter ?? defaults.backoffJitter,
    timeout: spec.timeout === undefined ? defaults.timeout : spec.timeout,
    uniqueKey: spec.unique_key ?? null,
    after: spec.after ?? [],
    cwd: spec.cwd === undefined ? defaults.cwd : resolvePath(defaults.base, spec.cwd),
    tags: spec.tags ?? [],
    fatalExitCodes: spec.fatal_exit_codes ?? [],
    schedule: null,
    fireTime: null,
    held: false,
    runAt: spec.run_at ?? null,
    delay: spec.delay ?? null,
    env: spec.env ?? {},
    stdin: spec.stdin ?? null,
  };
}

/** `path` seen from `base`, without `.`, `..` and doubled slashes. */
function resolvePath(base: string | null, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${base ?? ""}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
