/**
 * The port of `store.ts` on one SQLite file.
 *
 * @module
 */

import type { Attempt, Job, NewJob } from "../../job/job.ts";
import type { State } from "../../job/state.ts";
import type {
  CancelResult,
  JobFilter,
  NewWorker,
  OutputPiece,
  RunningAttempt,
  StopRequest,
  Store,
  StoreStatus,
  TickRequest,
  TickResult,
  WorkerInfo,
} from "../store.ts";
import { Database, type Durability, type SqlValue } from "./database.ts";
import { answerDoorbell, removeDoorbell, ringDoorbells } from "./doorbell.ts";
import { storeErrorFrom } from "./failure.ts";
import { createStoreFile, requireStoreFile, sideDirectory } from "./location.ts";
import { selectOutput } from "./output.ts";
import {
  cancelJob,
  insertJobs,
  removeBatch,
  removeJob,
  retryBatch,
  retryJob,
} from "./producing.ts";
import { countJobs, queueCounts, resolveId, selectJobs } from "./queries.ts";
import { attemptFromRow, JOB_COLUMNS, jobFromRow, pieceFromRow } from "./rows.ts";
import { type Surroundings, tick } from "./tick.ts";
import {
  buryWorker,
  insertWorker,
  requestStop,
  selectAttemptsOf,
  selectWorkers,
} from "./workers.ts";

/** Jobs that one transaction retries or deletes, so that workers are not kept waiting. */
const BATCH = 5000;

/** Somebody who holds a lock for longer is not at work but stuck. */
const PATIENCE = 10_000;

const SURROUNDINGS: Surroundings = {
  now: Date.now,
  random: Math.random,
  newToken: () => crypto.randomUUID(),
};

/** How to open a store. */
export interface SqliteOptions {
  /** Make the store if it is missing. */
  readonly create: boolean;
  /** For tests. */
  readonly surroundings?: Partial<Surroundings>;
  /** The longest wait for other readers and writers, milliseconds; {@link PATIENCE} if absent. */
  readonly patience?: number;
}

/** A store in one SQLite file. */
export class SqliteStore implements Store {
  readonly location: string;
  readonly directory: string;
  readonly #db: Database;
  readonly #env: Surroundings;

  private constructor(path: string, db: Database, env: Surroundings) {
    this.location = path;
    this.directory = sideDirectory(path);
    this.#db = db;
    this.#env = env;
  }

  /**
   * @param path absolute
   * @throws {StoreError} if it is missing and not to be made, or cannot be used
   */
  static async open(path: string, options: SqliteOptions): Promise<SqliteStore> {
    const { create, patience = PATIENCE, surroundings } = options;
    try {
      if (create) createStoreFile(path);
      else requireStoreFile(path);
    } catch (error) {
      throw storeErrorFrom(error, path);
    }
    const db = await Database.open(path, { create, patience });
    return new SqliteStore(path, db, { ...SURROUNDINGS, ...surroundings });
  }

  get address(): string {
    return this.location;
  }

  settings(): Promise<ReadonlyMap<string, string>> {
    return this.#read((db) =>
      new Map(
        db.all("SELECT key, value FROM setting ORDER BY key")
          .map((row) => [row.key as string, row.value as string]),
      )
    );
  }

  configure(key: string, value: string | null): Promise<boolean> {
    return this.#write(
      "full",
      (db) =>
        value === null ? db.run("DELETE FROM setting WHERE key = ?", key) > 0 : db.run(
          `INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key)
          DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
          key,
          value,
        ) > 0,
    );
  }

  async enqueue(jobs: readonly NewJob[]): Promise<void> {
    await this.#write("full", (db) => insertJobs(db, jobs, this.#env.now()));
    await this.#ring();
  }

  async cancel(id: string): Promise<CancelResult> {
    const result = await this.#write("full", (db) => cancelJob(db, id, this.#env.now()));
    if (result === "requested") await this.#ring();
    return result;
  }

  async retry(id: string, from: readonly State[]): Promise<void> {
    await this.#write("full", (db) => retryJob(db, id, from, this.#env.now()));
    await this.#ring();
  }

  async retryAll(state: State): Promise<number> {
    let after = 0;
    const retried = await this.#inBatches((db) => {
      const batch = retryBatch(db, { state, after, limit: BATCH }, this.#env.now());
      after = Math.max(after, ...batch);
      return batch.length;
    });
    await this.#ring();
    return retried;
  }

  async remove(id: string, from: readonly State[]): Promise<void> {
    await this.#write("full", (db) => removeJob(db, id, from));
  }

  removeAll(state: State, endedBefore: number): Promise<number> {
    return this.#inBatches((db) => removeBatch(db, state, endedBefore, BATCH));
  }

  resolve(idOrPart: string): Promise<string> {
    return this.#read((db) => resolveId(db, idOrPart));
  }

  job(id: string): Promise<Job | null> {
    return this.#read((db) => {
      const row = db.get(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`, id);
      return row && jobFromRow(row);
    });
  }

  jobs(filter: JobFilter): Promise<Job[]> {
    return this.#read((db) => selectJobs(db, filter).map(jobFromRow));
  }

  count(filter: JobFilter): Promise<number> {
    return this.#read((db) => countJobs(db, filter));
  }

  attempts(id: string): Promise<Attempt[]> {
    return this.#read((db) =>
      db.all(
        `SELECT * FROM attempt WHERE job = (SELECT seq FROM job WHERE id = ?) ORDER BY attempt`,
        id,
      ).map(attemptFromRow)
    );
  }

  output(id: string, attempt: number, from: number): Promise<OutputPiece[]> {
    return this.#read((db) => selectOutput(db, id, attempt, from).map(pieceFromRow));
  }

  status(): Promise<StoreStatus> {
    return this.#read((db) => ({
      queues: queueCounts(db),
      workers: selectWorkers(db),
      oldestPendingAt: (db.get(
        "SELECT created_at FROM job WHERE state = 'pending' ORDER BY seq LIMIT 1",
      )?.created_at ?? null) as number | null,
    }));
  }

  workers(): Promise<WorkerInfo[]> {
    return this.#read(selectWorkers);
  }

  join(worker: NewWorker): Promise<void> {
    return this.#write("normal", (db) => insertWorker(db, worker, this.#env.now()));
  }

  async tick(request: TickRequest): Promise<TickResult> {
    const result = await this.#write("normal", (db) => {
      db.requireFile();
      return tick(db, request, this.#env);
    });
    for (const worker of request.buried) removeDoorbell(this.directory, worker);
    if (result.settled.some((settled) => settled.state === "pending")) {
      // Handed back by a worker that goes: work for the others.
      await ringDoorbells(this.directory, result.peers.map((peer) => peer.id));
    }
    return result;
  }

  leave(worker: string): Promise<void> {
    return this.#write("normal", (db) => buryWorker(db, worker));
  }

  attemptsOf(worker: string): Promise<RunningAttempt[]> {
    return this.#read((db) => selectAttemptsOf(db, worker));
  }

  async requestStop(workers: readonly string[], request: StopRequest): Promise<void> {
    await this.#write("normal", (db) => {
      for (const worker of workers) requestStop(db, worker, request);
    });
    await ringDoorbells(this.directory, workers);
  }

  outstanding(
    queues: readonly string[] | null,
    dueWithin: number,
    except: string | null = null,
  ): Promise<number> {
    const within = queues === null ? "" : `queue IN (${queues.map(() => "?").join(", ")}) AND`;
    const values: SqlValue[] = queues === null ? [] : [...queues];
    return this.#read((db) =>
      (db.get(
        `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter
        WHERE ${within} state IN ('pending', 'processing')`,
        ...values,
      )!.jobs as number) +
      (db.get(
        `SELECT count(*) AS jobs FROM job
        WHERE ${within} run_at <= ?`,
        ...values,
        this.#env.now() + dueWithin,
      )!.jobs as number) -
      (db.get(
        `SELECT count(*) AS jobs FROM job WHERE ${within} id = ? AND state = 'processing'`,
        ...values,
        except,
      )!.jobs as number)
    );
  }

  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null> {
    return Promise.resolve(answerDoorbell(this.directory, worker, ring));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#db[Symbol.asyncDispose]();
  }

  /** Reads are one snapshot each, and held for no longer than the call. */
  async #read<T>(work: (db: Database) => T): Promise<T> {
    try {
      return await this.#db.read(() => work(this.#db));
    } catch (error) {
      throw storeErrorFrom(error, this.location);
    }
  }

  async #write<T>(durability: Durability, work: (db: Database) => T): Promise<T> {
    try {
      return await this.#db.write(durability, () => work(this.#db));
    } catch (error) {
      throw storeErrorFrom(error, this.location);
    }
  }

  /** Repeats a transaction until it finds less than a batch; how many it found in all. */
  async #inBatches(work: (db: Database) => number): Promise<number> {
    for (let total = 0;;) {
      const found = await this.#write("full", work);
      total += found;
      if (found < BATCH) return total;
    }
  }

  /** There may be work now. What was done is done, so a ring that fails must not fail it. */
  async #ring(): Promise<void> {
    const workers = await this.workers().catch(() => []);
    await ringDoorbells(this.directory, workers.map((worker) => worker.id));
  }
}
