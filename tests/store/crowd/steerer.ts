/**
 * A user of a crowd: does whatever can be done to whatever is there.
 *
 * @module
 */

import { QueuectlError } from "../../../src/errors.ts";
import type { NewJob } from "../../../src/job/job.ts";
import type { MovedJob } from "../../../src/job/record.ts";
import type { BulkAction } from "../../../src/store/paging.ts";
import type { IfExists, Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import type { Crowd } from "./crowd.ts";

/** A queue whose limit never changes, and into which no job is moved. */
export const NARROW = "narrow";
/** So many of its jobs run at once. */
export const LIMIT = 2;

/** Queues whose settings change all the time. */
const OTHERS = ["wide", "rated", "other"] as const;
const FINAL = ["completed", "dead", "cancelled"] as const;
const ACTIONS = ["retry", "cancel", "release", "delete"] as const;
const CONDITIONS = ["ok", "any", "notok"] as const;
const IF_EXISTS: readonly [IfExists, ...IfExists[]] = ["fail", "return", "replace"];

/** What it does. */
export class Steerer {
  readonly #crowd: Crowd;
  readonly #store: Store;
  readonly #name: string;
  #made = 0;

  constructor(crowd: Crowd, store: Store, name: string) {
    this.#crowd = crowd;
    this.#store = store;
    this.#name = name;
  }

  /** Does so many things. */
  async steer(deeds: number): Promise<void> {
    const { random, faults } = this.#crowd;
    for (let i = 0; i < deeds && faults.length === 0; i++) {
      const [name, deed] = random.pick(this.#deeds)!;
      try {
        await this.#crowd.soon(deed());
        this.#crowd.count(name);
      } catch (error) {
        const codes = this.#crowd.isShaky ? [3, 4, 5] : [3, 4];
        const isRefused = error instanceof QueuectlError && codes.includes(error.exitCode);
        if (!isRefused) throw new Error(`${name}: ${error}`, { cause: error });
        this.#crowd.count(`${name} refused`);
        if (error.exitCode === 5) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      if (random.chance(0.5)) {
        await new Promise((resolve) => setTimeout(resolve, random.between(0, 5)));
      }
    }
  }

  readonly #deeds: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["enqueue", () => this.#enqueue(10)],
    ["enqueue", () => this.#enqueue(3)],
    ["enqueue", () => this.#enqueue(1)],
    ["enqueue unique", () => this.#enqueueUnique()],
    ["enqueue unique", () => this.#enqueueUnique()],
    ["cancel", () => this.#store.cancel(this.#id())],
    ["retry", () => this.#store.retry(this.#id(), [...FINAL, "failed"])],
    ["retry", () => this.#store.retry(this.#id(), [...FINAL, "failed"])],
    ["release", () => this.#store.release(this.#id())],
    ["edit", () => this.#edit()],
    ["remove", () => this.#store.remove(this.#id(), FINAL)],
    ["retryAll", () => this.#store.retryAll(this.#random.pick(FINAL))],
    ["actOnAll", () => this.#actOnAll()],
    [
      "actOnEach",
      () => this.#store.actOnEach(this.#action(), [this.#id(), this.#id(), this.#id()]),
    ],
    ["removeEnded", () => this.#removeEnded()],
    ["configureQueue", () => this.#configure()],
    ["schedule", () => this.#schedule()],
    ["requestStop", () => this.#store.requestStop([`w${this.#random.between(0, 3)}`], "drain")],
    ["requestSlots", () => this.#store.requestSlots([`w${this.#random.between(0, 3)}`], 3)],
    ["import", () => this.#import()],
    ["configure", () => this.#store.configure("lease", `${this.#random.between(5, 50)}s`)],
  ];

  get #random() {
    return this.#crowd.random;
  }

  #id(): string {
    const { ids, ending } = this.#crowd;
    const soon = this.#random.chance(0.4) ? this.#random.pick(ending) : undefined;
    if (soon !== undefined) return soon;
    // Mostly one that is still there.
    return this.#random.pick(this.#random.chance(0.8) ? ids.slice(-40) : ids) ?? "none";
  }

  #action(): BulkAction {
    return this.#random.pick(ACTIONS);
  }

  #newJob(overrides: Partial<NewJob> = {}): NewJob {
    const random = this.#random;
    const parents = new Set(random.chance(0.5) ? [this.#id(), this.#id()] : []);
    parents.delete("none");
    return newJob(`${this.#name}-${++this.#made}`, {
      queue: random.pick([NARROW, ...OTHERS]),
      priority: random.between(0, 4),
      maxRetries: random.between(0, 2),
      held: random.chance(0.1),
      delay: random.chance(0.1) ? random.between(1, 2000) : null,
      stdin: random.chance(0.1) ? "input" : null,
      after: [...parents].map((id) => ({ id, on: random.pick(CONDITIONS) })),
      uniqueKey: random.chance(0.2) ? `key-${random.between(0, 2)}` : null,
      ...overrides,
    });
  }

  async #enqueue(most: number): Promise<void> {
    const jobs = Array.from({ length: this.#random.between(1, most) }, () => this.#newJob());
    await this.#store.enqueue(jobs);
    this.#crowd.ids.push(...jobs.map(({ id }) => id));
  }

  async #enqueueUnique(): Promise<void> {
    const jobs = Array.from(
      { length: this.#random.between(1, 3) },
      () => this.#newJob({ uniqueKey: `key-${this.#random.between(0, 2)}`, after: [] }),
    );
    const enqueued = await this.#store.enqueue(jobs, this.#random.pick(IF_EXISTS));
    this.#crowd.ids.push(...enqueued.filter(({ isNew }) => isNew).map(({ id }) => id));
  }

  async #edit(): Promise<void> {
    const random = this.#random;
    await this.#store.edit(this.#id(), {
      priority: random.between(0, 5),
      ...random.chance(0.5) ? { queue: random.pick(OTHERS) } : {},
      ...random.chance(0.3) ? { delay: random.between(0, 3000) } : {},
    });
  }

  async #actOnAll(): Promise<void> {
    const action = this.#action();
    const filter = { queue: this.#random.pick([NARROW, ...OTHERS]) };
    for (let cursor: string | null = null, i = 0; i < 3; i++) {
      cursor = (await this.#store.actOnAll(action, filter, { limit: 10, cursor })).next;
      if (cursor === null) break;
    }
  }

  async #removeEnded(): Promise<void> {
    const before = this.#crowd.scene.now - this.#random.between(0, 20_000);
    await this.#store.removeEnded({ states: FINAL, before }, this.#random.between(1, 30));
  }

  async #configure(): Promise<void> {
    const random = this.#random;
    await this.#store.configureQueue(random.pick(OTHERS), {
      paused: random.chance(0.2),
      limit: random.chance(0.3) ? random.between(1, 3) : null,
      rate: random.chance(0.3) ? { count: random.between(1, 4), period: 1000 } : null,
    }, { create: true });
  }

  async #schedule(): Promise<void> {
    const random = this.#random;
    const name = `every-${random.between(0, 3)}`;
    const known = (await this.#store.schedules()).some((schedule) => schedule.name === name);
    if (known && random.chance(0.5)) {
      await this.#store.pauseSchedule(name, random.chance(0.3));
      return;
    }
    if (known) return;
    await this.#store.addSchedule({
      ...{ name, cron: "* * * * *", timezone: "UTC", catchUp: "none", spec: "{}" },
      ...{ overlap: random.pick(["allow", "skip"] as const), nextAt: this.#crowd.scene.now + 500 },
    });
  }

  /** Copies of jobs that have ended. */
  async #import(): Promise<void> {
    const some: MovedJob[] = [];
    for await (const portion of this.#store.keptPortions({ states: FINAL, limit: 5 })) {
      for (const kept of portion) {
        const id = `${this.#name}-${++this.#made}`;
        const { job } = kept;
        const copy = {
          ...job,
          id,
          ...{ uniqueKey: null, schedule: null, fireTime: null, runAt: null, after: [] },
        };
        some.push({
          ...{ ...kept, job: copy, cancelledBy: null, waitsFor: [], stdin: null },
          ...{ env: {}, output: [] },
        });
      }
    }
    await this.#store.importJobs(some, { skipExisting: false });
    this.#crowd.ids.push(...some.map(({ job }) => job.id));
  }
}

/** Nothing is kept back any more. */
export async function settleDown(store: Store): Promise<void> {
  for (const queue of OTHERS) {
    await store.configureQueue(queue, { paused: false, limit: null, rate: null }, { create: true });
  }
  for (const { name } of await store.schedules()) await store.removeSchedule(name);
  for (let cursor: string | null = null;;) {
    cursor = (await store.actOnAll("release", {}, { limit: 1000, cursor })).next;
    if (cursor === null) break;
  }
}
