/**
 * Values that the document shows.
 *
 * @module
 */

import type { AttemptJson, JobJson } from "../../job/json.ts";

/** A job that has completed, with its attempt. */
export const EXAMPLE_JOB: JobJson & { attempt_log: AttemptJson[] } = {
  id: "job1",
  command: "echo Hello World",
  queue: "default",
  state: "completed",
  priority: 0,
  attempts: 1,
  max_retries: 3,
  timeout: null,
  backoff_base: 2,
  backoff_max: 86400,
  backoff_jitter: 0,
  run_at: null,
  created_at: "2030-01-31T18:00:00.000Z",
  updated_at: "2030-01-31T18:00:00.020Z",
  started_at: "2030-01-31T18:00:00.010Z",
  finished_at: "2030-01-31T18:00:00.020Z",
  exit_code: 0,
  error: null,
  worker_id: "host-1a2b3c4d",
  cwd: "/srv/app",
  tags: ["nightly"],
  unique_key: null,
  after: null,
  env: ["LANG"],
  fatal_exit_codes: null,
  schedule: null,
  fire_time: null,
  progress: null,
  attempt_log: [{
    attempt: 1,
    outcome: "completed",
    started_at: "2030-01-31T18:00:00.010Z",
    finished_at: "2030-01-31T18:00:00.020Z",
    exit_code: 0,
    error: null,
    worker_id: "host-1a2b3c4d",
    host: "host",
    output_bytes: 12,
  }],
};

const { attempt_log: _, ...job } = EXAMPLE_JOB;

/** The same without its attempts. */
export const EXAMPLE_LISTED_JOB: JobJson = job;

/** What a job is enqueued with. */
export const EXAMPLE_SPEC = { id: "job1", command: "echo Hello World", tags: ["nightly"] };
