/**
 * The port of `store.ts` on one SQLite file.
 *
 * @module
 */

import { NotFoundError, type QueuectlError } from "../../errors.ts";
import type { Attempt, Job, NewJob, Progress } from "../../job/job.ts";
import type { KeptJob, MovedJob } from "../../job/record.ts";
import type { State } from "../../job/state.ts";
import { importLater } from "../../lazy.ts";
import type { Check, ExamineOptions } from "../examination.ts";
import type { Imported, ImportOptions, Taken, Wanted } from "../importing.ts";
import type { BulkAction, BulkPortion, JobPage, PageFilter, PagePosition } from "../paging.ts";
import type { QueueInfo, QueueSettings } from "../queues.ts";
import type { NewSchedule, ScheduleInfo } from "../schedules.ts";
import type { ErrorGroup, RunningJob, Statistics, Totals } from "../statistics.ts";
import type {
  CancelResult,
  EndedFilter,
  Enqueued,
  IfExists,
  JobChanges,
  JobFilter,
  OutputPiece,
  Standing,
  Store,
  StoreStatus,
} from "../store.ts";
import type { AttemptRef, RunningAttempt, TickRequest, TickResult } from "../tick.ts";
import type { ProcessRef } from "../../worker/protocol.ts";
import type { NewWorker, StopRequest, WorkerInfo } from "../workers.ts";
import { Database, type Durability } from "./database.ts";
import { answerDoorbell, listDoorbells, removeDoorbells, ringDoorbells } from "./doorbell.ts";
import { type EndedFrom, type EndedJob, findEnded, removeFound } from "./ended.ts";
import { storeErrorFrom } from "./failure.ts";
import { createStoreFile, requireStoreFile, sideDirectory, storeFile } from "./location.ts";
import { selectJobs } from "./listing.ts";
import { selectOutput } from "./output.ts";
import { tellDependents } from "./parents.ts";
import { insertJobs } from "./producing.ts";
import { countJobs, countOutstanding, resolveId, selectJob } from "./queries.ts";
import { configureQueue, selectQueues } from "./queues.ts";
import { attemptFromRow, jobFromRow, pieceFromRow } from "./rows.ts";
import {
  cancelJob,
  editJob,
  noteProgress,
  releaseJob,
  removeJob,
  retryBatch,
  retryJob,
} from "./steering.ts";
import type { Surroundings } from "./tick.ts";
import {
  buryWorker,
  insertWorker,
  requestSlots,
  requestStop,
  selectAttemptsOf,
  selectWorkers,
} from "./workers.ts";

/** Dependents that one transaction tells, so that workers are not kept waiting: 15 ms. */
const TOLD = 500;

/** From so many jobs on, it takes pages enough to be worth a turn of its own to fold them into the file. */
const MANY = 1000;

/** Somebody who holds a lock for longer is not at work but stuck. */
const PATIENCE = 10_000;

/** What most commands do without: 25 modules of 55. */
const later = {
  bulk: () => importLater<typeof import("./bulk.ts")>("store/sqlite/bulk"),
  examine: () => importLater<typeof import("./examine.ts")>("store/sqlite/examine"),
  looking: () => importLater<typeof import("./looking.ts")>("store/sqlite/looking"),
  moving: () => importLater<typeof import("./moving.ts")>("store/sqlite/moving"),
  paging: () => importLater<typeof import("./paging.ts")>("store/sqlite/paging"),
  portions: () => importLater<typeof import("./portions.ts")>("store/sqlite/portions"),
  schedules: () => importLater<typeof import("./schedules.ts")>("store/sqlite/schedules"),
  standing: () => importLater<typeof import("./standing.ts")>("store/sqlite/standing"),
  statistics: () => importLater<typeof import("./statistics.ts")>("store/sqlite/statistics"),
  tick: () => importLater<typeof import("./tick.ts")>("store/sqlite/tick"),
};

const SURROUNDINGS: Surroundings = {
  now: Date.now,
  random: Math.random,
  newToken: () => crypto.randomUUID(),
};

/** How to open a store. */
export interface SqliteOptions {
  /** Make the store if it is missing. */
  readonly create: boolean;
  /** Change nothing at all: a store of an older version is refused. */
  readonly readOnly?: boolean;
  /** For tests. */
  readonly surroundings?: Partial<Surroundings>;
  /** The longest wait for other readers and writers, milliseconds; {@link PATIENCE} if absent. */
  readonly patience?: number;
  /** For tests: the steps of the schema. */
  readonly migrations?: readonly string[];
}

/** A store in one SQLite file. */
export class SqliteStore implements Store {
  readonly location: string;
  readonly directory: string;
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
  static async open(path: string, options: SqliteOptions): Promise<SqliteStore> {
    const { create, readOnly = false, patience = PATIENCE, surroundings, ...rest } = options;
    try {
      if (create) createStoreFile(path);
      else requireStoreFile(path);
    } catch (error) {
      throw storeErrorFrom(error, path);
    }
    const db = await Database.open(path, { create, readOnly, patience, ...rest });
    return new SqliteStore(path, sideDirectory(storeFile(path)), db, {
      ...SURROUNDINGS,
      ...surroundings,
    });
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

  async enqueue(jobs: readonly NewJob[], ifExists: IfExists = "fail"): Promise<Enqueued[]> {
    const insert = (db: Database) => insertJobs(db, jobs, { now: this.#env.now(), ifExists });
    const enqueued =
      await (jobs.length < MANY ? this.#write("full", insert) : this.#writeMuch(insert));
    await this.#ring();
    return enqueued;
  }

  async release(id: string): Promise<State> {
    const state = await this.#write("full", (db) => releaseJob(db, id, this.#env.now()));
    await this.#ring();
    return state;
  }

  async edit(id: string, changes: JobChanges): Promise<Job> {
    const job = await this.#write("full", (db) => {
      editJob(db, id, changes, this.#env.now());
      return selectJob(db, id)!;
    });
    await this.#ring();
    return job;
  }

  async reportProgress(attempt: AttemptRef, progress: Progress): Promise<void> {
    await this.#write("normal", (db) => noteProgress(db, attempt, progress, this.#env.now()));
  }

  async cancel(id: string): Promise<CancelResult> {
    const now = this.#env.now();
    const { result, isDone } = await this.#write("full", (db) => {
      const result = cancelJob(db, id, now);
      // Most jobs have few dependents: a second transaction costs a timer and another sync.
      return { result, isDone: result !== "cancelled" || tellDependents(db, now, TOLD).isDone };
    });
    if (!isDone) await this.#tellDependents();
    await this.#ring();
    return result;
  }

  async retry(id: string, from: readonly State[]): Promise<void> {
    await this.#write("full", (db) => retryJob(db, id, from, this.#env.now()));
    await this.#ring();
  }

  async retryAll(state: State): Promise<number> {
    let total = 0;
    for (let after: number | null = 0; after !== null;) {
      const from: number = after;
      const { retried, last } = await this.#writeMuch((db) =>
        retryBatch(db, { state, after: from }, this.#env.now())
      );
      total += retried;
      after = last;
    }
    await this.#ring();
    return total;
  }

  async remove(id: string, from: readonly State[]): Promise<void> {
    await this.#write("full", (db) => removeJob(db, id, from));
  }

  async removeEnded({ states, ...filter }: EndedFilter, limit = Infinity): Promise<number> {
    let total = 0;
    for (const state of states) {
      if (total >= limit) break;
      let last: EndedJob | null = null;
      do {
        const from: EndedFrom = { after: last, limit: limit - total };
        // Looked for without the lock, for what a filter leaves out may be many.
        const look = await this.#read((db) => findEnded(db, state, filter, from));
        last = look.last;
        for (let left = look.found; left.length > 0;) {
          const found = left;
          const turn = await this.#writeMuch((db) => removeFound(db, state, found));
          total += turn.removed;
          left = left.slice(turn.done);
        }
      } while (last !== null && total < limit);
    }
    return total;
  }

  resolve(idOrPart: string): Promise<string> {
    return this.#read((db) => resolveId(db, idOrPart));
  }

  job(id: string): Promise<Job | null> {
    return this.#read((db) => selectJob(db, id));
  }

  jobs(filter: JobFilter): Promise<Job[]> {
    return this.#read((db) => selectJobs(db, filter).map(jobFromRow));
  }

  count(filter: JobFilter): Promise<number> {
    return this.#read((db) => countJobs(db, filter));
  }

  async page(filter: PageFilter, position: PagePosition): Promise<JobPage> {
    const { selectPage } = await later.paging();
    return await this.#read((db) => selectPage(db, filter, position));
  }

  async actOnAll(
    action: BulkAction,
    filter: PageFilter,
    position: PagePosition,
  ): Promise<BulkPortion> {
    const { actOnFound, findPortion } = await later.bulk();
    const { seqs, next } = await this.#read((db) => findPortion(db, action, filter, position));
    let [acted, refused] = [0, 0];
    for (let left = seqs; left.length > 0;) {
      const found = { filter, seqs: left };
      const turn = await this.#writeMuch((db) => actOnFound(db, action, found, this.#env.now()));
      acted += turn.acted;
      refused += turn.refused;
      left = left.slice(turn.done);
    }
    if (acted > 0) await this.#haveActed(action);
    return { acted, refused, next };
  }

  async actOnEach(
    action: BulkAction,
    ids: readonly string[],
  ): Promise<(QueuectlError | null)[]> {
    const { actOnSome } = await later.bulk();
    const problems: (QueuectlError | null)[] = [];
    while (problems.length < ids.length) {
      const left = ids.slice(problems.length);
      problems.push(
        ...await this.#writeMuch((db) => actOnSome(db, action, left, this.#env.now())),
      );
    }
    if (problems.includes(null)) await this.#haveActed(action);
    return problems;
  }

  async running(limit: number): Promise<RunningJob[]> {
    const { selectRunning } = await later.looking();
    return await this.#read((db) => selectRunning(db, limit));
  }

  async errorGroups(limit: number): Promise<ErrorGroup[]> {
    const { selectErrorGroups } = await later.looking();
    return await this.#read((db) => selectErrorGroups(db, limit));
  }

  async statistics(
    since: number,
    until: number,
    { queue }: { readonly queue?: string } = {},
  ): Promise<Statistics> {
    const { selectStatistics } = await later.statistics();
    return await this.#read((db) => selectStatistics(db, since, until, queue));
  }

  async totals(): Promise<Totals[]> {
    const { selectTotals } = await later.statistics();
    return await this.#read(selectTotals);
  }

  async revision(): Promise<string> {
    try {
      return await this.#db.revision();
    } catch (error) {
      throw storeErrorFrom(error, this.location);
    }
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
      queues: selectQueues(db),
      workers: selectWorkers(db),
      oldestPendingAt: (db.get(
        "SELECT created_at FROM job WHERE state = 'pending' ORDER BY seq LIMIT 1",
      )?.created_at ?? null) as number | null,
    }));
  }

  async standing(id: string): Promise<Standing> {
    const { selectStanding } = await later.standing();
    return await this.#read((db) => {
      const job = selectJob(db, id);
      if (job === null) throw new NotFoundError(`There is no job ${id}`);
      return selectStanding(db, job, this.#env.now());
    });
  }

  workers(): Promise<WorkerInfo[]> {
    return this.#read(selectWorkers);
  }

  queues(): Promise<QueueInfo[]> {
    return this.#read(selectQueues);
  }

  async configureQueue(
    queue: string,
    changes: Partial<QueueSettings>,
    { create } = { create: false },
  ): Promise<QueueInfo> {
    const info = await this.#write("full", (db) => configureQueue(db, queue, changes, create));
    await this.#ring();
    return info;
  }

  async schedules(): Promise<ScheduleInfo[]> {
    const { selectSchedules } = await later.schedules();
    return await this.#read(selectSchedules);
  }

  async addSchedule(schedule: NewSchedule, replace = false): Promise<void> {
    const { insertSchedule } = await later.schedules();
    await this.#write("full", (db) => insertSchedule(db, schedule, replace, this.#env.now()));
    await this.#ring();
  }

  async pauseSchedule(name: string, paused: boolean, nextAt?: number | null): Promise<boolean> {
    const { pauseSchedule } = await later.schedules();
    const changed = await this.#write("full", (db) => pauseSchedule(db, name, paused, nextAt));
    await this.#ring();
    return changed;
  }

  async removeSchedule(name: string): Promise<void> {
    const { deleteSchedule } = await later.schedules();
    await this.#write("full", (db) => deleteSchedule(db, name));
  }

  join(worker: NewWorker): Promise<void> {
    return this.#write("normal", (db) => insertWorker(db, worker, this.#env.now()));
  }

  async tick(request: TickRequest | (() => TickRequest)): Promise<TickResult> {
    const { tick } = await later.tick();
    // The work is done again if its commit has to wait for a lock.
    let asked = typeof request === "function" ? null : request;
    const ask = () => asked ??= (request as () => TickRequest)();
    const { ticked: { result, hasMadeWork, others }, worker, bells } = await this.#write(
      "normal",
      (db) => {
        db.requireFile();
        const asked = ask();
        const bells = asked.buried.length > 0 ? listDoorbells(this.directory) : [];
        return { ticked: tick(db, asked, this.#env), worker: asked.worker, bells };
      },
    );
    removeDoorbells(this.directory, bells, [worker, ...others]);
    if (hasMadeWork) await ringDoorbells(this.directory, others);
    return result;
  }

  leave(worker: string): Promise<void> {
    return this.#write("normal", (db) => buryWorker(db, worker));
  }

  async lockHolder(): Promise<ProcessRef | null> {
    const { lockHolder } = await importLater<typeof import("./lock_holder.ts")>(
      "store/sqlite/lock_holder",
    );
    return lockHolder(this.location, () => this.#db.isWriting());
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

  async requestSlots(workers: readonly string[], slots: number): Promise<void> {
    await this.#write("normal", (db) => {
      for (const worker of workers) requestSlots(db, worker, slots);
    });
    await ringDoorbells(this.directory, workers);
  }

  outstanding(
    queues: readonly string[] | null,
    dueWithin: number,
    except: string | null = null,
  ): Promise<number> {
    return this.#read((db) => countOutstanding(db, queues, this.#env.now() + dueWithin, except));
  }

  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null> {
    return Promise.resolve(answerDoorbell(this.directory, worker, ring));
  }

  async *examine(options: ExamineOptions): AsyncIterable<Check> {
    const { examine } = await later.examine();
    yield* examine({ ask: (work) => this.#read(work), path: this.location, options });
  }

  async *portions(filter: JobFilter): AsyncIterable<readonly Job[]> {
    const { readPlain, readPortions } = await later.portions();
    yield* readPortions((work) => this.#read(work), filter, readPlain);
  }

  async *keptPortions(filter: JobFilter): AsyncIterable<readonly KeptJob[]> {
    const { readKept, readPortions } = await later.portions();
    yield* readPortions((work) => this.#read(work), filter, readKept);
  }

  async findTaken(wanted: Wanted): Promise<Taken> {
    const { findTaken } = await later.moving();
    return await this.#read((db) => findTaken(db, wanted));
  }

  async importJobs(jobs: Iterable<MovedJob>, options: ImportOptions): Promise<Imported> {
    const { importJobs } = await later.moving();
    const imported = await this.#writeMuch((db) => importJobs(db, jobs, options));
    await this.#tellDependents();
    await this.#ring();
    return imported;
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

  /** As durable as anything that a user asks for; for thousands of rows. */
  async #writeMuch<T>(work: (db: Database) => T): Promise<T> {
    try {
      return await this.#db.writeMuch("full", () => work(this.#db));
    } catch (error) {
      throw storeErrorFrom(error, this.location);
    }
  }

  /** Those who wait for the jobs are told, and there may be work. */
  async #haveActed(action: BulkAction): Promise<void> {
    if (action === "delete") return;
    if (action === "cancel") await this.#tellDependents();
    await this.#ring();
  }

  /** In portions, so that workers are not kept waiting. */
  async #tellDependents(): Promise<void> {
    const tell = (db: Database) => tellDependents(db, this.#env.now(), TOLD);
    while (!(await this.#write("full", tell)).isDone);
  }

  /** There may be work now. What was done is done, so a ring that fails must not fail it. */
  async #ring(): Promise<void> {
    const workers = await this.workers().catch(() => []);
    await ringDoorbells(this.directory, workers.map((worker) => worker.id));
  }
}
