/**
 * Pausing queues and resuming them.
 *
 * @module
 */

import { configureQueue } from "../actions/configure_queue.ts";
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
    await configureQueue(store, name, { paused }, false);
    return `Queue ${name} is ${paused ? "paused" : "active"}`;
  }, "name");
}
