/**
 * The engine of a store in a schema of a PostgreSQL database.
 *
 * @module
 */

import { StoreError, UnknownOutcomeError } from "../../errors.ts";
import type { NewJob } from "../../job/job.ts";
import { importLater } from "../../lazy.ts";
import type { ProcessRef } from "../../worker/protocol.ts";
import type { Check, ExamineOptions } from "../examination.ts";
import type { Deed, Durability, Engine } from "../sql/engine.ts";
import { insertEach, insertJobs } from "../sql/producing.ts";
import type { Enqueued, IfExists } from "../store.ts";
import type { TickRequest, TickResult } from "../tick.ts";
import { type Address, parseAddress } from "./address.ts";
import { type Connection, Connections } from "./connections.ts";
import { storeDirectory } from "./directory.ts";
import { answerDoorbell, ringBehind, ringDoorbells } from "./doorbell.ts";
import { areStored, insertMany, isSimple, simpleValues } from "./enqueue.ts";
import { sqlState } from "./failure.ts";
import { Schema } from "./migrate.ts";
import { WRONG_VERSION } from "./preamble.ts";
import type { Surroundings } from "./tick.ts";
import { Ticks } from "./ticks.ts";
import { again, Transactions } from "./transactions.ts";

/** How to open a store. */
export interface PostgresOptions {
  /** Make the store if it is missing. */
  readonly create: boolean;
  /** Change nothing at all: a store of an older version is refused. */
  readonly readOnly?: boolean;
  /** For tests. */
  readonly surroundings?: Partial<Surroundings>;
  /** The longest wait for the server, and for other readers and writers, milliseconds; that of `connections.ts` if absent. */
  readonly patience?: number;
  /** Whether a store that is being moved, or was, will do. */
  readonly marked?: boolean;
}

const later = {
  examine: () => importLater<typeof import("./examine.ts")>("store/postgres/examine"),
};

const SURROUNDINGS: Surroundings = {
  now: null,
  random: Math.random,
  newToken: () => crypto.randomUUID(),
};

const RELOCATION = {
  lock: ["LOCK TABLE gate IN ACCESS EXCLUSIVE MODE"],
  complete: [
    "SELECT setval(pg_get_serial_sequence('job', 'seq'), coalesce(max(seq), 0) + 1, false) FROM job",
    // By name: else it would wait for whoever is at work in another schema.
    "ANALYZE job, input, dependency, attempt, output, statistic",
  ],
  rememberQueue: "INSERT INTO counter_part (state, queue, jobs) VALUES ('completed', ?, 0)",
} as const;

/** A store in one schema. */
export class PostgresEngine implements Engine {
  readonly location: string;
  readonly address: string;
  readonly directory: string;
  readonly isShared = true;
  readonly relocation = RELOCATION;
  readonly #connections: Connections;
  readonly #schema: Schema;
  readonly #env: Surroundings;
  readonly #transactions: Transactions;
  readonly #ticks: Ticks;

  private constructor(
    address: Address,
    connections: Connections,
    schema: Schema,
    env: Surroundings,
  ) {
    this.location = address.location;
    this.address = address.url;
    this.directory = storeDirectory(address);
    this.#connections = connections;
    this.#schema = schema;
    this.#env = env;
    const transactions = new Transactions(connections, schema, env.now);
    this.#transactions = transactions;
    this.#ticks = new Ticks({ transactions, schema, env, ring: () => this.ring() });
  }

  /**
   * @param url see `address.ts`
   * @throws {StoreError} if it is missing and not to be made, or cannot be used
   */
  static async open(url: string, options: PostgresOptions): Promise<PostgresEngine> {
    const { create, readOnly = false, marked = false, patience, surroundings } = options;
    const address = await parseAddress(url);
    const schema = new Schema({ location: address.location, name: address.schema, marked });
    await using closing = new AsyncDisposableStack();
    const connections = closing.use(await Connections.open(address, { patience, readOnly }));
    await again(() => connections.use((one) => schema.prepare(one, { create, readOnly })));
    closing.move();
    return new PostgresEngine(address, connections, schema, { ...SURROUNDINGS, ...surroundings });
  }

  read<T>(deed: Deed<T>, isExact = false): Promise<T> {
    return this.#transactions.do("reading", deed, isExact ? "all" : "most");
  }

  /** Every commit is on the disk of the server: while it is away its workers live on. */
  write<T>(_durability: Durability, deed: Deed<T>): Promise<T> {
    return this.#transactions.do("alone", deed);
  }

  writeMuch<T>(deed: Deed<T>): Promise<T> {
    return this.#transactions.do("alone", deed);
  }

  beside<T>(deed: Deed<T>): Promise<T> {
    return this.#transactions.do("together", deed);
  }

  join<T>(deed: Deed<T>): Promise<T> {
    return this.#transactions.do("joining", deed, "blind");
  }

  leave<T>(worker: string, deed: Deed<T>): Promise<T> {
    return this.#transactions.do("alone", deed, { of: worker });
  }

  async enqueue(jobs: readonly NewJob[], ifExists: IfExists): Promise<Enqueued[]> {
    const begin = performance.now();
    const [one] = jobs;
    let enqueued: Enqueued[] = [];
    try {
      if (one && jobs.length === 1 && ifExists !== "replace" && isSimple(one)) {
        enqueued = [{ id: one.id, isNew: true }];
        if (await this.#add(one)) return enqueued;
      }
      enqueued = [];
      const replaces = ifExists === "replace";
      const isAlone = replaces || jobs.some(({ after }) => after.length > 0);
      const insert = replaces ? insertEach : insertMany;
      await this.#transactions.do(isAlone ? "alone" : "adding", function* (now) {
        enqueued = yield* insertJobs(jobs, { now, ifExists }, insert);
      }, replaces ? "all" : "blind");
    } catch (error) {
      if (!(error instanceof UnknownOutcomeError)) throw error;
      // The answer was lost: the jobs themselves tell, if the server answers.
      const own = jobs.filter((_, i) => enqueued[i]?.isNew ?? false);
      const since = (now: number) => now - Math.ceil(performance.now() - begin);
      const look = this.read((now) => areStored(own, since(now))).catch(orFalse);
      if (own.length === 0 || !await look) throw error;
    }
    await this.ring();
    return enqueued;
  }

  /** Stores a job that is simple, in one round trip; false if something is in the way, at which nobody has looked. */
  #add(job: NewJob): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const add = async (connection: Connection) => {
      const { preamble: { insertSimple }, stand } = this.#schema;
      const values = simpleValues(job, this.#env.now?.() ?? null, stand);
      const added = connection.query(insertSimple, values, true);
      const rung = ringBehind(this.#connections, connection, added);
      try {
        resolve((await added).changes === 1);
      } finally {
        // The connection is given back with nothing under way.
        await Promise.allSettled([rung]);
      }
    };
    this.#connections.besides(() =>
      this.#transactions.use(add).catch((error) =>
        // What has become of the store, the other way tells.
        sqlState(error) === WRONG_VERSION ? resolve(false) : reject(error)
      )
    );
    return promise;
  }

  tick(request: () => TickRequest): Promise<TickResult> {
    return this.#ticks.tick(request);
  }

  ring(workers?: readonly string[]): Promise<void> {
    return Promise.resolve(ringDoorbells(this.#connections, workers));
  }

  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null> {
    return Promise.resolve(answerDoorbell(this.#connections, worker, ring));
  }

  /** The server's transactions that can be seen: also those of its other databases, so it may change for nothing. */
  async revision(): Promise<string> {
    return await this.#connections.use(async (connection) => {
      const { rows: [row] } = await connection.query(this.#schema.preamble.revision);
      await this.#schema.require(row!, connection);
      return row!.revision as string;
    });
  }

  /** Past `gate`: the heart also beats while somebody works alone for long. */
  async beat(worker: string): Promise<boolean> {
    return await this.#connections.use(async (connection) => {
      const { beat } = this.#schema.preamble;
      const { changes } = await connection.query(beat, [worker, this.#env.now?.() ?? null]);
      return changes > 0;
    });
  }

  lockHolder(): Promise<ProcessRef | null> {
    return Promise.resolve(null);
  }

  async *examine(options: ExamineOptions): AsyncIterable<Check> {
    const { examine } = await later.examine();
    yield* examine({ ask: (work) => this.read(work), location: this.location, options });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connections[Symbol.asyncDispose]();
  }
}

/** False for what cannot be asked for now. */
function orFalse(error: unknown): false {
  if (error instanceof StoreError) return false;
  throw error;
}
