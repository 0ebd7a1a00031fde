/**
 * Stores in which every claim is a reservation, and their workers.
 *
 * @module
 */

import type { Reserving } from "../../../src/store/postgres/reservations.ts";
import {
  PostgresEngine,
  type PostgresOptions,
} from "../../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Claim, TickRequest } from "../../../src/store/tick.ts";
import { newJob } from "../../job/jobs.ts";
import { type PostgresSession, TestSchema } from "../../toolchain/postgres_session.ts";
import { COMPLETED, launchers } from "../scene.ts";

/** Every claim is a reservation. */
export const ALWAYS: Reserving = { from: 1, pause: 0 };
/** None is. */
export const NEVER: Reserving = { from: Infinity, pause: 0 };

/** A store, and a look past it at what its tables hold. */
export class Scene implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #schema: TestSchema;
  session!: PostgresSession;
  store!: Store;

  private constructor(schema: TestSchema) {
    this.#schema = this.#stack.use(schema);
  }

  static async set(jobs: number): Promise<Scene> {
    const scene = new Scene(await TestSchema.named());
    scene.store = await scene.open();
    scene.session = scene.#stack.use(await scene.#schema.session());
    await scene.store.enqueue(Array.from({ length: jobs }, (_, n) => newJob(`job-${n}`)));
    return scene;
  }

  async open(reserving = ALWAYS, options: Partial<PostgresOptions> = {}): Promise<Store> {
    const surroundings = { reserving };
    const engine = await PostgresEngine.open(this.#schema.url, {
      ...{ create: options.readOnly !== true, surroundings, ...options },
    });
    return this.#stack.use(new SqlStore(engine));
  }

  /** A worker with a handle of its own. */
  async worker(
    id: string,
    reserving = ALWAYS,
    options: Partial<PostgresOptions> = {},
    handle: Store | null = null,
  ): Promise<Worker> {
    const store = handle ?? await this.open(reserving, options);
    const process = { pid: 1, startTime: "1" };
    await store.join({ id, host: id, hostIdentity: id, process, slots: 2, queues: null });
    return new Worker(id, store);
  }

  /** The states of jobs in the table itself, with the number of reservations. */
  async rows(): Promise<string> {
    const [row] = await this.session.ask(
      `SELECT (SELECT count(*) FROM reservation) AS reservations,
        (SELECT string_agg(DISTINCT state, ' ') FROM job) AS states`,
    );
    return `${row!.reservations} ${row!.states}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** A worker of such a store, which ticks when it is told to. */
export class Worker {
  constructor(readonly id: string, readonly store: Store) {}

  tick(request: Partial<TickRequest>) {
    return this.store.tick({
      ...{ worker: this.id, ended: [], output: [], free: [], observed: new Map() },
      ...{ draining: false, buried: [], ...request },
    });
  }

  async claim(places: number, ended: TickRequest["ended"] = []): Promise<readonly Claim[]> {
    const [free, ahead] = [launchers(2), launchers(places - 2)];
    return (await this.tick({ free, ahead, ended })).claimed;
  }
}

/** The end of a claimed attempt that completed. */
export function end(
  { jobId, token }: Claim,
  overrides: Partial<TickRequest["ended"][number]> = {},
) {
  const finishedAt = Date.now();
  return { jobId, token, outcome: COMPLETED, finishedAt, chunks: [], outputBytes: 0, ...overrides };
}
