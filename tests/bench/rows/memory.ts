/**
 * What a worker takes up in memory: with nothing to do, by its slots and executors; after many jobs;
 * with a job that writes a lot.
 *
 * What is judged is resident memory, since that is what `ps` shows. About 45 MB of it are pages of the
 * runtime's own file, which all workers of a machine share; "own" is without what is shared.
 *
 * @module
 */

import { openStore } from "../../../src/store/open.ts";
import type { Store } from "../../../src/store/store.ts";
import { listProcesses } from "../../../src/worker/host.ts";
import { start } from "../../helpers/program.ts";
import { newJob } from "../../job/jobs.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { median } from "../benchmark.ts";
import type { Command } from "../processes.ts";
import { type Resident, residentOf } from "../resident.ts";
import { WorkerProcess } from "../worker.ts";

const JOBS = 100_000;
/** So many jobs are one transaction. */
const BATCH = 50_000;
const MANY = `${JOBS.toLocaleString("en-GB")} jobs`;
const SLOTS = 4;
const GIGABYTE = 2 ** 30;
/** Milliseconds between two looks. */
const INTERVAL = 200;
/** An idle worker is looked at when it is so old, milliseconds. */
const SETTLING = 3000;

/** One worker on a store of its own. */
interface Stage {
  readonly store: Store;
  /** Milliseconds from its start until it was ready. */
  readonly readyAfter: number;
  look(): Resident;
  /** What its launchers share with nobody, MB in all. */
  lookAtLaunchers(): number;
}

/** Runs `work` beside a worker of the given words, on a store that was filled before. */
async function withWorker<T>(
  queuectl: Command,
  { folder, args, fill = () => Promise.resolve() }: {
    readonly folder: string;
    readonly args: readonly string[];
    readonly fill?: (store: Store) => Promise<unknown>;
  },
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ dir: folder });
  await using store = await openStore(`${directory}/queue.db`, { create: true });
  await fill(store);
  const begun = performance.now();
  const [process] = await WorkerProcess.start(store, { queuectl, args });
  await using _process = process!;
  const readyAfter = performance.now() - begun;
  const { pid } = (await store.workers())[0]!.process;
  return await work({
    store,
    readyAfter,
    look: () => residentOf(pid),
    lookAtLaunchers: () => ownOfChildren(pid),
  });
}

/** Workers that only wait, and what one more executor or slot adds. */
function idleWorkers(queuectl: Command, folder: string): Contestant {
  const worker = (slots: number, threads: number) =>
    withWorker(queuectl, {
      folder,
      args: ["--count", `${slots}`, "--threads", `${threads}`],
    }, async ({ look, lookAtLaunchers, readyAfter }) => {
      await sleep(SETTLING);
      return { ...look(), launchers: lookAtLaunchers(), readyAfter };
    });
  return {
    name: "idle",
    async run() {
      const one = await worker(1, 1);
      const many = await worker(64, 1);
      const most = await worker(256, 1);
      const threads = await worker(64, 5);
      return {
        "1 slot": one.resident,
        "1 slot, own": one.own,
        "64 slots": many.resident,
        "256 slots": most.resident,
        "256 slots, own": most.own,
        "one more executor": (threads.resident - many.resident) / 4,
        "one more slot, kB": (most.resident - one.resident) / 255 * 1024,
        "a slot's launcher, own, kB": most.launchers / 256 * 1024,
        "1 slot, ready after, ms": one.readyAfter,
        "64 slots, ready after, ms": many.readyAfter,
        "256 slots, ready after, ms": most.readyAfter,
      };
    },
  };
}

/** So many jobs that do nothing: is it flat? */
function manyJobs(queuectl: Command, folder: string): Contestant {
  return {
    name: MANY,
    async run() {
      const args = ["--count", `${SLOTS}`];
      return await withWorker(queuectl, { folder, args, fill }, async ({ store, look }) => {
        const samples: { readonly done: number; readonly seen: Resident }[] = [];
        for (let done = 0; done < JOBS;) {
          await sleep(INTERVAL);
          done = await completedOf(store);
          samples.push({ done, seen: look() });
        }
        const tenth = (n: number) =>
          median(
            samples.filter(({ done }) => done > JOBS / 10 * (n - 1) && done <= JOBS / 10 * n)
              .map(({ seen }) => seen.resident),
          );
        const last = samples.at(-1)!.seen;
        return {
          "first tenth": tenth(1),
          "third tenth": tenth(3),
          "last tenth": tenth(10),
          "at the end, own": last.own,
          "peak": last.peak,
        };
      });
    },
  };
}

async function fill(store: Store): Promise<void> {
  for (let from = 0; from < JOBS; from += BATCH) {
    await store.enqueue(Array.from({ length: BATCH }, (_, n) => newJob(`job-${from + n}`)));
  }
}

/** One job whose output no memory should hold. */
function muchOutput(queuectl: Command, folder: string): Contestant {
  return {
    name: "1 GB of output",
    async run() {
      const args = ["--count", `${SLOTS}`];
      return await withWorker(queuectl, { folder, args }, async ({ store, look }) => {
        const command = `head -c ${GIGABYTE} /dev/zero`;
        await store.enqueue([newJob("chatty", { command })]);
        const begun = performance.now();
        while (await completedOf(store) === 0) await sleep(INTERVAL / 4);
        return { "peak": look().peak, "seconds": (performance.now() - begun) / 1000 };
      });
    },
  };
}

async function completedOf(store: Store): Promise<number> {
  const { queues } = await store.status();
  return queues.reduce((sum, { counts }) => sum + counts.completed, 0);
}

function ownOfChildren(pid: number): number {
  const children = [...listProcesses().values()].filter(({ parent }) => parent === pid);
  return children.reduce((sum, child) => sum + residentOf(child.pid).own, 0);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resident memory of a worker. */
export const memory: Benchmark = {
  name: "memory",
  title: `Resident memory of a worker (${SLOTS} slots where nothing else is said)`,
  unit: "MB",
  targets: [
    { of: `${MANY}, last tenth`, atMost: 120 },
    { of: `${MANY}, last tenth`, against: `${MANY}, third tenth`, atMost: 1.05 },
    { of: "1 GB of output, peak", atMost: 120 },
  ],
  repeats: 1,
  warmUp: false,
  async prepare(folder) {
    const { command } = await start("source");
    return [
      idleWorkers(command, folder),
      muchOutput(command, folder),
      manyJobs(command, folder),
    ];
  },
};
