/**
 * How long it takes from the commit of an `enqueue` to the start of the command.
 *
 * @module
 */

import { start } from "../../helpers/program.ts";
import { newJob } from "../../job/jobs.ts";
import { run } from "../../toolchain/command.ts";
import { openStore } from "../../../src/store/open.ts";
import { listDoorbells } from "../../../src/store/sqlite/doorbell.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import type { Command } from "../processes.ts";
import { quantile } from "../quantile.ts";
import { WorkerProcess } from "../worker.ts";

const SLOTS = 4;
/** Slots that run tiny jobs all the time where there is load. */
const LOADED_SLOTS = 3;
/** Enough for all of a turn. */
const LOAD_JOBS = 40_000;
/** In front of those that are measured, not counted. */
const WARM_UP = 5;
/** The longest name of a directory: a socket whose path is longer than 107 bytes cannot be bound. */
const LONG_NAME = "x".repeat(120);

/** How a worker is made to wait for work. */
interface Situation {
  readonly name: string;
  readonly polls: boolean;
  readonly loaded: boolean;
  readonly samples: number;
  /** Milliseconds between the end of a job and the next one, at random up to this. */
  readonly pause: number;
}

const SITUATIONS: readonly Situation[] = [
  { name: "doorbell, idle", polls: false, loaded: false, samples: 200, pause: 40 },
  { name: "doorbell, 3 of 4 slots busy", polls: false, loaded: true, samples: 200, pause: 40 },
  { name: "poll, idle", polls: true, loaded: false, samples: 20, pause: 900 },
];

function contestant(situation: Situation, queuectl: Command, folder: string): Contestant {
  return {
    name: situation.name,
    async run() {
      const directory = await Deno.makeTempDir({ dir: folder });
      const parent = situation.polls ? `${directory}/${LONG_NAME}` : directory;
      await using store = await openStore(`${parent}/queue.db`, { create: true });
      if (situation.loaded) await load(store);
      const args = ["--count", `${SLOTS}`];
      const [worker] = await WorkerProcess.start(store, { queuectl, args });
      await using _worker = worker!;
      const hasDoorbell = listDoorbells(store.directory).length > 0;
      if (hasDoorbell === situation.polls) throw new Error("The worker does not wait as it should");
      return await sample(store, `${directory}/started`, situation);
    },
  };
}

/** Work for some of the slots, behind everything else. */
async function load(store: Store): Promise<void> {
  await store.configureQueue("load", { limit: LOADED_SLOTS }, { create: true });
  await store.enqueue(
    Array.from({ length: LOAD_JOBS }, (_, n) => newJob(`load-${n}`, { queue: "load" })),
  );
}

/**
 * The command's shell writes into a pipe before it does anything else. When that is read here is the
 * start: later than it was by the wake-up of this process, some tenths of a millisecond, which are not
 * taken off. `enqueue` comes back when the workers have been rung at, which is after the commit.
 */
async function sample(
  store: Store,
  pipe: string,
  { samples, pause }: Situation,
): Promise<Record<string, number>> {
  await run(["mkfifo", pipe]);
  using reader = await Deno.open(pipe, { read: true, write: true });
  const buffer = new Uint8Array(64);
  const sinceCommit: number[] = [];
  const sinceCall: number[] = [];
  for (let n = 0; n < WARM_UP + samples; n++) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * pause));
    const started = reader.read(buffer).then(() => performance.now());
    const called = performance.now();
    await store.enqueue([newJob(`job-${n}`, { command: `echo >'${pipe}'` })]);
    const committed = performance.now();
    const at = await started;
    if (n < WARM_UP) continue;
    sinceCommit.push(at - committed);
    sinceCall.push(at - called);
  }
  return {
    "p50": quantile(sinceCommit, 0.5),
    "p99": quantile(sinceCommit, 0.99),
    "p50 with the commit": quantile(sinceCall, 0.5),
    "p99 with the commit": quantile(sinceCall, 0.99),
  };
}

/** From the commit to the command's first step, with the doorbell and without. */
export const latency: Benchmark = {
  name: "latency",
  title: "From the commit of an enqueue to the first step of the command",
  unit: "ms",
  targets: [{ of: "doorbell, idle, p50", atMost: 10 }],
  repeats: 1,
  warmUp: false,
  async prepare(folder) {
    const { command } = await start("source");
    return SITUATIONS.map((situation) => contestant(situation, command, folder));
  },
};
