/**
 * Jobs a second out of PostgreSQL and back, beside what people would take instead, on the same server.
 *
 * @module
 */

import { waitFor } from "../../helpers/wait_for.ts";
import { PostgresServer } from "../../toolchain/postgres.ts";
import type { Benchmark, Contestant, Target } from "../benchmark.ts";
import { ContenderProcess } from "../postgres/contender_process.ts";
import { CONTENDER_NAMES } from "../postgres/contenders.ts";
import { serverTime } from "../postgres/server_time.ts";
import { quantile } from "../quantile.ts";

const WORKERS = [1, 4, 16] as const;
/** About two seconds of each. */
const JOBS: Readonly<Record<string, number>> = {
  "queuectl, 16 slots": 15_000,
  "graphile-worker, plain": 5000,
  "pg-boss, plain": 2000,
};
const MANY_JOBS = 40_000;

/** Jobs that are added one by one to a queue whose worker is idle, and those before them, not counted. */
const SAMPLES = 100;
const WARM_UP = 10;
/** Milliseconds between two of them, at random up to this. */
const PAUSE = 30;

function contestant(name: string, server: PostgresServer): Contestant {
  return {
    name,
    async run() {
      const figures: Record<string, number> = {};
      for (const workers of WORKERS) {
        const { rate, serverCost, clientCost } = await workThrough(name, server, workers);
        const who = workers === 1 ? "1 worker" : `${workers} workers`;
        figures[`${who}, jobs/s`] = rate;
        figures[`${who}, server, µs/job`] = serverCost;
        figures[`${who}, workers, µs/job`] = clientCost;
      }
      return { ...figures, ...await latency(name, server) };
    },
  };
}

/** Costs are CPU time, microseconds a job. */
async function workThrough(name: string, { url, pid }: PostgresServer, count: number) {
  await using cleanUp = new AsyncDisposableStack();
  const keeper = cleanUp.use(await ContenderProcess.start(name, url));
  const jobs = JOBS[name] ?? MANY_JOBS;
  await keeper.fill(jobs);
  const workers = await Promise.all(
    Array.from({ length: count }, async () => cleanUp.use(await ContenderProcess.start(name, url))),
  );
  const clientTime = () => workers.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  const [serverBefore, clientBefore] = [serverTime(pid), clientTime()];
  const begin = performance.now();
  for (const worker of workers) void worker.pull();
  await until(jobs, workers);
  await waitFor(() => keeper.isDone(), { message: `the last ends of ${name}`, interval: 5 });
  const time = performance.now() - begin;
  return {
    rate: jobs / time * 1000,
    serverCost: (serverTime(pid) - serverBefore) / jobs * 1000,
    clientCost: (clientTime() - clientBefore) / jobs * 1000,
  };
}

/** Waits until they were handed so many jobs. */
async function until(jobs: number, workers: readonly ContenderProcess[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (workers.reduce((sum, { handled }) => sum + handled, 0) >= jobs) resolve();
  };
  for (const worker of workers) worker.onHandled = look;
  look();
  await promise;
}

/** From the line that has a job added to the line that says that an idle worker has it. */
async function latency(name: string, { url }: PostgresServer): Promise<Record<string, number>> {
  await using adder = await ContenderProcess.start(name, url);
  await adder.fill(1);
  await using worker = await ContenderProcess.start(name, url);
  await worker.pull();
  await until(1, [worker]);
  const times: number[] = [];
  for (let n = 1; n <= WARM_UP + SAMPLES; n++) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE));
    const begin = performance.now();
    const handled = until(n + 1, [worker]).then(() => performance.now());
    await adder.add();
    const time = await handled - begin;
    if (n > WARM_UP) times.push(time);
  }
  return { "p50, ms": quantile(times, 0.5), "p99, ms": quantile(times, 0.99) };
}

const [FASTEST = "", SIXTEEN = ""] = CONTENDER_NAMES;
const PEERS = CONTENDER_NAMES.filter((name) => !name.startsWith("queuectl"));

/** A durable server with the settings that it comes with, but for the connections that 16 pools want. */
export const postgres: Benchmark = {
  name: "postgres",
  title: "PostgreSQL: jobs that do nothing, claimed and settled, by how many workers",
  unit: "",
  targets: [
    ...WORKERS.flatMap((workers) => {
      const key = `${workers === 1 ? "1 worker" : `${workers} workers`}, jobs/s`;
      return PEERS.filter((name) => !name.endsWith("plain")).map((peer): Target => ({
        of: `${FASTEST}, ${key}`,
        against: `${peer}, ${key}`,
        atLeast: 1,
      }));
    }),
    ...PEERS.filter((name) => name.endsWith("plain")).map((peer): Target => ({
      of: `${SIXTEEN}, 4 workers, jobs/s`,
      against: `${peer}, 4 workers, jobs/s`,
      atLeast: 1,
    })),
    ...PEERS.map((peer): Target => ({
      of: `${FASTEST}, p50, ms`,
      against: `${peer}, p50, ms`,
      atMost: 1,
    })),
  ],
  repeats: 3,
  warmUp: false,
  async prepare(_folder, cleanUp) {
    const server = cleanUp.use(
      await PostgresServer.run({
        isDurable: true,
        settings: { max_connections: "600", max_wal_size: "1GB" },
      }),
    );
    return CONTENDER_NAMES.map((name) => contestant(name, server));
  },
};
