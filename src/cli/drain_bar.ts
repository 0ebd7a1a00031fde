/**
 * The progress bar of `worker start --drain`.
 *
 * @module
 */

import { isFinal } from "../job/state.ts";
import type { Events } from "../observe/events.ts";
import type { Store } from "../store/store.ts";
import type { WorkerOptions } from "../worker/worker_options.ts";
import type { Context } from "./context.ts";
import { progressBar, showsProgress } from "./progress_bar.ts";
import { formatCount } from "../numbers.ts";

/** The store is asked so often what is left, milliseconds: it knows by counters, in about 50 µs. */
const INTERVAL = 250;

/**
 * Shows how much of the work is done that a draining worker waits for, whoever does it; nothing for
 * another worker. Disposed of, it asks the store nothing more.
 */
export function showDraining(
  store: Pick<Store, "outstanding">,
  events: Events,
  { drainWait, queues, insideJob }: Pick<WorkerOptions, "drainWait" | "queues" | "insideJob">,
  context: Context,
): AsyncDisposable {
  if (drainWait === null || !showsProgress(context)) return { async [Symbol.asyncDispose]() {} };
  const bar = progressBar(context, { label: "Draining", total: 0 });
  let total = 0;
  let ended = 0;
  /** Jobs that run here; others may be settled here, too, behind a worker that was lost. */
  const running = new Set<string>();
  events.subscribe((event) => {
    if (event.type === "job_started") running.add(event.job.id);
    if (event.type !== "job_ended") return;
    running.delete(event.settled.jobId);
    if (isFinal(event.settled.state)) ended++;
  });
  const look = async () => {
    // What ends while the store answers may be in the answer still: it would count twice.
    const before = ended;
    const left = await store.outstanding(queues, drainWait, insideJob);
    total = Math.max(total, before + left);
    bar.update(total - left, { total, note: `${formatCount(running.size)} running here` });
  };
  let looking: Promise<void> | null = null;
  const timer = setInterval(() => {
    // A store that is away is the worker's to report.
    looking ??= look().catch(() => {}).finally(() => looking = null);
  }, INTERVAL);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
      await bar[Symbol.asyncDispose]();
    },
  };
}
