/**
 * How long what a dashboard asks takes while a worker is at work, in a store with a million jobs.
 *
 * @module
 */

import { openSqlite } from "../../store/open_sqlite.ts";
import type { JobSort, PageFilter } from "../../../src/store/paging.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { ApiAsker } from "../api_asker.ts";
import { makeBusyStore } from "../growth/busy_store.ts";
import { addWaiting, join, Ticker } from "../growth/day.ts";
import { PAUSED_QUEUE } from "../growth/full_store.ts";
import { quantile } from "../quantile.ts";

const JOBS = 1_000_000;
const ROUNDS = 100;
const LIMIT = 100;
const HOUR = 3_600_000;

/** As slow as this at the most, once in a hundred times; milliseconds. */
const SLOWEST = 50;

/** Lists by each filter, also such as find few or none: they are looked for among all jobs. */
const LISTS: Readonly<Record<string, readonly [PageFilter, JobSort]>> = {
  "newest": [{}, "newest"],
  "oldest": [{}, "oldest"],
  "last to end": [{}, "finished"],
  "next in line": [{}, "priority"],
  "a state": [{ states: ["dead"] }, "newest"],
  "several states": [{ states: ["dead", "pending", "completed"] }, "newest"],
  "a queue": [{ queue: "queue-1" }, "newest"],
  "a queue and a state": [{ queue: PAUSED_QUEUE, states: ["pending"] }, "newest"],
  "a queue and a state, few": [{ queue: PAUSED_QUEUE, states: ["completed"] }, "newest"],
  "a queue's next in line": [{ queue: "queue-1" }, "priority"],
  "a tag of many": [{ tag: "some" }, "newest"],
  "a tag of one": [{ tag: "old" }, "newest"],
  "text in many": [{ text: "photo" }, "newest"],
  "text in one": [{ text: "photo-4711.png" }, "newest"],
  "text in none": [{ text: "no such text" }, "newest"],
  "an error": [{ states: ["dead"], error: "exit code 7" }, "finished"],
  "all together": [
    { states: ["dead", "completed"], queue: "queue-1", tag: "some", text: "photo-1" },
    "newest",
  ],
};

type Questions = Readonly<Record<string, () => Promise<unknown>>>;

/** Those that stand for all in the summary. */
const JUDGED = ["newest", "a queue and a state", "a tag of one", "text in none", "an error"];

function questions(store: Store): Questions {
  const lists = Object.entries(LISTS).map(([name, [filter, sort]]) =>
    [`list, ${name}`, async () => {
      const { next } = await store.page(filter, { sort, limit: LIMIT });
      return next;
    }] as const
  );
  const second = async () => {
    const { next } = await store.page({}, { limit: LIMIT });
    await store.page({}, { limit: LIMIT, cursor: next });
  };
  return {
    ...Object.fromEntries(lists),
    "two pages": second,
    "status": () => store.status(),
    "running": () => store.running(LIMIT),
    "errors of the dead": () => store.errorGroups(LIMIT),
    "statistics of an hour": () => store.statistics(Date.now() - HOUR, Date.now()),
    "statistics of a day": () => store.statistics(Date.now() - 24 * HOUR, Date.now()),
    "totals": () => store.totals(),
    "revision": () => store.revision(),
  };
}

/** The same over HTTP: through the server, from a client in the same process. */
function apiQuestions(asker: ApiAsker): Questions {
  const lists = Object.entries(LISTS).map(([name, [filter, sort]]) =>
    [`list, ${name}`, () => asker.list(filter, sort, LIMIT)] as const
  );
  return {
    ...Object.fromEntries(lists),
    "status": () => asker.ask("/api/status"),
    "workers": () => asker.ask("/api/workers"),
    "errors of the dead": () => asker.ask("/api/dlq/groups"),
    "statistics of a day": () => asker.ask("/api/statistics?window=24h"),
  };
}

/** Who answers. */
const NAMES = ["the store", "the API"] as const;

/** A store, and a worker that is at work in it. */
interface Busy {
  readonly path: string;
  readonly worker: Store;
  readonly ticker: Ticker;
}

async function makeBusy(folder: string): Promise<Busy> {
  const path = `${await Deno.makeTempDir({ dir: folder })}/queue.db`;
  await makeBusyStore(path, JOBS);
  const worker = await openSqlite(path, { create: false });
  await join(worker);
  return { path, worker, ticker: new Ticker(worker) };
}

/** Each question by turns, a tick between any two: what a worker writes makes others forget their pages. */
async function ask(
  { path, worker, ticker }: Busy,
  whom: (typeof NAMES)[number],
): Promise<Record<string, number>> {
  await using store = await openSqlite(path, { create: false });
  await using asker = whom === "the API" ? new ApiAsker(store) : null;
  const all = Object.entries(asker === null ? questions(store) : apiQuestions(asker));
  await addWaiting(worker, 16 * all.length);
  const times = new Map<string, number[]>(all.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    if (await ticker.tick() < 16) await addWaiting(worker, 16 * all.length);
    for (const [name, question] of all) {
      await ticker.tick();
      const start = performance.now();
      await question();
      times.get(name)!.push(performance.now() - start);
    }
  }
  return Object.fromEntries(
    Array.from(times, ([name, times]) => [
      [`${name}, median`, quantile(times, 0.5)],
      [`${name}, 99 %`, quantile(times, 0.99)],
    ]).flat(),
  );
}

function contestants(folder: string): Contestant[] {
  let busy: Promise<Busy> | null = null;
  return NAMES.map((name) => ({
    name,
    run: async () => await ask(await (busy ??= makeBusy(folder)), name),
  }));
}

/** Through the port and through the API, each in one process with the worker, whose store stays open. */
export const dashboard: Benchmark = {
  name: "dashboard",
  title: `What a dashboard asks of a store with ${
    JOBS.toLocaleString("en-GB")
  } jobs, while a worker settles and claims`,
  unit: "ms",
  repeats: 1,
  warmUp: false,
  targets: NAMES.flatMap((whom) =>
    JUDGED.map((name) => ({ of: `${whom}, list, ${name}, 99 %`, atMost: SLOWEST }))
  ),
  prepare: (folder) => Promise.resolve(contestants(folder)),
};
