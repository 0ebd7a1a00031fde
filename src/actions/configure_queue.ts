/**
 * Changing the settings of one queue.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import type { QueueInfo, QueueSettings } from "../store/queues.ts";
import type { Store } from "../store/store.ts";

/**
 * Changes a queue; what is absent stays.
 *
 * @param create whether it need not be there
 * @throws {NotFoundError} if it has to be there and is not; it suggests the nearest name
 */
export async function configureQueue(
  store: Store,
  name: string,
  changes: Partial<QueueSettings>,
  create: boolean,
): Promise<QueueInfo> {
  try {
    return await store.configureQueue(name, changes, { create });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const known = (await store.queues()).map(({ queue }) => queue);
    throw new NotFoundError(`${error.message}${didYouMean(name, known)}`);
  }
}
