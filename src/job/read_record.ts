/**
 * From a line of an export, or one that a person wrote like it, to a job to be stored: validation of
 * what a job of that state can be, and the end of what ran when it was exported.
 *
 * Two things differ from `parseSpec()`: `timeout` and `cwd` are none where they are null, as they were
 * printed, and the value of a new job only where they are absent; time stamps are kept.
 *
 * @module
 */

import type { Job, Parent } from "./job.ts";
import { settle } from "./outcome.ts";
import type { KeptPiece, MovedJob } from "./record.ts";
import {
  parseRecordField,
  RECORD_FIELDS,
  type RecordKey,
  type RecordParts,
} from "./record_fields.ts";
import { recordProblems } from "./record_problems.ts";
import { canonicalKey, parseSpec, resolveSpec, type SpecDefaults, SpecError } from "./spec.ts";
import { type JobSpec, SPEC_FIELDS } from "./spec_fields.ts";
import { isFinal, type State, transition, waitingState } from "./state.ts";
import { nearest } from "../nearest.ts";

/** What a record takes from its surroundings. */
export interface RecordSurroundings {
  readonly defaults: SpecDefaults;
  /** The time of the import, milliseconds since the epoch. */
  readonly now: number;
  /** Uniform in [0, 1), for the jitter of what ran when it was exported. */
  random(): number;
  /** Makes an id for a job that has none. */
  newId(): string;
  /** Leave `env` out where it has only names, instead of refusing a job that is yet to run. */
  readonly dropEnv: boolean;
}

/** A record that is valid. */
export interface ReadRecord {
  readonly moved: MovedJob;
  /** The variables that it had and whose values are not there: it is stored without them. */
  readonly lostEnv: readonly string[];
}

/** The `error` of an attempt that ran when its job was exported. */
const RAN = "it ran when it was exported";

/**
 * Reads one line of an export after `JSON.parse()`.
 *
 * @throws {SpecError} if anything is wrong with it; the message names the key
 */
export function readRecord(input: unknown, surroundings: RecordSurroundings): ReadRecord {
  const { spec, parts, envNames, nulls } = takeApart(input);
  const lostEnv = envNames ?? [];
  const moved = settleRunning(build(spec, parts, nulls, surroundings), surroundings);
  if (lostEnv.length > 0 && !surroundings.dropEnv && !isFinal(moved.job.state)) {
    const example = JSON.stringify({ [lostEnv[0]!]: "…" });
    throw new SpecError(
      `"env" names ${lostEnv.join(", ")} without values, which are never exported: give them as ` +
        `${example}, or leave them out with --drop-env`,
    );
  }
  return { moved, lostEnv };
}

interface Parts {
  readonly spec: JobSpec;
  readonly parts: RecordParts;
  /** The names in an `env` that has no values. */
  readonly envNames: readonly string[] | null;
  /** The keys of the spec whose null means none. */
  readonly nulls: ReadonlySet<string>;
}

function takeApart(input: unknown): Parts {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new SpecError("a job must be a JSON object, one a line, as export writes it");
  }
  const written: Record<string, unknown> = {};
  const parts: Record<string, unknown> = {};
  const spelled = new Map<string, string>();
  const nulls = new Set<string>();
  let envNames: readonly string[] | null = null;
  for (const [name, value] of Object.entries(input)) {
    // Most are spelled as they are printed.
    const key = Object.hasOwn(RECORD_FIELDS, name) ? name : canonicalKey(name);
    if (!Object.hasOwn(RECORD_FIELDS, key)) {
      if (!Object.hasOwn(SPEC_FIELDS, key)) throw unknownKey(name, key);
      if (value === null) nulls.add(key);
      if (key === "env" && Array.isArray(value)) envNames = parseNames(name, value);
      else written[name] = value;
      continue;
    }
    const earlier = spelled.get(key);
    if (earlier !== undefined) {
      throw new SpecError(`"${earlier}" and "${name}" are the same key: give it once`);
    }
    spelled.set(key, name);
    if (value === null) continue;
    const result = parseRecordField(key as RecordKey, name, value);
    if ("problem" in result) throw new SpecError(result.problem);
    parts[key] = result.value;
  }
  return { spec: parseSpec(written), parts, envNames, nulls };
}

function unknownKey(written: string, key: string): SpecError {
  const meant = nearest(key, [...Object.keys(SPEC_FIELDS), ...Object.keys(RECORD_FIELDS)]);
  const hint = meant === null ? "" : `: did you mean "${meant}"?`;
  return new SpecError(`unknown key ${JSON.stringify(written)}${hint}`);
}

/** The names of variables, held to the rules of the spec. */
function parseNames(written: string, names: readonly unknown[]): string[] {
  if (!names.every((name) => typeof name === "string")) {
    throw new SpecError(`"${written}" must be an object of texts, or the names that export writes`);
  }
  parseSpec({ command: "true", env: Object.fromEntries(names.map((name) => [name, ""])) });
  return [...names];
}

function build(
  spec: JobSpec,
  parts: RecordParts,
  nulls: ReadonlySet<string>,
  { defaults, now, newId }: RecordSurroundings,
): MovedJob {
  const { held: _, delay, env, stdin, ...fields } = resolveSpec(spec, defaults, newId);
  const waitsFor = openParents(fields.after, parts);
  const runAt = delay === null ? fields.runAt : now + delay;
  const state = parts.state ??
    waitingState({ held: false, blocked: waitsFor.length > 0, runAt }, now);
  const attempts = (parts.attempt_log ?? []).map((attempt) => ({
    attempt: attempt.attempt,
    outcome: attempt.outcome,
    startedAt: attempt.started_at,
    finishedAt: attempt.finished_at,
    exitCode: attempt.exit_code,
    error: attempt.error,
    workerId: attempt.worker_id,
    host: attempt.host,
    outputBytes: attempt.output_bytes,
  }));
  const createdAt = parts.created_at ?? now;
  const job: Job = {
    ...fields,
    timeout: nulls.has("timeout") ? null : fields.timeout,
    cwd: nulls.has("cwd") ? null : fields.cwd,
    // Without a state it is a new job, for which a time that has passed is none.
    runAt: parts.state === undefined && state === "pending" ? null : runAt,
    state,
    attempts: parts.attempts ?? 0,
    createdAt,
    updatedAt: parts.updated_at ?? createdAt,
    startedAt: parts.started_at ?? null,
    finishedAt: parts.finished_at ?? null,
    exitCode: parts.exit_code ?? null,
    error: parts.error ?? null,
    workerId: parts.worker_id ?? null,
    schedule: parts.schedule ?? null,
    fireTime: parts.fire_time ?? null,
    cancelRequested: parts.cancel_requested ?? false,
    envNames: Object.keys(env),
    progress: parts.progress ?? null,
  };
  const runs = parts.runs ?? Math.max(job.attempts, attempts.at(-1)?.attempt ?? 0);
  const cancelledBy = parts.cancelled_by ?? null;
  const moved = { job, runs, cancelledBy, waitsFor, stdin, attempts, env, output: outputOf(parts) };
  for (const problem of recordProblems(moved)) throw new SpecError(problem);
  return moved;
}

/**
 * The parents that have yet to end: `waits_for` says so; without it all of a job that waits for its
 * parents, and of one that is new.
 */
function openParents(after: readonly Parent[], parts: RecordParts): readonly string[] {
  if (parts.waits_for !== undefined) return parts.waits_for;
  const { state } = parts;
  return state === undefined || state === "held" || state === "blocked"
    ? after.map(({ id }) => id)
    : [];
}

/** The pieces with their positions, which follow from the lengths and from what is missing. */
function outputOf({ output = [] }: RecordParts): KeptPiece[] {
  const ends = new Map<number, number>();
  return output.map(({ attempt, stream, time, missing, text, base64 }) => {
    const bytes = base64 ?? new TextEncoder().encode(text);
    const seq = (ends.get(attempt) ?? 0) + missing;
    ends.set(attempt, seq + bytes.length);
    return { attempt, seq, stream, time, missing, bytes };
  });
}

/** A job that ran is settled as if its worker were lost: nobody here can say how it ended. */
function settleRunning(moved: MovedJob, { now, random }: RecordSurroundings): MovedJob {
  const { job, output } = moved;
  if (job.state !== "processing") return moved;
  const end = settle(job, { kind: "lost", error: RAN }, random());
  const state = transition("processing", end.event) as State;
  const ended = moved.attempts.map((attempt) =>
    attempt.outcome !== null ? attempt : {
      ...attempt,
      outcome: end.outcome,
      finishedAt: now,
      exitCode: end.exitCode,
      error: end.error,
      outputBytes: output.filter((piece) => piece.attempt === attempt.attempt).reduce(
        (bytes, piece) => Math.max(bytes, piece.seq + piece.bytes.length),
        attempt.outputBytes,
      ),
    }
  );
  return {
    ...moved,
    attempts: ended,
    job: {
      ...job,
      state,
      runAt: end.delay === null ? null : now + end.delay,
      updatedAt: now,
      finishedAt: isFinal(state) ? now : null,
      exitCode: end.exitCode,
      error: end.error,
      cancelRequested: false,
    },
  };
}
