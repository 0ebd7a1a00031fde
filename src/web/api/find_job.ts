/**
 * The job that a path names.
 *
 * @module
 */

import * as v from "valibot";
import { NotFoundError } from "../../errors.ts";
import type { Job } from "../../job/job.ts";
import { attemptToJson, jobToJson } from "../../job/json.ts";
import type { Store } from "../../store/store.ts";
import type { JsonAnswer } from "./route.ts";

/**
 * `{id}` in a path. A program means one job, so it is the whole id: a beginning, which the command line
 * takes, may be another job tomorrow.
 */
export const JOB_ID = { id: v.string() };

/** What `{id}` means. */
export const JOB_ID_WORDS = { id: "The whole id; a slash in it is written %2F" };

/**
 * The job with exactly this id.
 *
 * @throws {NotFoundError} if there is none
 */
export async function findJob(store: Store, id: string): Promise<Job> {
  const job = await store.job(id);
  if (job === null) throw new NotFoundError(`There is no job ${id}`);
  return job;
}

/** The job with its attempts, as `show --json` prints it. */
export async function jobAnswer(store: Store, id: string, status = 200): Promise<JsonAnswer> {
  const job = await findJob(store, id);
  const attempts = await store.attempts(id);
  return { status, json: { ...jobToJson(job), attempt_log: attempts.map(attemptToJson) } };
}
