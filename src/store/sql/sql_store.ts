/**
 * The port of `store.ts` on any database that is an {@linkcode Engine}.
 *
 * @module
 */

import type { QueuectlError } from "../../errors.ts";
import type { Attempt, Job, NewJob, Progress } from "../../job/job.ts";
import type { KeptJob, MovedJob } from "../../job/record.ts";
import type { State } from "../../job/state.ts";
import { importLater } from "../../lazy.ts";
import type { ProcessRef } from "../../worker/protocol.ts";
import type { Check, ExamineOptions } from "../examination.ts";
import type { Imported, ImportOptions, Taken, Wanted } from "../importing.ts";
import type { BulkAction, BulkPortion, JobPage, PageFilter, PagePosition } from "../paging.ts";
import type { QueueInfo, QueueSettings } from "../queues.ts";
import type { Relocation } from "../relocation.ts";
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
import type { NewWorker, StopRequest, WorkerInfo } from "../workers.ts";
import type { Engine } from "./engine.ts";
import type { OldestPending } from "./oldest.ts";
import { pieceFromRow } from "./rows.ts";
import { selectSettings, storeSetting } from "./settings.ts";
import {
  buryWorker,
  insertWorker,
  noteLease,
  requestSlots,
  requestStop,
  selectAttemptsOf,
  selectWorkers,
} from "./workers.ts";

/** Of these each command needs a few. */
const later = {
  bulk: () => importLater<typeof import("./bulk.ts")>("store/sql/bulk"),
  ended: () => importLater<typeof import("./ended.ts")>("store/sql/ended"),
  kept: () => importLater<typeof import("./kept.ts")>("store/sql/kept"),
  listing: () => importLater<typeof import("./listing.ts")>("store/sql/listing"),
  looking: () => importLater<typeof import("./looking.ts")>("store/sql/looking"),
  moving: () => importLater<typeof import("./moving.ts")>("store/sql/moving"),
  oldest: () => importLater<typeof import("./oldest.ts")>("store/sql/oldest"),
  output: () => importLater<typeof import("./output.ts")>("store/sql/output"),
  outstanding: () => importLater<typeof import("./outstanding.ts")>("store/sql/outstanding"),
  paging: () => importLater<typeof import("./paging.ts")>("store/sql/paging"),
  telling: () => importLater<typeof import("./telling.ts")>("store/sql/telling"),
  portions: () => importLater<typeof import("./portions.ts")>("store/sql/portions"),
  queries: () => importLater<typeof import("./queries.ts")>("store/sql/queries"),
  queues: () => importLater<typeof import("./queues.ts")>("store/sql/queues"),
  relocation: () => importLater<typeof import("./relocation.ts")>("store/sql/relocation"),
  retrying: () => importLater<typeof import("./retrying.ts")>("store/sql/retrying"),
  schedules: () => importLater<typeof import("./schedules.ts")>("store/sql/schedules"),
  several: () => importLater<typeof import("./several.ts")>("store/sql/several"),
  standing: () => importLater<typeof import("./standing.ts")>("store/sql/standing"),
  statistics: () => importLater<typeof import("./statistics.ts")>("store/sql/statistics"),
  steering: () => importLater<typeof import("./steering.ts")>("store/sql/steering"),
};

/** A store in a database. */
export class SqlStore implements Store {
  readonly #engine: Engine;
  #oldest: OldestPending | null = null;

  /** @param engine is disposed of with the store */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get location(): string {
    return this.#engine.location;
  }

  get address(): string {
    return this.#engine.address;
  }

  get directory(): string {
    return this.#engine.directory;
  }

  get isShared(): boolean {
    return this.#engine.isShared;
  }

  settings(): Promise<ReadonlyMap<string, string>> {
    return this.#engine.read(selectSettings);
  }

  configure(key: string, value: string | null): Promise<boolean> {
    return this.#engine.write("full", () => storeSetting(key, value));
  }

  enqueue(jobs: readonly NewJob[], ifExists: IfExists = "fail"): Promise<Enqueued[]> {
    return this.#engine.enqueue(jobs, ifExists);
  }

  async release(id: string): Promise<State> {
    const { releaseJob } = await later.steering();
    const state = await this.#engine.write("full", (now) => releaseJob(id, now));
    await this.#engine.ring();
    return state;
  }

  async edit(id: string, changes: JobChanges): Promise<Job> {
    const [{ editJob }, { selectJob }] = await Promise.all([later.steering(), later.queries()]);
    const job = await this.#engine.write("full", function* (now) {
      yield* editJob(id, changes, now);
      return (yield* selectJob(id))!;
    });
    await this.#engine.ring();
    return job;
  }

  async reportProgress(attempt: AttemptRef, progress: Progress): Promise<void> {
    const { noteProgress } = await later.steering();
    await this.#engine.beside((now) => noteProgress(attempt, progress, now));
  }

  async cancel(id: string): Promise<CancelResult> {
    const { cancelAndTell } = await later.several();
    const result = await cancelAndTell(this.#engine, id);
    await this.#engine.ring();
    return result;
  }

  async retry(id: string, from: readonly State[]): Promise<void> {
    const { retryJob } = await later.retrying();
    await this.#engine.write("full", (now) => retryJob(id, from, now));
    await this.#engine.ring();
  }

  async retryAll(state: State): Promise<number> {
    const { retryAll } = await later.several();
    const retried = await retryAll(this.#engine, state);
    await this.#engine.ring();
    return retried;
  }

  async remove(id: string, from: readonly State[]): Promise<void> {
    const { removeJob } = await later.steering();
    await this.#engine.write("full", () => removeJob(id, from));
  }

  async removeEnded(filter: EndedFilter, limit = Infinity): Promise<number> {
    const { removeEnded } = await later.ended();
    return await removeEnded(this.#engine, filter, limit);
  }

  async resolve(idOrPart: string): Promise<string> {
    const { resolveId } = await later.queries();
    return await this.#engine.read(() => resolveId(idOrPart));
  }

  async job(id: string): Promise<Job | null> {
    const { selectJob } = await later.queries();
    return await this.#engine.read(() => selectJob(id));
  }

  async jobs(filter: JobFilter): Promise<Job[]> {
    const { selectJobs } = await later.listing();
    return await this.#engine.read(() => selectJobs(filter));
  }

  async count(filter: JobFilter): Promise<number> {
    const { countJobs } = await later.queries();
    return await this.#engine.read(() => countJobs(filter));
  }

  async page(filter: PageFilter, position: PagePosition): Promise<JobPage> {
    const { selectPage } = await later.paging();
    return await this.#engine.read(() => selectPage(filter, position));
  }

  async actOnAll(
    action: BulkAction,
    filter: PageFilter,
    position: PagePosition,
  ): Promise<BulkPortion> {
    const { actOnAll } = await later.bulk();
    const portion = await actOnAll(this.#engine, action, filter, position);
    if (portion.acted > 0) await this.#haveActed(action);
    return portion;
  }

  async actOnEach(action: BulkAction, ids: readonly string[]): Promise<(QueuectlError | null)[]> {
    const { actOnEach } = await later.bulk();
    const problems = await actOnEach(this.#engine, action, ids);
    if (problems.includes(null)) await this.#haveActed(action);
    return problems;
  }

  async running(limit: number): Promise<RunningJob[]> {
    const { selectRunning } = await later.looking();
    return await this.#engine.read(() => selectRunning(limit));
  }

  async errorGroups(limit: number): Promise<ErrorGroup[]> {
    const { selectErrorGroups } = await later.looking();
    return await this.#engine.read(() => selectErrorGroups(limit));
  }

  async statistics(
    since: number,
    until: number,
    { queue }: { readonly queue?: string } = {},
  ): Promise<Statistics> {
    const { selectStatistics } = await later.statistics();
    return await this.#engine.read(() => selectStatistics(since, until, queue));
  }

  async totals(): Promise<Totals[]> {
    const { selectTotals } = await later.statistics();
    return await this.#engine.read(selectTotals);
  }

  revision(): Promise<string> {
    return this.#engine.revision();
  }

  async attempts(id: string): Promise<Attempt[]> {
    const { selectAttempts } = await later.queries();
    return await this.#engine.read(() => selectAttempts(id));
  }

  async output(id: string, attempt: number, from: number): Promise<OutputPiece[]> {
    const { selectOutput } = await later.output();
    return await this.#engine.read(function* () {
      return (yield* selectOutput(id, attempt, from)).map(pieceFromRow);
    });
  }

  async status(): Promise<StoreStatus> {
    const [{ selectQueues }, { OldestPending }] = await Promise.all([
      later.queues(),
      later.oldest(),
    ]);
    const oldest = this.#oldest ??= new OldestPending();
    return await this.#engine.read(function* () {
      return {
        queues: yield* selectQueues(),
        workers: yield* selectWorkers(),
        oldestPendingAt: yield* oldest.select(),
      };
    });
  }

  async standing(id: string): Promise<Standing> {
    const { selectStanding } = await later.standing();
    return await this.#engine.read((now) => selectStanding(id, now));
  }

  workers(): Promise<WorkerInfo[]> {
    return this.#engine.read(selectWorkers);
  }

  async queues(): Promise<QueueInfo[]> {
    const { selectQueues } = await later.queues();
    return await this.#engine.read(selectQueues);
  }

  async configureQueue(
    queue: string,
    changes: Partial<QueueSettings>,
    { create } = { create: false },
  ): Promise<QueueInfo> {
    const { configureQueue } = await later.queues();
    const info = await this.#engine.write("full", () => configureQueue(queue, changes, create));
    await this.#engine.ring();
    return info;
  }

  async schedules(): Promise<ScheduleInfo[]> {
    const { selectSchedules } = await later.schedules();
    return await this.#engine.read(selectSchedules);
  }

  async addSchedule(schedule: NewSchedule, replace = false): Promise<void> {
    const { insertSchedule } = await later.schedules();
    await this.#engine.write("full", (now) => insertSchedule(schedule, replace, now));
    await this.#engine.ring();
  }

  async pauseSchedule(name: string, paused: boolean, nextAt?: number | null): Promise<boolean> {
    const { pauseSchedule } = await later.schedules();
    const changed = await this.#engine.write("full", () => pauseSchedule(name, paused, nextAt));
    await this.#engine.ring();
    return changed;
  }

  async removeSchedule(name: string): Promise<void> {
    const { deleteSchedule } = await later.schedules();
    await this.#engine.write("full", () => deleteSchedule(name));
  }

  join(worker: NewWorker): Promise<void> {
    const { isShared } = this.#engine;
    return this.#engine.join(function* (now) {
      yield* insertWorker(worker, now);
      if (isShared) yield* noteLease(worker);
    });
  }

  tick(request: TickRequest | (() => TickRequest)): Promise<TickResult> {
    // What is to be done may be done again, and is asked for once.
    let asked = typeof request === "function" ? null : request;
    return this.#engine.tick(() => asked ??= (request as () => TickRequest)());
  }

  leave(worker: string): Promise<void> {
    return this.#engine.leave(worker, () => buryWorker(worker));
  }

  attemptsOf(worker: string): Promise<RunningAttempt[]> {
    // Whoever asks this takes care of them.
    return this.#engine.read(() => selectAttemptsOf(worker), true);
  }

  beat(worker: string): Promise<boolean> {
    return this.#engine.beat(worker);
  }

  lockHolder(): Promise<ProcessRef | null> {
    return this.#engine.lockHolder();
  }

  async requestStop(workers: readonly string[], request: StopRequest): Promise<void> {
    await this.#engine.write("normal", function* () {
      for (const worker of workers) yield* requestStop(worker, request);
    });
    await this.#engine.ring(workers);
  }

  async requestSlots(workers: readonly string[], slots: number): Promise<void> {
    await this.#engine.write("normal", function* () {
      for (const worker of workers) yield* requestSlots(worker, slots);
    });
    await this.#engine.ring(workers);
  }

  async outstanding(
    queues: readonly string[] | null,
    dueWithin: number,
    except: string | null = null,
  ): Promise<number> {
    const { countOutstanding } = await later.outstanding();
    return await this.#engine.read((now) => countOutstanding(queues, now + dueWithin, except));
  }

  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null> {
    return this.#engine.doorbell(worker, ring);
  }

  examine(options: ExamineOptions): AsyncIterable<Check> {
    return this.#engine.examine(options);
  }

  async *portions(filter: JobFilter): AsyncIterable<readonly Job[]> {
    const { PLAIN, readPortions } = await later.portions();
    yield* readPortions(this.#engine, filter, PLAIN);
  }

  async *keptPortions(filter: JobFilter): AsyncIterable<readonly KeptJob[]> {
    const [{ KEPT }, { readPortions }] = await Promise.all([later.kept(), later.portions()]);
    yield* readPortions(this.#engine, filter, KEPT);
  }

  async findTaken(wanted: Wanted): Promise<Taken> {
    const { findTaken } = await later.moving();
    return await this.#engine.read(() => findTaken(wanted));
  }

  async importJobs(jobs: Iterable<MovedJob>, options: ImportOptions): Promise<Imported> {
    const { importJobs } = await later.moving();
    const imported = await this.#engine.writeMuch(() => importJobs(jobs, options));
    await this.#haveActed("cancel");
    return imported;
  }

  async relocation(): Promise<Relocation> {
    const { SqlRelocation } = await later.relocation();
    return new SqlRelocation(this.#engine);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#engine[Symbol.asyncDispose]());
  }

  /** Those who wait for the jobs are told, and there may be work. */
  async #haveActed(action: BulkAction): Promise<void> {
    if (action === "delete") return;
    if (action === "cancel") {
      const { tellAll } = await later.several();
      await tellAll(this.#engine);
    }
    await this.#engine.ring();
  }
}
