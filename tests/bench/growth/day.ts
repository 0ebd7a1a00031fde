/**
 * What a worker and its users ask of a store again and again, timed through the port. The worker has a
 * handle of its own, as if it were a process of its own: what others write makes it forget its pages.
 *
 * @module
 */

import { uuidv7 } from "uuidv7";
import type { AttemptEnd, Claim } from "../../../src/store/tick.ts";
import type { JobFilter, Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { median } from "../benchmark.ts";
import { PAUSED_QUEUE } from "./full_store.ts";

/** Jobs that a tick settles, and claims. */
const BATCH = 16;
const ROUNDS = 50;
const WORKER = "bench-worker";

const LISTS: Readonly<Record<string, JobFilter>> = {
  "list": { limit: 100 },
  "list, by state": { states: ["dead"], limit: 100 },
  "list, by queue": { queue: "default", limit: 100 },
  "list, by state and queue": { states: ["pending"], queue: PAUSED_QUEUE, limit: 100 },
  "list, by tag": { tag: "some", limit: 5 },
};

const FREE = Array.from({ length: BATCH }, (_, slot) => ({ pid: 200 + slot, startTime: "2000" }));

/** Two handles on one store. */
export interface Handles {
  readonly worker: Store;
  readonly user: Store;
}

/** Lets the worker of {@linkcode liveADay} join. */
export async function join(store: Store): Promise<void> {
  const [process, slots] = [{ pid: Deno.pid, startTime: "1" }, BATCH];
  const place = { host: "host", hostIdentity: "bench" };
  await store.join({ id: WORKER, ...place, process, slots, queues: null });
}

/**
 * The medians of each operation in each of the stores, in microseconds. Each round goes through all of
 * them, so that whatever else the machine does meanwhile strikes all alike. Afterwards the stores have as
 * many jobs in each state as before.
 */
export async function liveADay(stores: readonly Handles[]): Promise<Record<string, number>[]> {
  const clocks = stores.map(() => new Stopwatch());
  for (const part of [read, work]) {
    for (let round = 0; round < ROUNDS; round++) {
      for (const index of stores.keys()) {
        // None is always the one after the largest.
        const turn = (index + round) % stores.length;
        await part(stores[turn]!, clocks[turn]!);
      }
    }
  }
  return clocks.map((clock) => clock.medians());
}

async function read({ user }: Handles, clock: Stopwatch): Promise<void> {
  await clock.time("status", () => user.status());
  await clock.time("outstanding", () => user.outstanding(null, 60_000));
  for (const [name, filter] of Object.entries(LISTS)) {
    await clock.time(name, () => user.jobs(filter));
  }
}

async function work({ worker, user }: Handles, clock: Stopwatch): Promise<void> {
  const first = await clock.time("claim of 16", () => tick(worker, []));
  const second = await clock.time("tick: settle 16, claim 16", () => tick(worker, first.claimed));
  await tick(worker, second.claimed, []);
  const { jobId } = first.claimed[0]!;
  await clock.time("show", async () => {
    await user.resolve(jobId);
    await user.job(jobId);
    await user.attempts(jobId);
  });
  const [job] = await clock.time("enqueue of one", () => user.enqueue([newJob(uuidv7())]));
  await clock.time("explain", () => user.standing(job!.id));
  // As retention does, and whoever enqueues.
  await user.removeEnded({ states: ["completed"], before: Date.now() }, 2 * BATCH);
  await addWaiting(user, 2 * BATCH - 1);
}

/** Gathers the times of operations. */
class Stopwatch {
  readonly #times = new Map<string, number[]>();

  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    const times = this.#times.get(name) ?? [];
    times.push((performance.now() - start) * 1000);
    this.#times.set(name, times);
    return result;
  }

  /** Of each operation, in microseconds. */
  medians(): Record<string, number> {
    return Object.fromEntries(Array.from(this.#times, ([name, times]) => [name, median(times)]));
  }
}

/** Settles what it claimed the tick before, and claims for all its slots. */
export class Ticker {
  readonly store: Store;
  readonly #output: string;
  #claims: readonly Claim[] = [];

  /** @param output what each job writes */
  constructor(store: Store, output = "") {
    this.store = store;
    this.#output = output;
  }

  /** How many jobs it runs now. */
  async tick(): Promise<number> {
    const { claimed } = await tick(this.store, this.#claims, FREE, this.#output);
    this.#claims = claimed;
    return claimed.length;
  }
}

/** Enqueues jobs that can run at once, one in twenty with a tag. */
export async function addWaiting(store: Store, jobs: number): Promise<void> {
  await store.enqueue(Array.from({ length: jobs }, (_, n) =>
    newJob(uuidv7(), {
      command: "convert photo-1.png photo-1.jpg",
      cwd: "/home/somebody/work",
      tags: n % 20 === 0 ? ["some"] : [],
    })));
}

function tick(store: Store, ended: readonly Claim[], free = FREE, output = "") {
  return store.tick({
    worker: WORKER,
    ended: ended.map((claim) => end(claim, output)),
    output: [],
    free,
    observed: new Map(),
    draining: false,
    buried: [],
  });
}

function end({ jobId, token }: Claim, output: string): AttemptEnd {
  const finishedAt = Date.now();
  const bytes = new TextEncoder().encode(output);
  const place = { seq: 0, stream: "stdout", time: finishedAt, missing: 0, dropped: null } as const;
  const chunks = output === "" ? [] : [{ token, bytes, ...place }];
  const outputBytes = bytes.length;
  return { jobId, token, outcome: { kind: "completed" }, finishedAt, chunks, outputBytes };
}
