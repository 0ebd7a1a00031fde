/**
 * Retrying one job for `retry` and `dlq retry`.
 *
 * @module
 */

import { UniqueKeyTakenError } from "../errors.ts";
import type { State } from "../job/state.ts";
import type { Store } from "../store/store.ts";

/**
 * Gives a job a new life.
 *
 * @param from the states in which that is allowed
 * @returns a sentence that says what was done
 * @throws {NotFoundError} if there is no such job
 * @throws {ConflictError} if its state does not allow it, or another job holds its unique key
 */
export async function retryJob(store: Store, id: string, from: readonly State[]): Promise<string> {
  try {
    await store.retry(id, from);
  } catch (error) {
    if (error instanceof UniqueKeyTakenError) {
      error.message = `Job ${id} cannot run again before job ${error.holder} has ended, ` +
        "which holds its unique key";
    }
    throw error;
  }
  return `Job ${id} is pending again`;
}
