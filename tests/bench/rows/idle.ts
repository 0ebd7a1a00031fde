/**
 * What a worker spends that has nothing to do.
 *
 * @module
 */

import { openStore } from "../../../src/store/open.ts";
import { start } from "../../helpers/program.ts";
import { run } from "../../toolchain/command.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import type { Command } from "../processes.ts";
import { bytesWritten, cpuTimeOf } from "../resident.ts";
import { WorkerProcess } from "../worker.ts";

/**
 * Milliseconds from its start until a worker is quiet: half a minute after the last work V8 takes back
 * memory, once, which costs about as much as all the rest of the next half.
 */
const SETTLING = 40_000;
/** Milliseconds while it is looked at. */
const LOOKED_AT = 30_000;

/** A worker and its surroundings; the one that is looked at is the first. */
interface Situation {
  readonly name: string;
  readonly slots: number;
  readonly peers: number;
  readonly schedule: boolean;
}

const SITUATIONS: readonly Situation[] = [
  { name: "1 slot", slots: 1, peers: 0, schedule: false },
  { name: "64 slots", slots: 64, peers: 0, schedule: false },
  { name: "1 slot and a schedule", slots: 1, peers: 0, schedule: true },
  { name: "1 slot and 10 idle peers", slots: 1, peers: 10, schedule: false },
];

/** All at once: each has a store of its own, and none of them keeps a core busy. */
function contestant(queuectl: Command, folder: string): Contestant {
  return {
    name: "worker",
    async run() {
      await using cleanUp = new AsyncDisposableStack();
      const pids: number[] = [];
      for (const { slots, peers, schedule } of SITUATIONS) {
        const directory = await Deno.makeTempDir({ dir: folder });
        const store = cleanUp.use(await openStore(`${directory}/queue.db`, { create: true }));
        if (schedule) await addSchedule(queuectl, store.address);
        const args = ["--count", `${slots}`];
        const workers = await WorkerProcess.start(store, { queuectl, args, count: 1 + peers });
        for (const worker of workers) cleanUp.use(worker);
        const [first] = await store.workers();
        pids.push(first!.process.pid);
      }
      await sleep(SETTLING);
      const before = pids.map(spent);
      const begun = performance.now();
      await sleep(LOOKED_AT);
      const time = performance.now() - begun;
      const after = pids.map(spent);
      const percent = SITUATIONS.map(({ name }, n) =>
        [name, (after[n]!.cpu - before[n]!.cpu) / time * 100] as const
      );
      const written = (after[0]!.written - before[0]!.written) / time;
      return { ...Object.fromEntries(percent), "1 slot, written, kB/s": written };
    },
  };
}

/** One that does not fire while it is looked at, but on New Year's Eve. */
async function addSchedule(queuectl: Command, db: string): Promise<void> {
  const schedule = ["schedule", "add", "yearly", "--cron", "0 0 1 1 *", "--", "true"];
  await run([...queuectl, "--db", db, ...schedule]);
}

function spent(pid: number): { readonly cpu: number; readonly written: number } {
  return { cpu: cpuTimeOf(pid), written: bytesWritten(pid) };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The CPU time of an idle worker, and what it writes. */
export const idle: Benchmark = {
  name: "idle",
  title: `CPU time of an idle worker in ${LOOKED_AT / 1000} s`,
  unit: "% of a core",
  targets: SITUATIONS.map(({ name }) => ({ of: `worker, ${name}`, atMost: 0.5 })),
  repeats: 1,
  warmUp: false,
  async prepare(folder) {
    const { command } = await start("source");
    return [contestant(command, folder)];
  },
};
