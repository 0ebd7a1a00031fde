/**
 * Pausing queues and resuming them.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import { actOnAll } from "./each_id.ts";

/** The exit codes for the help of a command that acts on several queues. */
export const QUEUE_EXIT_CODES = [["3", "A queue is not known; the others were acted on"]] as const;

/**
 * Pauses or resumes queues, each by itself, and says so.
 *
 * @returns the exit code: 3 if any was unknown
 */
export async function pauseQueues(
  context: Context,
  store: Store,
  { names, paused }: { readonly names: readonly string[]; readonly paused: boolean },
): Promise<number> {
  const targets = [...new Set(names)].map((id) => ({ id, refusal: null }));
  return await actOnAll(context, targets, async (name) => {
    try {
      await store.configureQueue(name, { paused });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      const known = (await store.queues()).map(({ queue }) => queue);
      throw new NotFoundError(`${error.message}${didYouMean(name, known)}`);
    }
    return `Queue ${name} is ${paused ? "paused" : "active"}`;
  }, "name");
}
