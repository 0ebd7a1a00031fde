/**
 * `queuectl worker stop`
 *
 * @module
 */

import { resolveConfig } from "../../config.ts";
import { ConflictError, WaitTimeoutError } from "../../errors.ts";
import type { Store } from "../../store/store.ts";
import type { WorkerInfo } from "../../store/workers.ts";
import { currentHost } from "../../worker/host.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { findWorker } from "../../actions/find_worker.ts";
import * as flag from "../flags.ts";
import { Pause } from "../../pause.ts";
import { countOf } from "../../numbers.ts";
import { isLost } from "../../json/worker_json.ts";
import { WorkerWatch } from "../worker_watch.ts";

/** Stops workers. */
export const command = defineCommand({
  description: [
    "Works from any terminal. The workers claim no more, finish what runs, and end; the command waits " +
    "for that. With --now they end the running jobs and hand them back, to be run by another worker.",
  ],
  flags: {
    now: flag.boolean({ summary: "End the running jobs and hand them back" }),
    timeout: flag.duration({ summary: "Wait at most so long", defaultText: "for ever" }),
  },
  args: { ids: arg.any("ID", "Workers, by id or the beginning of it; without any: all", "worker") },
  examples: [
    ["queuectl worker stop", "Stop all workers of the store"],
    ["queuectl worker stop --now", "Do not wait for the running jobs"],
  ],
  exitCodes: [
    ["4", "A worker is there but does not answer"],
    ["124", "They are still there after --timeout; they stop when their jobs end"],
  ],
  async run({ openStore, stdout, stderr, json }, { flags, args }) {
    await using store = await openStore({ create: false });
    const all = await store.workers();
    const chosen = args.ids.length === 0 ? all : args.ids.map((id) => findWorker(all, id));
    const gone = chosen.filter(isGone);
    const alive = chosen.filter((worker) => !isGone(worker));
    for (const { id } of gone) {
      await stderr.line(`${id} has died already; the next worker takes over its jobs`);
    }
    if (alive.length > 0) {
      const ids = alive.map((worker) => worker.id);
      await store.requestStop(ids, flags.now ? "now" : "drain");
      const busy = alive.reduce((sum, worker) => sum + worker.busy, 0);
      if (busy > 0) await stderr.line(waitingLine(busy, flags.now));
      await untilGone(store, ids, flags.timeout);
    }
    if (json) return stdout.json(alive.map(({ id }) => ({ id, stopped: true })));
    await stdout.line(
      alive.length === 0 ? "No worker is running" : `Stopped ${countOf(alive.length, "worker")}`,
    );
  },
});

function waitingLine(busy: number, now: boolean): string {
  const jobs = countOf(busy, "running job");
  return now
    ? `Ending ${jobs} and handing ${busy === 1 ? "it" : "them"} back`
    : `Waiting for ${jobs}; not to wait: queuectl worker stop --now`;
}

function isGone(worker: WorkerInfo): boolean {
  return isLost(worker, currentHost());
}

/**
 * Waits until the workers have gone.
 *
 * @throws {WaitTimeoutError} if that takes longer than it may
 * @throws {ConflictError} if some are there but do not answer
 */
async function untilGone(
  store: Store,
  ids: readonly string[],
  timeout: number | undefined,
): Promise<void> {
  const limit = performance.now() + (timeout ?? Infinity);
  const watch = new WorkerWatch(resolveConfig(await store.settings()).lease);
  const pause = new Pause();
  while (true) {
    const left = (await store.workers()).filter(({ id }) => ids.includes(id));
    const living = watch.living(left, performance.now());
    if (living.length === 0) {
      // Asked last: one that ended a moment ago does not live either, and does not hang.
      const silent = left.filter((one) => !isGone(one));
      if (silent.length === 0) return;
      throw new ConflictError(
        `${silent.map(({ id }) => id).join(", ")} hangs, or is on a host that is away: ` +
          "the next worker takes over its jobs",
      );
    }
    if (performance.now() > limit) {
      throw new WaitTimeoutError(
        living.length === 1
          ? "1 worker still runs after --timeout: it ends when its jobs have ended"
          : `${
            countOf(living.length, "worker")
          } still run after --timeout: they end when their jobs ` +
            "have ended",
      );
    }
    await pause.wait();
  }
}
