/**
 * `queuectl worker scale`
 *
 * @module
 */

import { resolveConfig } from "../../config.ts";
import { ConflictError, UsageError } from "../../errors.ts";
import { integerIn } from "../../readers.ts";
import type { Store } from "../../store/store.ts";
import type { WorkerInfo } from "../../store/workers.ts";
import { currentHost } from "../../worker/host.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { findWorker } from "../../actions/find_worker.ts";
import { Pause } from "../../pause.ts";
import { countOf } from "../../numbers.ts";
import { isLost } from "../../json/worker_json.ts";
import { WorkerWatch } from "../worker_watch.ts";

/** Changes how many jobs workers run at once. */
export const command = defineCommand({
  description: [
    "Works from any terminal, while the workers run. With fewer slots no job is ended: a slot that " +
    "is too many goes when its job has ended. The command waits until new slots are ready.",
  ],
  flags: {},
  args: {
    count: arg.one("N", "How many slots, 1 to 1024"),
    ids: arg.any(
      "ID",
      "Workers, by id or the beginning of it; without any: each of them",
      "worker",
    ),
  },
  examples: [
    ["queuectl worker scale 8", "Run up to eight jobs at once, in each worker"],
    ["queuectl worker scale 1 web-12ab", "Leave one slot to one of the workers"],
  ],
  exitCodes: [["3", "A worker is not known"], [
    "4",
    "A worker is stopping, does not answer, or was asked for another number",
  ]],
  async run({ openStore, stdout, stderr, json }, { args }) {
    const slots = slotsOf(args.count);
    await using store = await openStore({ create: false });
    const all = await store.workers();
    const chosen = args.ids.length === 0 ? all : args.ids.map((id) => findWorker(all, id));
    const host = currentHost();
    const workers: WorkerInfo[] = [];
    const stopping: string[] = [];
    for (const worker of chosen) {
      if (isLost(worker, host)) {
        await stderr.line(`${worker.id} has died already; the next worker takes over its jobs`);
      } else if (worker.state === "draining") stopping.push(worker.id);
      else workers.push(worker);
    }
    // Without ids, those that stop are no reason to leave the others alone.
    const isRefused = args.ids.length > 0 || workers.length === 0;
    if (isRefused && stopping.length > 0) throw new ConflictError(`${stopping[0]} is stopping`);
    if (workers.length > 0) {
      const ids = [...new Set(workers.map(({ id }) => id))];
      await store.requestSlots(ids, slots);
      const ending = workers.reduce((sum, { busy }) => sum + Math.max(0, busy - slots), 0);
      if (ending > 0) {
        const more = countOf(ending, "running job");
        await stderr.line(`${more} beyond that ${ending === 1 ? "goes" : "go"} on to the end`);
      }
      await untilScaled(store, ids, slots);
    }
    if (json) return await stdout.json(workers.map(({ id }) => ({ id, slots })));
    if (workers.length === 0) return await stdout.line("No worker is running");
    for (const { id } of workers) await stdout.line(`${id} has ${countOf(slots, "slot")}`);
  },
});

function slotsOf(text: string): number {
  try {
    return integerIn({ min: 1, max: 1024 })(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`The number of slots ${error.message}`);
  }
}

/**
 * Waits until the workers have so many slots.
 *
 * @throws {ConflictError} if one ends instead, is there but does not answer, or was asked for another number
 */
async function untilScaled(store: Store, ids: readonly string[], slots: number): Promise<void> {
  const watch = new WorkerWatch(resolveConfig(await store.settings()).lease);
  const pause = new Pause();
  while (true) {
    const workers = (await store.workers()).filter(({ id }) => ids.includes(id));
    const living = watch.living(workers, performance.now());
    const stopped = ids.find((id) =>
      !living.some((one) => one.id === id && one.state === "running")
    );
    if (stopped !== undefined) {
      const isThere = living.some(({ id }) => id === stopped);
      throw new ConflictError(
        isThere
          ? `${stopped} is stopping`
          : `${stopped} has ended, hangs, or is on a host that is away`,
      );
    }
    if (living.every((worker) => worker.slots === slots)) return;
    const other = living.find((one) => one.slots !== slots && one.slotsRequest !== slots);
    if (other !== undefined) {
      const asked = countOf(other.slotsRequest ?? other.slots, "slot");
      throw new ConflictError(`${other.id} was asked to have ${asked} meanwhile, by somebody else`);
    }
    await pause.wait();
  }
}
