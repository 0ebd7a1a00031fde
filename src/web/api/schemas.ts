/**
 * What the API answers, as schemas: the shapes that the commands print. The document names them, and the
 * tests hold every answer to them.
 *
 * @module
 */

import * as v from "valibot";
import { REASONS } from "../../explanation.ts";
import type { AttemptJson, JobJson } from "../../job/json.ts";
import { CATCH_UPS } from "../../job/cron.ts";
import { CONDITIONS } from "../../job/job.ts";
import { STATES } from "../../job/state.ts";
import type { ExplanationJson } from "../../json/explanation_json.ts";
import type { OutputJsonPiece } from "../../json/output_json.ts";
import type { Counts, QueueJson } from "../../json/queue_json.ts";
import type { ScheduleJson } from "../../json/schedule_json.ts";
import type { StatisticsJson } from "../../json/statistics_json.ts";
import type { StatusJson } from "../../json/status_json.ts";
import type { WorkerJson } from "../../json/worker_json.ts";
import { OVERLAPS } from "../../store/schedules.ts";
import { ERROR_CODES, type ErrorJson } from "./errors.ts";

/** RFC 3339 UTC with milliseconds. */
const time = v.pipe(v.string(), v.isoTimestamp());
const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seconds = v.pipe(v.number(), v.minValue(0));
const orNull = <S extends v.GenericSchema>(schema: S) => v.nullable(schema);

/** A state of a job. */
export const STATE = v.picklist(STATES);

const PROGRESS = v.strictObject({ percent: v.number(), message: orNull(text) });

const PARENT = v.strictObject({ id: text, on: v.picklist(CONDITIONS) });

const JOB_ENTRIES = {
  id: text,
  command: text,
  queue: text,
  state: STATE,
  priority: v.pipe(v.number(), v.integer()),
  attempts: count,
  max_retries: count,
  timeout: orNull(seconds),
  backoff_base: v.number(),
  backoff_max: seconds,
  backoff_jitter: v.number(),
  run_at: orNull(time),
  created_at: time,
  updated_at: time,
  started_at: orNull(time),
  finished_at: orNull(time),
  exit_code: orNull(v.pipe(v.number(), v.integer())),
  error: orNull(text),
  worker_id: orNull(text),
  cwd: orNull(text),
  tags: v.array(text),
  unique_key: orNull(text),
  after: orNull(v.array(PARENT)),
  env: orNull(v.array(text)),
  fatal_exit_codes: orNull(v.array(count)),
  schedule: orNull(text),
  fire_time: orNull(time),
  progress: orNull(PROGRESS),
};

/** A job. */
export const JOB = v.strictObject(JOB_ENTRIES);

/** An attempt. */
export const ATTEMPT = v.strictObject({
  attempt: count,
  outcome: orNull(text),
  started_at: time,
  finished_at: orNull(time),
  exit_code: orNull(v.pipe(v.number(), v.integer())),
  error: orNull(text),
  worker_id: text,
  host: text,
  output_bytes: count,
});

/** A job with its attempts, as `show --json` prints it. */
export const JOB_WITH_ATTEMPTS = v.strictObject({
  ...JOB_ENTRIES,
  attempt_log: v.array(ATTEMPT),
});

/** A part of a list of jobs. */
export const JOB_PAGE = v.strictObject({
  jobs: v.array(JOB),
  next: orNull(text),
  total: orNull(count),
  searched_to: orNull(time),
});

const COUNTS = v.strictObject({
  held: count,
  blocked: count,
  scheduled: count,
  pending: count,
  processing: count,
  failed: count,
  completed: count,
  dead: count,
  cancelled: count,
  total: count,
});

/** A queue. */
export const QUEUE = v.strictObject({
  name: text,
  paused: v.boolean(),
  limit: orNull(count),
  rate: orNull(text),
  jobs: COUNTS,
});

const WORKER_ENTRIES = {
  id: text,
  host: text,
  pid: count,
  slots: count,
  busy: count,
  queues: orNull(v.array(text)),
  state: v.picklist(["running", "draining", "lost"]),
  started_at: time,
  heartbeat_at: time,
};

/** A worker, as `worker list --json` prints it. */
export const WORKER = v.strictObject(WORKER_ENTRIES);

/** What a worker runs. */
const RUNNING_JOB = v.strictObject({
  id: text,
  command: text,
  queue: text,
  attempt: count,
  started_at: time,
  progress: orNull(PROGRESS),
});

/** A worker, and what it runs. */
export const BUSY_WORKER = v.strictObject({ ...WORKER_ENTRIES, jobs: v.array(RUNNING_JOB) });

/** The overview. */
export const STATUS = v.strictObject({
  store: text,
  jobs: COUNTS,
  queues: v.array(QUEUE),
  workers: v.array(WORKER),
  oldest_pending_seconds: orNull(seconds),
});

/** What ended lately. */
export const STATISTICS = v.strictObject({
  window_seconds: seconds,
  step_seconds: seconds,
  points: v.array(v.strictObject({
    at: time,
    completed: count,
    failed: count,
    p50_seconds: orNull(seconds),
    p95_seconds: orNull(seconds),
  })),
  completed: count,
  failed: count,
  failure_rate: orNull(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  p50_seconds: orNull(seconds),
  p95_seconds: orNull(seconds),
});

const SCHEDULE_ENTRIES = {
  name: text,
  cron: text,
  timezone: text,
  catch_up: v.picklist(CATCH_UPS),
  overlap: v.picklist(OVERLAPS),
  paused: v.boolean(),
  next_at: orNull(time),
  created_at: time,
  last_at: orNull(time),
  last_job: orNull(text),
  command: text,
  job: v.record(text, v.unknown()),
};

/** A schedule, and when it fires. */
export const SCHEDULE = v.strictObject({ ...SCHEDULE_ENTRIES, next: v.array(time) });

const CAUSE_ENTRIES = { reason: v.picklist(REASONS), text, hint: orNull(text) };

/** Why a job is not running, as `explain --json` prints it. */
export const EXPLANATION = v.strictObject({
  id: text,
  state: STATE,
  ...CAUSE_ENTRIES,
  also: v.array(v.strictObject(CAUSE_ENTRIES)),
  attempts: count,
  max_retries: count,
  run_at: orNull(time),
  started_at: orNull(time),
  finished_at: orNull(time),
  error: orNull(text),
  worker_id: orNull(text),
  progress: orNull(PROGRESS),
  parents: v.array(v.strictObject({ id: text, on: v.picklist(CONDITIONS), state: STATE })),
  queue: v.strictObject({
    name: text,
    paused: v.boolean(),
    limit: orNull(count),
    rate: orNull(text),
    rate_opens_in: seconds,
    processing: count,
    ahead: count,
  }),
  workers: v.array(WORKER),
  running: v.array(v.strictObject({
    id: text,
    queue: text,
    worker_id: orNull(text),
    started_at: orNull(time),
  })),
});

/** A piece of output. */
export const OUTPUT_PIECE = v.strictObject({
  time: orNull(time),
  stream: v.picklist(["stdout", "stderr"]),
  text: v.optional(text),
  base64: v.optional(text),
  missing: v.optional(count),
});

/** Dead jobs with the same error. */
export const ERROR_GROUP = v.strictObject({
  error: orNull(text),
  count,
  newest: text,
  newest_at: time,
});

/** What became of one of several jobs. */
export const RESULT = v.strictObject({ id: text, ok: v.boolean(), error: orNull(text) });

/** What became of many jobs. */
export const BULK_RESULT = v.strictObject({
  acted: count,
  refused: count,
  more: v.boolean(),
  results: v.optional(v.array(RESULT)),
});

/** A refusal. */
export const ERROR = v.strictObject({
  error: v.strictObject({
    code: v.picklist(ERROR_CODES),
    exit_code: v.pipe(v.number(), v.integer()),
    message: text,
    field: orNull(text),
    line: orNull(count),
  }),
});

/** The schemas that the document names. */
export const NAMED_SCHEMAS: Readonly<Record<string, v.GenericSchema>> = {
  Attempt: ATTEMPT,
  BulkResult: BULK_RESULT,
  BusyWorker: BUSY_WORKER,
  Error: ERROR,
  ErrorGroup: ERROR_GROUP,
  Explanation: EXPLANATION,
  Job: JOB,
  JobPage: JOB_PAGE,
  JobWithAttempts: JOB_WITH_ATTEMPTS,
  OutputPiece: OUTPUT_PIECE,
  Queue: QUEUE,
  Result: RESULT,
  RunningJob: RUNNING_JOB,
  Schedule: SCHEDULE,
  State: STATE,
  Statistics: STATISTICS,
  Status: STATUS,
  Worker: WORKER,
};

/** The same, with lists that nobody changes. */
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

/** Holds a schema to the type that the code prints: where they differ it does not compile. */
type Printed<S extends v.GenericSchema, T extends Frozen<v.InferOutput<S>>> = [S, T];

/** Every shape that the code prints fits its schema. */
export type AllFit = [
  Printed<typeof JOB, JobJson>,
  Printed<typeof ATTEMPT, AttemptJson>,
  Printed<typeof COUNTS, Counts>,
  Printed<typeof QUEUE, QueueJson>,
  Printed<typeof WORKER, WorkerJson>,
  Printed<typeof STATUS, StatusJson>,
  Printed<typeof STATISTICS, StatisticsJson>,
  Printed<typeof SCHEDULE, ScheduleJson & { next: string[] }>,
  Printed<typeof EXPLANATION, ExplanationJson>,
  Printed<typeof OUTPUT_PIECE, OutputJsonPiece>,
  Printed<typeof ERROR, { error: ErrorJson }>,
];
