/**
 * What a test of the store port stands on: a storage of its own, a clock that stands still, tokens that
 * can be foretold, and short ways to say what a worker does.
 *
 * @module
 */

import { newJob } from "../job/jobs.ts";
import type { Job, NewJob, Parent } from "../../src/job/job.ts";
import type { Outcome } from "../../src/job/outcome.ts";
import type { State } from "../../src/job/state.ts";
import type { Store } from "../../src/store/store.ts";
import type {
  AttemptEnd,
  AttemptRef,
  Claim,
  ClaimedJob,
  Observation,
  Settled,
  TickRequest,
  TickResult,
} from "../../src/store/tick.ts";
import type { NewWorker, WorkerInfo } from "../../src/store/workers.ts";
import type { OutputChunk, ProcessRef } from "../../src/worker/protocol.ts";

/** What a store takes from its surroundings; its own if absent. */
export interface StorageOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** A name for an attempt. */
  readonly newToken?: () => string;
  /** There are many of them: it may be kept where it would not survive, in memory. */
  readonly isShortLived?: boolean;
}

/** How much is played. */
export interface Extent {
  /** What part of the work that is long for its length alone; 1 if absent. */
  readonly scale?: number;
  /** How many random histories; 300 if absent. */
  readonly histories?: number;
}

/** A place that holds one store. */
export interface Storage extends AsyncDisposable {
  /** Another handle on the store; the test closes it. */
  open(): Promise<Store>;
}

/** Makes an empty storage. */
export type StorageFactory = (options: StorageOptions) => Promise<Storage>;

/** Registers one test of the suite. */
export type Register = (title: string, body: (scene: Scene) => Promise<void>) => void;

/** A storage with one open store and everything that decides what happens in it. */
export class Scene implements AsyncDisposable {
  readonly #handles: Store[];
  readonly #storage: Storage;
  readonly #control: Control;
  readonly #scale: number;
  /** The first handle. */
  readonly store: Store;

  private constructor(storage: Storage, store: Store, control: Control, scale: number) {
    this.#scale = scale;
    this.#storage = storage;
    this.#control = control;
    this.#handles = [store];
    this.store = store;
  }

  /** Sets the scene. */
  static async set(
    makeStorage: StorageFactory,
    { scale = 1, ...options }: Pick<StorageOptions, "isShortLived"> & Extent = {},
  ): Promise<Scene> {
    const control = { now: 1_800_000_000_000, random: 0.5, tokens: 0, ids: 0 };
    const storage = await makeStorage({
      ...options,
      now: () => control.now,
      random: () => control.random,
      newToken: () => `token-${++control.tokens}`,
    });
    return new Scene(storage, await storage.open(), control, scale);
  }

  /** So many, where a tenth would show the same where each takes longer. */
  many(count: number): number {
    return Math.ceil(count * this.#scale);
  }

  /** The time of the store, milliseconds. */
  get now(): number {
    return this.#control.now;
  }

  /** Moves the clock, back as well. */
  advance(milliseconds: number): void {
    this.#control.now += milliseconds;
  }

  /** What the next draws give. */
  set random(value: number) {
    this.#control.random = value;
  }

  /** Another handle on the same storage, closed with the scene. */
  async open(): Promise<Store> {
    const store = await this.#storage.open();
    this.#handles.push(store);
    return store;
  }

  /** Lets a worker join. */
  async worker(id: string, overrides: Partial<NewWorker> = {}, on = this.store): Promise<Worker> {
    await on.join({
      id,
      host: "host-a",
      hostIdentity: "boot-a",
      process: { pid: 100, startTime: "1000" },
      slots: 4,
      queues: null,
      ...overrides,
    });
    return new Worker(id, on, this);
  }

  /** Stores one job. */
  async enqueue(id: string, overrides: Partial<NewJob> = {}): Promise<void> {
    await this.store.enqueue([newJob(id, overrides)]);
  }

  /** The job with this id, which must be there. */
  async job(id: string): Promise<Job> {
    const job = await this.store.job(id);
    if (job === null) throw new Error(`There is no job ${id}`);
    return job;
  }

  /** The states of jobs, in the order of their ids. */
  async states(...ids: string[]): Promise<State[]> {
    return (await Promise.all(ids.map((id) => this.job(id)))).map(({ state }) => state);
  }

  /** An id that no other job has. */
  newId(prefix: string): string {
    return `${prefix}-${++this.#control.ids}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const handle of this.#handles) await handle[Symbol.asyncDispose]();
    await this.#storage[Symbol.asyncDispose]();
  }
}

interface Control {
  now: number;
  random: number;
  tokens: number;
  ids: number;
}

/** What a claim is to tell of a job. */
export function asClaimed(job: Job): ClaimedJob {
  const { id, command, queue, attempts, maxRetries, timeout, cwd, schedule, fireTime } = job;
  return { id, command, queue, attempts, maxRetries, timeout, cwd, schedule, fireTime };
}

/** What comes of a tick that is not brief. */
export type FullTick = TickResult & { readonly peers: readonly WorkerInfo[] };

/** A worker that has joined, as far as the store sees one. */
export class Worker {
  readonly id: string;
  readonly #store: Store;
  readonly #scene: Scene;

  /** Speaks for the worker with this id. */
  constructor(id: string, store: Store, scene: Scene) {
    this.id = id;
    this.#store = store;
    this.#scene = scene;
  }

  /** One tick with a heartbeat, in which nothing happens but what is given. */
  async tick(request: Partial<TickRequest> = {}): Promise<FullTick> {
    const { peers, ...result } = await this.#tick(request);
    if (peers === null) throw new Error("The tick says nothing of the peers");
    return { ...result, peers };
  }

  /** One tick between two heartbeats. */
  tickBriefly(request: Partial<TickRequest> = {}): Promise<TickResult> {
    return this.#tick({ ...request, isBrief: true });
  }

  #tick(request: Partial<TickRequest>): Promise<TickResult> {
    return this.#store.tick({
      worker: this.id,
      ended: [],
      output: [],
      free: [],
      observed: new Map(),
      draining: false,
      buried: [],
      ...request,
    });
  }

  /** Claims for so many slots. */
  async claim(slots: number): Promise<readonly Claim[]> {
    return (await this.tick({ free: launchers(slots) })).claimed;
  }

  /** Claims the one job that it must be given. */
  async claimOne(): Promise<Claim> {
    const [claim] = await this.claim(1);
    if (claim === undefined) throw new Error(`${this.id} was given no job`);
    return claim;
  }

  /** Claims and completes whatever it is given, until nothing is left; the ids in their order. */
  async workThrough(slots = 1): Promise<string[]> {
    const given: string[] = [];
    while (true) {
      const claims = await this.claim(slots);
      if (claims.length === 0 && (await this.tick()).nextDueIn !== 0) return given;
      given.push(...idsOf(claims));
      await this.settle(claims, COMPLETED);
    }
  }

  /** Ticks until nothing is left to do at this moment; the last tick. */
  async calm(): Promise<FullTick> {
    for (let ticks = 0; ticks < 50_000; ticks++) {
      const result = await this.tick();
      if (result.nextDueIn !== 0) return result;
    }
    throw new Error("The store is never done");
  }

  /** Claims one job and settles it; what became of it. */
  async run(outcome: Outcome): Promise<Settled> {
    return (await this.settle([await this.claimOne()], outcome)).settled[0]!;
  }

  /** Settles attempts, all with one outcome. */
  settle(claims: readonly AttemptRef[], outcome: Outcome): Promise<FullTick> {
    return this.tick({ ended: claims.map((claim) => this.end(claim, outcome)) });
  }

  /** The end of an attempt, now. */
  end(
    { jobId, token }: AttemptRef,
    outcome: Outcome,
    overrides: Partial<AttemptEnd> = {},
  ): AttemptEnd {
    const finishedAt = this.#scene.now;
    return { jobId, token, outcome, finishedAt, chunks: [], outputBytes: 0, ...overrides };
  }

  /** Tells the store what it has seen of another worker's heartbeat. */
  async observe(peer: string, unmovedFor: number): Promise<FullTick> {
    const { heartbeat } = await infoOf(this.#store, peer);
    return await this.observeAt(peer, { heartbeat, unmovedFor });
  }

  /** The same for a heartbeat that it has seen earlier. */
  observeAt(peer: string, observation: Observation): Promise<FullTick> {
    return this.tick({ observed: new Map([[peer, observation]]) });
  }
}

/** Exit code 0. */
export const COMPLETED: Outcome = { kind: "completed" };
/** Exit code 1. */
export const FAILED: Outcome = { kind: "failed", exitCode: 1 };
/** Handed back by a worker that shuts down. */
export const HANDED_BACK: Outcome = { kind: "handed_back" };
/** Lost with its worker. */
export const LOST: Outcome = { kind: "lost", error: "the worker died" };

/** The worker ended the command for a cancel. */
export const ENDED: Outcome = { kind: "cancelled", exitCode: 143 };

/** A condition on a parent; `ok` for its id alone. */
export function after(...parents: (string | Parent)[]): Parent[] {
  return parents.map((parent) => typeof parent === "string" ? { id: parent, on: "ok" } : parent);
}

/** Launchers of so many free slots, each with a pid of its own. */
export function launchers(slots: number): ProcessRef[] {
  return Array.from({ length: slots }, (_, slot) => ({ pid: 200 + slot, startTime: "2000" }));
}

/** What others see of a worker. */
export async function infoOf(store: Store, worker: string): Promise<WorkerInfo> {
  const info = (await store.workers()).find(({ id }) => id === worker);
  if (info === undefined) throw new Error(`There is no worker ${worker}`);
  return info;
}

/** A piece of output. */
export function chunk(
  token: string,
  seq: number,
  text: string,
  overrides: Partial<OutputChunk> = {},
): OutputChunk {
  const bytes = new TextEncoder().encode(text);
  return { token, seq, stream: "stdout", time: 5, bytes, missing: 0, dropped: null, ...overrides };
}

/** The ids of jobs or claims. */
export function idsOf(things: readonly ({ id: string } | { jobId: string })[]): string[] {
  return things.map((thing) => "id" in thing ? thing.id : thing.jobId);
}
