/**
 * A job as JSON, the one shape in which every command and the API print it (DESIGN section 2).
 *
 * @module
 */

import type { Attempt, Job, Parent, Progress } from "./job.ts";
import type { State } from "./state.ts";
import { formatTime } from "./time.ts";

/** A job as JSON: times RFC 3339 UTC, durations in seconds, null where there is nothing. */
export interface JobJson {
  id: string;
  command: string;
  queue: string;
  state: State;
  priority: number;
  attempts: number;
  max_retries: number;
  timeout: number | null;
  backoff_base: number;
  backoff_max: number;
  backoff_jitter: number;
  run_at: string | null;
  created_at: string;
  updated_at: string;
  started_at: string | null;
  finished_at: string | null;
  exit_code: number | null;
  error: string | null;
  worker_id: string | null;
  cwd: string | null;
  tags: readonly string[];
  unique_key: string | null;
  after: readonly Parent[] | null;
  /** The names of the variables; their values are never shown. */
  env: readonly string[] | null;
  fatal_exit_codes: readonly number[] | null;
  schedule: string | null;
  fire_time: string | null;
  progress: Progress | null;
}

/** An attempt as JSON, an entry of `attempt_log`. */
export interface AttemptJson {
  attempt: number;
  outcome: string | null;
  started_at: string;
  finished_at: string | null;
  exit_code: number | null;
  error: string | null;
  worker_id: string;
  host: string;
  output_bytes: number;
}

/** The job in its printed shape. */
export function jobToJson(job: Job): JobJson {
  return {
    id: job.id,
    command: job.command,
    queue: job.queue,
    state: job.state,
    priority: job.priority,
    attempts: job.attempts,
    max_retries: job.maxRetries,
    timeout: job.timeout === null ? null : job.timeout / 1000,
    backoff_base: job.backoffBase,
    backoff_max: job.backoffMax / 1000,
    backoff_jitter: job.backoffJitter,
    run_at: formatTime(job.runAt),
    created_at: timeText(job.createdAt),
    updated_at: timeText(job.updatedAt),
    started_at: formatTime(job.startedAt),
    finished_at: formatTime(job.finishedAt),
    exit_code: job.exitCode,
    error: job.error,
    worker_id: job.workerId,
    cwd: job.cwd,
    tags: job.tags,
    unique_key: job.uniqueKey,
    after: orNull(job.after),
    env: orNull(job.envNames),
    fatal_exit_codes: orNull(job.fatalExitCodes),
    schedule: job.schedule,
    fire_time: formatTime(job.fireTime),
    progress: job.progress,
  };
}

/** The attempt in its printed shape. */
export function attemptToJson(attempt: Attempt): AttemptJson {
  return {
    attempt: attempt.attempt,
    outcome: attempt.outcome,
    started_at: timeText(attempt.startedAt),
    finished_at: formatTime(attempt.finishedAt),
    exit_code: attempt.exitCode,
    error: attempt.error,
    worker_id: attempt.workerId,
    host: attempt.host,
    output_bytes: attempt.outputBytes,
  };
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}
