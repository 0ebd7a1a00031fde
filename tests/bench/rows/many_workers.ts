/**
 * Many processes on one store: what they get done together, and for how long each has to wait.
 *
 * @module
 */

import { start } from "../../helpers/program.ts";
import { newJob } from "../../job/jobs.ts";
import { openStore } from "../../../src/store/open.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Benchmark, Contestant, Target } from "../benchmark.ts";
import type { Command } from "../processes.ts";
import { Program, type ProgramName } from "../programs/program.ts";
import { quantile } from "../quantile.ts";
import { WorkerProcess } from "../worker.ts";

const WORKERS = [1, 2, 4, 8] as const;
const SLOTS = 4;
const TICKERS = 16;
const ENQUEUERS = 2;
/** Milliseconds in which all is counted, and before it, in which all find their pace. */
const WINDOW = 3000;
const RUN_UP = 1000;
/** Enough for everybody and the whole time. */
const JOBS = 30_000;

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function makeStore(folder: string, jobs: number): Promise<Store> {
  const store = await openStore(`${await Deno.makeTempDir({ dir: folder })}/queue.db`, {
    create: true,
  });
  await store.enqueue(Array.from({ length: jobs }, (_, n) => newJob(`first-${n}`)));
  return store;
}

async function completed(store: Store): Promise<number> {
  const { queues } = await store.status();
  return queues.reduce((sum, { counts }) => sum + counts.completed, 0);
}

/** Starts programs, and returns what stops them: what all of their calls took. */
function startPrograms(name: ProgramName, count: number, store: Store): () => Promise<number[]> {
  const programs = Array.from(
    { length: count },
    (_, n) => new Program(name, store.address, `${name}-${n}`),
  );
  return async () => (await Promise.all(programs.map((program) => program.stop()))).flat();
}

/** What a single enqueuer waits for where nobody else is. */
async function idleEnqueue(folder: string): Promise<number> {
  await using store = await makeStore(folder, 0);
  const stop = startPrograms("enqueuer", 1, store);
  await later(RUN_UP + WINDOW / 2);
  return quantile(await stop(), 0.99);
}

/** Real workers beside busy enqueuers. */
function withWorkers(count: number, idle: number, queuectl: Command, folder: string): Contestant {
  return {
    name: nameOf(count),
    async run() {
      await using store = await makeStore(folder, JOBS);
      await using stack = new AsyncDisposableStack();
      const args = ["--count", `${SLOTS}`];
      for (const worker of await WorkerProcess.start(store, { queuectl, args, count })) {
        stack.use(worker);
      }
      const stop = startPrograms("enqueuer", ENQUEUERS, store);
      await later(RUN_UP);
      const [before, begin] = [await completed(store), performance.now()];
      await later(WINDOW);
      const done = await completed(store) - before;
      const seconds = (performance.now() - begin) / 1000;
      const enqueues = await stop();
      return {
        "jobs/s": done / seconds,
        "enqueues/s": enqueues.length / (WINDOW + RUN_UP) * 1000,
        "enqueue p50, ms": quantile(enqueues, 0.5),
        "enqueue p99 over idle, ms": quantile(enqueues, 0.99) - idle,
        "longest enqueue, ms": quantile(enqueues, 1),
      };
    },
  };
}

/** More workers than the machine could run commands for, as the store sees them. */
function withTickers(idle: number, folder: string): Contestant {
  return {
    name: `${TICKERS} tickers`,
    async run() {
      await using store = await makeStore(folder, 2 * JOBS / 3);
      const stopTickers = startPrograms("ticker", TICKERS, store);
      const stopEnqueuers = startPrograms("enqueuer", ENQUEUERS, store);
      await later(RUN_UP + WINDOW);
      const [ticks, enqueues] = await Promise.all([stopTickers(), stopEnqueuers()]);
      return {
        "ticks/s": ticks.length / (RUN_UP + WINDOW) * 1000,
        "tick p99, ms": quantile(ticks, 0.99),
        "longest tick, ms": quantile(ticks, 1),
        "enqueue p99 over idle, ms": quantile(enqueues, 0.99) - idle,
        "longest enqueue, ms": quantile(enqueues, 1),
      };
    },
  };
}

const nameOf = (workers: number) => workers === 1 ? "1 worker" : `${workers} workers`;

/** Each worker has slots of its own, so there is more to do for the store the more there are. */
export const manyWorkers: Benchmark = {
  name: "many-workers",
  title:
    `Workers with ${SLOTS} slots each that run \`true\`, beside ${ENQUEUERS} enqueuers without a pause`,
  unit: "",
  targets: [
    ...WORKERS.slice(1).map((count): Target => ({
      of: `${nameOf(count)}, jobs/s`,
      against: `${nameOf(1)}, jobs/s`,
      atLeast: 0.85,
    })),
    ...WORKERS.map((count): Target => ({
      of: `${nameOf(count)}, enqueue p99 over idle, ms`,
      atMost: 150,
    })),
    { of: `${TICKERS} tickers, enqueue p99 over idle, ms`, atMost: 150 },
    { of: `${TICKERS} tickers, longest tick, ms`, atMost: 500 },
  ],
  repeats: 3,
  warmUp: false,
  async prepare(folder) {
    const { command } = await start("source");
    const idle = await idleEnqueue(folder);
    return [
      ...WORKERS.map((count) => withWorkers(count, idle, command, folder)),
      withTickers(idle, folder),
    ];
  },
};
