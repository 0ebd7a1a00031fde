/**
 * Jobs for tests of the domain.
 *
 * @module
 */

import type { Job, JobFields, NewJob } from "../../src/job/job.ts";

const FIELDS: JobFields = {
  id: "a",
  command: "true",
  queue: "default",
  priority: 0,
  maxRetries: 3,
  backoffBase: 2,
  backoffMax: 86_400_000,
  backoffJitter: 0,
  timeout: null,
  uniqueKey: null,
  after: [],
  cwd: null,
  tags: [],
  fatalExitCodes: [],
  schedule: null,
  fireTime: null,
};

/** A job to be stored: `true`, no retries, backoff 2 s, 4 s, … */
export function newJob(id: string, overrides: Partial<NewJob> = {}): NewJob {
  return {
    ...FIELDS,
    id,
    maxRetries: 0,
    held: false,
    runAt: null,
    delay: null,
    env: {},
    stdin: null,
    ...overrides,
  };
}

/** A job that has just been stored, with three retries, and what a test says of it. */
export function job(overrides: Partial<Job> = {}): Job {
  return {
    ...FIELDS,
    state: "pending",
    attempts: 0,
    runAt: null,
    createdAt: 1_800_000_000_000,
    updatedAt: 1_800_000_000_000,
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    error: null,
    workerId: null,
    cancelRequested: false,
    envNames: [],
    progress: null,
    ...overrides,
  };
}
