/**
 * queuectl's store as its workers use it, with nothing run between the claim and the end.
 *
 * @module
 */

import { newJob } from "../../job/jobs.ts";
import { openStore } from "../../../src/store/open.ts";
import type { Store } from "../../../src/store/store.ts";
import type { AttemptEnd, Claim } from "../../../src/store/tick.ts";
import { currentHost, processRef } from "../../../src/worker/host.ts";
import { PostgresSession } from "../../toolchain/postgres_session.ts";
import type { Contender, Open } from "./contender.ts";

/** The longest time between two ticks, and the shortest between two beats of the heart: a supervisor's. */
const TICK_INTERVAL = 800;
const HEARTBEAT = 400;

/** Jobs that are enqueued at once. */
const BATCH = 50_000;

const SCHEMA = "bench_queuectl";

/** A worker with long lines behind its slots, as in front of tiny jobs. */
export const openFastest: Open = (url) => open(url, { slots: 24, ahead: 476 });
/** A worker whose jobs take so long that none is claimed ahead. */
export const openPlain: Open = (url) => open(url, { slots: 16, ahead: 0 });

/** How many jobs run at once, and how many wait in the lines behind the slots. */
export interface Places {
  readonly slots: number;
  readonly ahead: number;
}

async function open(url: string, places: Places): Promise<Contender> {
  const session = await PostgresSession.open(url, SCHEMA);
  const opening = (create: boolean) => openStore(`${url}?schema=${SCHEMA}`, { create });
  // As the others have a connection before anything is measured.
  let store: Store | null = await opening(false).catch(() => null);
  const opened = async () => store ??= await opening(true);
  let added = 0;
  return {
    async fill(jobs) {
      await store?.[Symbol.asyncDispose]();
      store = null;
      await session.script(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
      const own = await opened();
      for (let from = 0; from < jobs; from += BATCH) {
        const length = Math.min(BATCH, jobs - from);
        await own.enqueue(Array.from({ length }, (_, n) => newJob(`job-${from + n}`)));
      }
      await session.script("VACUUM ANALYZE job");
    },
    async add() {
      await (await opened()).enqueue([newJob(`added-${added++}`)]);
    },
    async isDone() {
      // As `queuectl status` knows it; the first look at the index of states would step over all that have left it.
      const left = "SELECT 1 FROM counter WHERE state IN ('pending', 'processing') AND jobs > 0";
      return (await session.ask(left)).length === 0;
    },
    async pull(handle) {
      return await pull(await opened(), `bench-${Deno.pid}`, places, { handle });
    },
    async [Symbol.asyncDispose]() {
      await store?.[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
    },
  };
}

/**
 * Joins a store, and does its jobs.
 *
 * @param id of the worker
 */
export async function pull(
  store: Store,
  id: string,
  places: Places,
  listeners: Listeners,
): Promise<AsyncDisposable> {
  const { name: host, identity: hostIdentity } = currentHost();
  const process = processRef(Deno.pid)!;
  await store.join({ id, host, hostIdentity, process, slots: places.slots, queues: null });
  return new Ticker(store, id, places, listeners);
}

/** Who is told of what a worker does. */
export interface Listeners {
  /** It has claimed so many jobs. */
  readonly handle?: (jobs: number) => void;
  /** It has ticked; how long that took, milliseconds, and how many jobs it has settled. */
  readonly onTick?: (took: number, settled: number) => void;
}

/** Ticks as a supervisor does: when something has ended, when it is rung, and else now and then. */
class Ticker implements AsyncDisposable {
  readonly #store: Store;
  readonly #listeners: Listeners;
  readonly #worked: Promise<void>;
  #wake = () => {};
  #isRung = false;
  #isOver = false;

  constructor(store: Store, id: string, places: Places, listeners: Listeners) {
    this.#store = store;
    this.#listeners = listeners;
    this.#worked = this.#work(id, places);
  }

  async #work(id: string, { slots, ahead }: Places): Promise<void> {
    const launcher = processRef(Deno.pid)!;
    const ring = () => {
      this.#isRung = true;
      this.#wake();
    };
    let bell: Promise<AsyncDisposable | null> | null = null;
    const places = (length: number) => Array.from({ length }, () => launcher);
    const always = { worker: id, output: [], observed: new Map(), draining: false, buried: [] };
    let claimed: readonly Claim[] = [];
    let beatAt = -Infinity;
    while (!this.#isOver || claimed.length > 0) {
      this.#isRung = false;
      const isBrief = performance.now() - beatAt < HEARTBEAT;
      if (!isBrief) beatAt = performance.now();
      const begin = performance.now();
      const result = await this.#store.tick({
        ...always,
        isBrief,
        ended: claimed.map(completed),
        free: places(this.#isOver ? 0 : slots),
        ahead: places(this.#isOver ? 0 : ahead),
      });
      this.#listeners.onTick?.(performance.now() - begin, result.settled.length);
      claimed = result.claimed;
      this.#listeners.handle?.(claimed.length);
      if (claimed.length > 0 || this.#isRung || this.#isOver) continue;
      bell ??= this.#store.doorbell(id, ring);
      await this.#sleep(Math.min(TICK_INTERVAL, result.nextDueIn ?? Infinity));
    }
    await (await bell)?.[Symbol.asyncDispose]();
    await this.#store.leave(id);
  }

  async #sleep(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#wake();
    await this.#worked;
  }
}

/** As an executor reports a command that wrote nothing and exited with 0. */
function completed({ jobId, token }: Claim): AttemptEnd {
  const outcome = { kind: "completed" } as const;
  return { jobId, token, outcome, finishedAt: Date.now(), chunks: [], outputBytes: 0 };
}
