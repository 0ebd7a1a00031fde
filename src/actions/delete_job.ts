/**
 * Deleting one job.
 *
 * @module
 */

import { ConflictError } from "../errors.ts";
import { type State, STATES } from "../job/state.ts";
import type { Store } from "../store/store.ts";

/** The states in which a job can be deleted. */
export const DELETABLE: readonly State[] = STATES.filter((state) => state !== "processing");

/**
 * Deletes a job, its attempts and its output.
 *
 * @param id in full
 * @throws {NotFoundError} if there is no such job
 * @throws {ConflictError} if it runs, or others wait for it
 */
export async function deleteJob(store: Store, id: string): Promise<void> {
  if ((await store.job(id))?.state === "processing") {
    throw new ConflictError(`Job ${id} runs; to end it first: queuectl cancel ${id}`);
  }
  await store.remove(id, DELETABLE);
}
