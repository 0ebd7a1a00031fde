/**
 * What a newcomer needs to hear after the first `enqueue`.
 *
 * @module
 */

import type { Store } from "../store/store.ts";
import { currentHost } from "../worker/host.ts";
import type { Context } from "./context.ts";
import { isLost } from "../json/worker_json.ts";

/** On a terminal, says how to start a worker if none is there. */
export async function hintAtWorker(store: Store, { stderr }: Context): Promise<void> {
  if (!stderr.isTerminal) return;
  const host = currentHost();
  if ((await store.workers()).some((worker) => !isLost(worker, host))) return;
  await stderr.line("No worker is running; to start one: queuectl worker start");
}
