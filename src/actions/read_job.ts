/**
 * From what a user wrote to a job.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import type { Job } from "../job/job.ts";
import type { Store } from "../store/store.ts";

/**
 * The job with this id, or with one that begins or ends so.
 *
 * @throws {NotFoundError} if no job or more than one fits
 */
export async function readJob(store: Store, idOrPart: string): Promise<Job> {
  return await readJobById(store, await store.resolve(idOrPart));
}

/**
 * The job with exactly this id, which was there a moment ago.
 *
 * @throws {NotFoundError} if it was deleted
 */
export async function readJobById(store: Store, id: string): Promise<Job> {
  const job = await store.job(id);
  if (job === null) throw new NotFoundError(`Job ${id} was deleted`);
  return job;
}
