/**
 * How much of the store's file a job takes that has finished.
 *
 * @module
 */

import { openSqlite } from "../../store/open_sqlite.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { addWaiting, join, Ticker } from "../growth/day.ts";

const JOBS = 16_000;

function contestant(name: string, output: string, folder: string): Contestant {
  return {
    name,
    async run() {
      const path = `${await Deno.makeTempDir({ dir: folder })}/queue.db`;
      {
        await using store = await openSqlite(path, { create: true });
        await join(store);
        await addWaiting(store, JOBS);
        const ticker = new Ticker(store, output);
        while (await ticker.tick() > 0);
        const left = await store.count({ states: ["pending", "processing"] });
        if (left > 0) throw new Error(`${left} jobs have not finished`);
      }
      return (await Deno.stat(path)).size / JOBS;
    },
  };
}

/** The file after its log was folded into it, made by ticks as a worker's. */
export const fileSize: Benchmark = {
  name: "file-size",
  title: "The store's file for each completed job, with one attempt and a command of 30 characters",
  unit: "bytes",
  repeats: 1,
  warmUp: false,
  targets: [],
  prepare: (folder) =>
    Promise.resolve([
      contestant("no output", "", folder),
      contestant("100 bytes of output", "x".repeat(100), folder),
      contestant("1,000 bytes of output", "x".repeat(1000), folder),
    ]),
};
