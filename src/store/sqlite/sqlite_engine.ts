/**
 * The engine of a store in one SQLite file.
 *
 * @module
 */

import type { NewJob } from "../../job/job.ts";
import { importLater } from "../../lazy.ts";
import type { ProcessRef } from "../../worker/protocol.ts";
import type { Check, ExamineOptions } from "../examination.ts";
import type { Deed, Durability, Engine, RelocationSql } from "../sql/engine.ts";
import { insertJobs } from "../sql/producing.ts";
import { beat, selectWorkers } from "../sql/workers.ts";
import type { Enqueued, IfExists } from "../store.ts";
import type { TickRequest, TickResult } from "../tick.ts";
import { Database } from "./database.ts";
import { answerDoorbell, listDoorbells, removeDoorbells, ringDoorbells } from "./doorbell.ts";
import { storeErrorFrom } from "./failure.ts";
import { createStoreFile, requireStoreFile, sideDirectory, storeFile } from "./location.ts";
import type { Surroundings } from "./tick.ts";

/** From so many jobs on, it takes pages enough to be worth a turn of its own to fold them into the file. */
const MANY = 1000;

/** Somebody who holds a lock for longer is not at work but stuck. */
const PATIENCE = 10_000;

const SURROUNDINGS: Surroundings = {
  now: Date.now,
  random: Math.random,
  newToken: () => crypto.randomUUID(),
};

/** Whoever adds is a writer like all. Rows that are there have raised the number of the next job. */
const RELOCATION: RelocationSql = {
  lock: [],
  complete: [],
  rememberQueue: "INSERT INTO counter (state, queue, jobs) VALUES ('completed', ?, 0)",
};

/** How to open a store. */
export interface SqliteOptions {
  /** Make the store if it is missing. */
  readonly create: boolean;
  /** Change nothing at all: a store of an older version is refused. */
  readonly readOnly?: boolean;
  /** Let in where the store is being moved, or was. */
  readonly marked?: boolean;
  /** For tests. */
  readonly surroundings?: Partial<Surroundings>;
  /** The longest wait for other readers and writers, milliseconds; {@link PATIENCE} if absent. */
  readonly patience?: number;
  /** For tests: the steps of the schema. */
  readonly migrations?: readonly string[];
}

/** One SQLite file. */
export class SqliteEngine implements Engine {
  readonly location: string;
  readonly directory: string;
  readonly isShared = false;
  readonly relocation = RELOCATION;
  readonly #db: Database;
  readonly #env: Surroundings;

  private constructor(path: string, directory: string, db: Database, env: Surroundings) {
    this.location = path;
    this.directory = directory;
    this.#db = db;
    this.#env = env;
  }

  /**
   * @param path absolute
   * @throws {StoreError} if it is missing and not to be made, or cannot be used
   */
  static async open(path: string, options: SqliteOptions): Promise<SqliteEngine> {
    const { create, readOnly = false, patience = PATIENCE, surroundings, ...rest } = options;
    try {
      if (create) createStoreFile(path);
      else requireStoreFile(path);
    } catch (error) {
      throw storeErrorFrom(error, path);
    }
    const db = await Database.open(path, { create, readOnly, patience, ...rest });
    return new SqliteEngine(path, sideDirectory(storeFile(path)), db, {
      ...SURROUNDINGS,
      ...surroundings,
    });
  }

  get address(): string {
    return this.location;
  }

  read<T>(deed: Deed<T>): Promise<T> {
    return this.#ask((db) => db.do(deed(this.#env.now())));
  }

  write<T>(durability: Durability, deed: Deed<T>): Promise<T> {
    return this.#change(durability, (db) => db.do(deed(this.#env.now())));
  }

  join<T>(deed: Deed<T>): Promise<T> {
    return this.write("normal", deed);
  }

  leave<T>(_worker: string, deed: Deed<T>): Promise<T> {
    return this.write("normal", deed);
  }

  beside<T>(deed: Deed<T>): Promise<T> {
    return this.write("normal", deed);
  }

  writeMuch<T>(deed: Deed<T>): Promise<T> {
    return this.#failing(() =>
      this.#db.writeMuch("full", () => this.#db.do(deed(this.#env.now())))
    );
  }

  async enqueue(jobs: readonly NewJob[], ifExists: IfExists): Promise<Enqueued[]> {
    const deed = (now: number) => insertJobs(jobs, { now, ifExists });
    const isMuch = jobs.length >= MANY;
    const enqueued = await (isMuch ? this.writeMuch(deed) : this.write("full", deed));
    await this.ring();
    return enqueued;
  }

  async tick(request: () => TickRequest): Promise<TickResult> {
    const { tick } = await importLater<typeof import("./tick.ts")>("store/sqlite/tick");
    const { ticked: { result, hasMadeWork, others }, worker, bells } = await this.#change(
      "normal",
      (db) => {
        db.requireFile();
        const asked = request();
        const bells = asked.buried.length > 0 ? listDoorbells(this.directory) : [];
        return { ticked: tick(db, asked, this.#env), worker: asked.worker, bells };
      },
    );
    removeDoorbells(this.directory, bells, [worker, ...others]);
    if (hasMadeWork) await this.ring(others);
    return result;
  }

  /** What was done is done, so a ring that fails must not fail it. */
  async ring(workers?: readonly string[]): Promise<void> {
    await ringDoorbells(this.directory, workers ?? await this.#workers().catch(() => []));
  }

  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null> {
    const bell = answerDoorbell(this.directory, worker, ring);
    if (bell !== null) ring();
    return Promise.resolve(bell);
  }

  revision(): Promise<string> {
    return this.#failing(() => this.#db.revision());
  }

  /** There is but one writer: it waits as a tick does. */
  beat(worker: string): Promise<boolean> {
    return this.write("normal", (now) => beat(worker, now));
  }

  async lockHolder(): Promise<ProcessRef | null> {
    const { lockHolder } = await importLater<typeof import("./lock_holder.ts")>(
      "store/sqlite/lock_holder",
    );
    return lockHolder(this.location, () => this.#db.isWriting());
  }

  async *examine(options: ExamineOptions): AsyncIterable<Check> {
    const { examine } = await importLater<typeof import("./examine.ts")>("store/sqlite/examine");
    yield* examine({ ask: (work) => this.#ask(work), path: this.location, options });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#db[Symbol.asyncDispose]();
  }

  async #workers(): Promise<string[]> {
    return (await this.read(selectWorkers)).map(({ id }) => id);
  }

  /** Reads are one snapshot each, and held for no longer than the call. */
  #ask<T>(work: (db: Database) => T): Promise<T> {
    return this.#failing(() => this.#db.read(() => work(this.#db)));
  }

  #change<T>(durability: Durability, work: (db: Database) => T): Promise<T> {
    return this.#failing(() => this.#db.write(durability, () => work(this.#db)));
  }

  /** What fails, fails in a sentence for the user. */
  async #failing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeErrorFrom(error, this.location);
    }
  }
}
