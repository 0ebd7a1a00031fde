/**
 * From what a user wrote to a worker.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import type { WorkerInfo } from "../store/workers.ts";

/**
 * The worker with this id, or with one that begins or ends so.
 *
 * @throws {NotFoundError} if no worker or more than one fits
 */
export function findWorker(workers: readonly WorkerInfo[], part: string): WorkerInfo {
  const exact = workers.find((worker) => worker.id === part);
  const found = exact
    ? [exact]
    : workers.filter((worker) =>
      part.length > 0 && (worker.id.startsWith(part) || worker.id.endsWith(part))
    );
  if (found.length === 1) return found[0]!;
  const shown = JSON.stringify(part);
  throw new NotFoundError(
    found.length === 0
      ? `There is no worker ${shown}: "queuectl worker list" shows them`
      : `${shown} fits ${found.length} workers: give more of the id`,
  );
}
