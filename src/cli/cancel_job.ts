/**
 * Cancelling one job, to its very end.
 *
 * @module
 */

import { resolveConfig } from "../config.ts";
import { ConflictError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import { escapeText } from "../escape.ts";
import { Pause } from "../pause.ts";
import { readJobById } from "../actions/read_job.ts";
import { WorkerWatch } from "./worker_watch.ts";

/**
 * Cancels a job; if it runs, waits until its worker, or the one that takes over, has ended it.
 *
 * @returns a sentence that says what was done
 * @throws {NotFoundError} if there is no such job
 * @throws {ConflictError} if it ended in another way, or nobody is there to end it
 */
export async function cancelJob(
  store: Store,
  id: string,
  { stderr, json }: Pick<Context, "stderr" | "json">,
): Promise<string> {
  const result = await store.cancel(id);
  if (result === "already") return `Job ${id} was cancelled already`;
  if (result === "cancelled") return `Job ${id} is cancelled`;
  const { lease } = resolveConfig(await store.settings());
  const watch = new WorkerWatch(lease);
  const pause = new Pause();
  for (let isFirst = true;; isFirst = false) {
    // Asked first: a worker may end the job, and then itself.
    const isWorkedOn = watch.anyLives(await store.workers(), performance.now());
    const { state, workerId } = await readJobById(store, id);
    if (state === "cancelled") return `Job ${id} is cancelled`;
    if (state !== "processing") {
      throw new ConflictError(`Job ${id} ended before it could be cancelled: it is ${state}`);
    }
    if (!isWorkedOn) {
      throw new ConflictError(
        `Job ${id} is to be cancelled, but no worker is there to end it: ` +
          "start one with queuectl worker start",
      );
    }
    if (isFirst && !json) {
      await stderr.line(`Job ${id} runs; asked worker ${escapeText(workerId ?? "")} to end it`);
    }
    await pause.wait();
  }
}
