/**
 * Whether what is done all day takes as long in a store with many jobs as in one with few.
 *
 * `QUEUECTL_BENCH_GROWTH=3000000,6000000` adds stores with so many jobs; in one of six million each kind
 * has a million. A minute more for each three million.
 *
 * @module
 */

import { openSqlite } from "../../store/open_sqlite.ts";
import type { Benchmark, Contestant, Target } from "../benchmark.ts";
import { type Handles, join, liveADay } from "../growth/day.ts";
import { makeFullStore } from "../growth/full_store.ts";

const SIZES = [1000, 100_000, 1_000_000];
const LARGE = SIZES.at(-1)!;
/** Jobs of the stores that are compared by their queues, and how many queues the second one has. */
const QUEUED = 100_000;
const QUEUES = 1000;

/** As slow as this, compared with a thousand jobs, is flat. */
const FLAT = 1.3;
const OPERATIONS = [
  "claim of 16",
  "tick: settle 16, claim 16",
  "enqueue of one",
  "status",
  "show",
  "list",
  "list, by state",
  "list, by queue",
  "list, by state and queue",
  "list, by tag",
];

interface Size {
  readonly jobs: number;
  readonly queues: number;
}

const nameOf = ({ jobs, queues }: Size): string => {
  const name = `${jobs.toLocaleString("en-GB")} jobs`;
  return queues === 1 ? name : `${name}, ${queues.toLocaleString("en-GB")} queues`;
};

const flat = (jobs: number): Target[] =>
  OPERATIONS.map((operation) => ({
    of: `${nameOf({ jobs, queues: 1 })}, ${operation}`,
    against: `${nameOf({ jobs: SIZES[0]!, queues: 1 })}, ${operation}`,
    atMost: FLAT,
  }));

const more = (Deno.env.get("QUEUECTL_BENCH_GROWTH") ?? "").split(",").filter(Boolean).map(Number);

/** Stores of all sizes, which are gone through together: the first of a turn measures for all. */
class Stores {
  readonly #stores: readonly Handles[];
  #waiting: Record<string, number>[] = [];

  constructor(stores: readonly Handles[]) {
    this.#stores = stores;
  }

  /** A contestant for the store with this index. */
  contestant(name: string, index: number): Contestant {
    return {
      name,
      run: async () => {
        if (index === 0) this.#waiting = await liveADay(this.#stores);
        return this.#waiting[index]!;
      },
    };
  }
}

async function open(path: string, size: Size): Promise<Handles> {
  await makeFullStore(path, size);
  const handle = () => openSqlite(path, { create: false });
  const handles = { worker: await handle(), user: await handle() };
  await join(handles.worker);
  return handles;
}

/** Through the port, in one process; the stores stay open until that ends. */
export const growth: Benchmark = {
  name: "growth",
  title:
    "What is done all day, with few jobs in the store and with many: as many waiting, scheduled, " +
    "blocked, in a paused queue, completed and dead",
  unit: "µs",
  repeats: 3,
  targets: [LARGE, ...more].flatMap(flat),
  async prepare(folder) {
    const sizes = [...SIZES, ...more].map((jobs) => ({ jobs, queues: 1 }));
    sizes.push({ jobs: QUEUED, queues: QUEUES });
    const stores: Handles[] = [];
    for (const size of sizes) {
      stores.push(await open(`${folder}/${size.jobs}-${size.queues}.db`, size));
    }
    const together = new Stores(stores);
    return sizes.map((size, index) => together.contestant(nameOf(size), index));
  },
};
