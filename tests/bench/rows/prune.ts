/**
 * What the ticks of a worker notice of the removal of a million jobs.
 *
 * @module
 */

import { run } from "../../toolchain/command.ts";
import { openSqlite } from "../../store/open_sqlite.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { addWaiting, join, Ticker } from "../growth/day.ts";
import { makeFullStore } from "../growth/full_store.ts";
import { quantile } from "../quantile.ts";

const JOBS = 1_000_000;
/** Ticks that are measured before the removal begins. */
const ALONE = 1500;
/** Milliseconds between two ticks. */
const PAUSE = 5;

async function ticksWhile(ticker: Ticker, goesOn: () => boolean): Promise<Record<string, number>> {
  const times: number[] = [];
  while (goesOn()) {
    const start = performance.now();
    await ticker.tick();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (times.length % 500 === 0) await addWaiting(ticker.store, 500 * 16);
  }
  return {
    "median": quantile(times, 0.5),
    "99 %": quantile(times, 0.99),
    "longest": quantile(times, 1),
  };
}

function contestants(folder: string): Contestant[] {
  let path = "";
  let alone: Record<string, number> = {};
  return [{
    name: "ticks alone",
    async run() {
      path = `${await Deno.makeTempDir({ dir: folder })}/queue.db`;
      await makeFullStore(path, { jobs: JOBS, kinds: ["finished"] });
      // What the kernel has yet to write of it would stand before what a tick syncs, for seconds.
      await run(["sync"]);
      await using store = await openSqlite(path, { create: false });
      await join(store);
      await addWaiting(store, 2 * ALONE * 16);
      let left = ALONE;
      return alone = await ticksWhile(new Ticker(store), () => left-- > 0);
    },
  }, {
    name: "ticks beside `prune`",
    async run() {
      await using store = await openSqlite(path, { create: false });
      const pruner = startPruner(path);
      let isDone = false;
      const start = performance.now();
      const removed = pruner.output().then(({ stdout }) => {
        isDone = true;
        return Number(new TextDecoder().decode(stdout));
      });
      const figures = await ticksWhile(new Ticker(store), () => !isDone);
      const seconds = (performance.now() - start) / 1000;
      if (await removed < JOBS) throw new Error(`${await removed} jobs were removed, not ${JOBS}`);
      const stall = figures.longest! - alone.longest!;
      return { ...figures, "longest stall": stall, "removed, jobs/s": await removed / seconds };
    },
  }];
}

function startPruner(path: string): Deno.ChildProcess {
  const program = new URL("../growth/pruner.ts", import.meta.url).pathname;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--config", config, program, path],
    stdout: "piped",
  }).spawn();
}

/**
 * Two processes on one store: one removes, one settles 16 jobs and claims 16 again and again. A disk that
 * hangs for a moment strikes ticks that are alone, too, so the longest ones are compared.
 */
export const prune: Benchmark = {
  name: "prune",
  title: `Ticks of a worker while another process prunes ${JOBS.toLocaleString("en-GB")} jobs`,
  unit: "ms",
  repeats: 1,
  warmUp: false,
  targets: [{ of: "ticks beside `prune`, longest stall", atMost: 50 }],
  prepare: (folder) => Promise.resolve(contestants(folder)),
};
