/**
 * The port behind which jobs live. Commands, workers and the dashboard know this file and never an
 * adapter; every adapter passes the one conformance suite in `tests/store/`.
 *
 * Times are milliseconds since the epoch, durations are milliseconds. Every method may throw a
 * {@link StoreError} when the store cannot be used.
 *
 * @module
 */

import type { QueuectlError } from "../errors.ts";
import type { Attempt, Condition, Job, NewJob, Progress } from "../job/job.ts";
import type { KeptJob, MovedJob } from "../job/record.ts";
import type { State } from "../job/state.ts";
import type { ProcessRef, Stream } from "../worker/protocol.ts";
import type { Check, ExamineOptions } from "./examination.ts";
import type { Imported, ImportOptions, Taken, Wanted } from "./importing.ts";
import type { BulkAction, BulkPortion, JobPage, PageFilter, PagePosition } from "./paging.ts";
import type { QueueInfo, QueueSettings } from "./queues.ts";
import type { Relocation } from "./relocation.ts";
import type { NewSchedule, ScheduleInfo } from "./schedules.ts";
import type { ErrorGroup, RunningJob, Statistics, Totals } from "./statistics.ts";
import type { AttemptRef, RunningAttempt, TickRequest, TickResult } from "./tick.ts";
import type { NewWorker, StopRequest, WorkerInfo } from "./workers.ts";

/** So many jobs are enqueued in one transaction at the most (promise 8). */
export const MAX_BATCH = 50_000;

/** Which jobs a list shows. */
export interface JobFilter extends PageFilter {
  /** At most so many; all if absent. */
  readonly limit?: number;
  /** Newest first unless this is set. */
  readonly oldestFirst?: boolean;
}

/** What `status` shows, read at one moment. */
export interface StoreStatus {
  readonly queues: readonly QueueInfo[];
  readonly workers: readonly WorkerInfo[];
  /** When the job that waits longest in `pending` was enqueued. */
  readonly oldestPendingAt: number | null;
}

/** What `enqueue` does about a unique key that is taken. */
export type IfExists =
  /** Nothing is enqueued, not a single job. */
  | "fail"
  /** The job that holds it is the answer. */
  | "return"
  /** The holder is cancelled, if it waits; else as `fail`. */
  | "replace";

/** What became of a job that was to be enqueued. */
export interface Enqueued {
  /** The new job, or the one that holds its unique key. */
  readonly id: string;
  readonly isNew: boolean;
}

/** What is to be changed of a job that waits; what is absent stays. */
export interface JobChanges {
  readonly command?: string;
  readonly queue?: string;
  readonly priority?: number;
  readonly maxRetries?: number;
  /** Milliseconds; null is none. */
  readonly timeout?: number | null;
  /** Not before this time; of a failed job, when its next attempt is due. */
  readonly runAt?: number;
  /** Not before so many milliseconds from now, by the store's clock. */
  readonly delay?: number;
}

/** Jobs that have ended, by how and when. */
export interface EndedFilter {
  /** Final states. */
  readonly states: readonly State[];
  readonly queue?: string;
  /** They ended before this time. */
  readonly before: number;
  /** Only those with exactly this error; null: with none. */
  readonly error?: string | null;
}

/** What a job waits for, as far as the store can tell. */
export interface Standing {
  readonly job: Job;
  /** The parents that have yet to end. */
  readonly parents: readonly {
    readonly id: string;
    readonly on: Condition;
    readonly state: State;
  }[];
  readonly queue: QueueInfo;
  /** Where its rate is used up: milliseconds until the next attempt may begin; else 0. */
  readonly rateOpensIn: number;
  /** Where it is pending: so many jobs of its queue come before it. */
  readonly ahead: number;
  readonly workers: readonly WorkerInfo[];
  /** What runs, oldest first, at most a hundred. */
  readonly running: readonly Pick<Job, "id" | "queue" | "workerId" | "startedAt">[];
}

/** A piece of stored output. */
export interface OutputPiece {
  /** The position of its first byte in the attempt's output, both streams taken together. */
  readonly seq: number;
  readonly stream: Stream;
  readonly time: number;
  readonly bytes: Uint8Array;
  /** How many bytes, at least, are missing before this piece. */
  readonly missing: number;
}

/** What `cancel` did: at once, asked the worker, or it was cancelled before. */
export type CancelResult = "cancelled" | "requested" | "already";

/** Where jobs live. */
export interface Store extends AsyncDisposable {
  /** Where it is, for people: a path, or a URL without its password. */
  readonly location: string;
  /** What `--db` takes to mean this store, from any directory. */
  readonly address: string;
  /**
   * The absolute directory for spool files and logs on this machine, mode 0700. Where the store is shared a worker
   * makes it for its user, and it may be missing for others.
   */
  readonly directory: string;
  /** Whether workers of several machines may use it, so that another one may take over what a worker runs. */
  readonly isShared: boolean;

  /** The config values that were set, in their canonical text. */
  settings(): Promise<ReadonlyMap<string, string>>;
  /** Sets a config value, or unsets it with null; whether that changed anything. */
  configure(key: string, value: string | null): Promise<boolean>;

  /**
   * Stores jobs, all or none, in one transaction of at most {@link MAX_BATCH}. When it returns they
   * survive a power cut (promise 1).
   *
   * Jobs may name each other as parents, in any order. A job whose parent has ended as it should not is
   * stored as cancelled.
   *
   * @returns for each job, in order, what became of it
   * @throws {IdTakenError} if an id is taken, or twice in the list
   * @throws {UniqueKeyTakenError} if a unique key is taken, in the store or within the list, and
   * `ifExists` does not say what to do; with `replace` also if the holder runs
   * @throws {UnknownParentError} if a parent is neither in the store nor in the list
   * @throws {CircleError} if jobs of the list wait for each other
   */
  enqueue(jobs: readonly NewJob[], ifExists?: IfExists): Promise<Enqueued[]>;
  /**
   * Lets a held job go: it is blocked by its parents, scheduled, or pending.
   *
   * @returns its state now
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it is not held
   */
  release(id: string): Promise<State>;
  /**
   * Changes a job that waits; what it is now.
   *
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it runs or has ended
   */
  edit(id: string, changes: JobChanges): Promise<Job>;
  /**
   * Notes how far a running attempt says that it is.
   *
   * @throws {ConflictError} if that attempt does not run any more
   */
  reportProgress(attempt: AttemptRef, progress: Progress): Promise<void>;
  /**
   * Cancels a waiting job at once, or asks the worker of a running one to end it.
   *
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it has ended in another way
   */
  cancel(id: string): Promise<CancelResult>;
  /**
   * Gives a job a new life: `pending`, with `attempts` 0; its attempt log stays. It waits for no parents
   * any more; jobs that were cancelled because of it wait for it again.
   *
   * @param from the states in which that is allowed
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it is in another state
   * @throws {UniqueKeyTakenError} if another job holds its unique key by now
   */
  retry(id: string, from: readonly State[]): Promise<void>;
  /** Retries every job in a state, but for those whose unique key is taken; how many. */
  retryAll(state: State): Promise<number>;
  /**
   * Deletes a job, its attempts and its output.
   *
   * @param from the states in which that is allowed
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it is in another state, or others wait for it
   */
  remove(id: string, from: readonly State[]): Promise<void>;
  /**
   * Deletes the jobs that have ended and for which no other job waits; how many.
   *
   * It takes as many transactions as it needs for each to be short: ticks go on in between.
   *
   * @param limit at most so many; all if absent
   */
  removeEnded(filter: EndedFilter, limit?: number): Promise<number>;

  /**
   * The full id of a job, from it or from a unique beginning or ending of at least 4 characters.
   *
   * @throws {NotFoundError} if no job or more than one fits
   */
  resolve(idOrPart: string): Promise<string>;
  /** One job, or null. */
  job(id: string): Promise<Job | null>;
  jobs(filter: JobFilter): Promise<Job[]>;
  /** How many jobs a filter without a limit finds. */
  count(filter: JobFilter): Promise<number>;
  /**
   * A part of a list, and where the next one begins. However many jobs there are it takes a few milliseconds; where
   * those that fit are rare it stops after some thirty, with fewer jobs or none, and says how far it has come.
   * A job that comes, goes or changes its state between two pages makes the second one neither repeat nor skip
   * another. On the first page a job whose whole id is the text that is looked for comes first.
   *
   * @throws {UsageError} if the cursor is none or of another order, or the order is not one of the states
   */
  page(filter: PageFilter, position: PagePosition): Promise<JobPage>;
  /**
   * Acts on the jobs that a filter finds and that had arrived at the first portion, a portion at a time: the caller
   * goes on from `next` until that is null. Each portion takes as many transactions as it needs for each to be short.
   * Whether a job fits is asked again when it is acted on. What cannot be done to a job is counted, not thrown.
   *
   * @param position its order does not count
   * @throws {UsageError} if the cursor is none
   */
  actOnAll(action: BulkAction, filter: PageFilter, position: PagePosition): Promise<BulkPortion>;
  /**
   * Acts on jobs, each by itself, in short transactions.
   *
   * @param ids full ones
   * @returns for each, in order: null if it was acted on, else why it could not be (a {@link NotFoundError} or
   * {@link ConflictError})
   */
  actOnEach(action: BulkAction, ids: readonly string[]): Promise<(QueuectlError | null)[]>;
  /** What runs, oldest first. */
  running(limit: number): Promise<RunningJob[]>;
  /** Dead jobs by their error, largest group first. */
  errorGroups(limit: number): Promise<ErrorGroup[]>;
  /**
   * What ended from `since` on and before `until`: of one queue, or of all together. Kept for eight days.
   */
  statistics(
    since: number,
    until: number,
    options?: { readonly queue?: string },
  ): Promise<Statistics>;
  /** What ended since the store was made, by queue and outcome. */
  totals(): Promise<Totals[]>;
  /**
   * A word that is another one whenever anything in the store may have changed, by whomever. It takes some
   * microseconds, or one question to a server, and no lock.
   *
   * @throws {StoreGoneError} if the store was replaced by another one, or a part of it was removed
   */
  revision(): Promise<string>;
  /** The attempt log of a job, oldest first. */
  attempts(id: string): Promise<Attempt[]>;
  /** The stored output of an attempt with `seq` at or above `from`, in order, at most 4 MiB of it. */
  output(id: string, attempt: number, from: number): Promise<OutputPiece[]>;
  status(): Promise<StoreStatus>;
  /**
   * All that decides when a job runs.
   *
   * @throws {NotFoundError} if there is no such job
   */
  standing(id: string): Promise<Standing>;
  workers(): Promise<WorkerInfo[]>;
  /** Every queue that has ever held a job or has settings, by name. */
  queues(): Promise<QueueInfo[]>;
  /**
   * Changes the settings of a queue; what is absent stays.
   *
   * @throws {NotFoundError} if there is no such queue and `create` is not set
   */
  configureQueue(
    queue: string,
    changes: Partial<QueueSettings>,
    options?: { readonly create: boolean },
  ): Promise<QueueInfo>;

  /** Every schedule, by name. */
  schedules(): Promise<ScheduleInfo[]>;
  /**
   * Stores a schedule.
   *
   * @param replace whether it may take the place of one of the same name; a pause stays
   * @throws {ConflictError} if the name is taken
   */
  addSchedule(schedule: NewSchedule, replace?: boolean): Promise<void>;
  /**
   * Pauses or resumes a schedule; whether that changed anything.
   *
   * @param nextAt when it fires next, if that changed anything; absent: as before
   * @throws {NotFoundError} if there is no such schedule
   */
  pauseSchedule(name: string, paused: boolean, nextAt?: number | null): Promise<boolean>;
  /**
   * Removes a schedule; its jobs stay.
   *
   * @throws {NotFoundError} if there is no such schedule
   */
  removeSchedule(name: string): Promise<void>;

  join(worker: NewWorker): Promise<void>;
  /**
   * One transaction: heartbeat, settle, store output, fire schedules, promote what is due, claim.
   *
   * @param request or what makes it, once, when it is this worker's turn to write: others may be before it,
   * and what ends meanwhile goes along. It is not asked for if that turn does not come.
   */
  tick(request: TickRequest | (() => TickRequest)): Promise<TickResult>;
  /**
   * A sign of life beside a tick that takes long, for which nothing is waited for but the worker's own row, where
   * that is possible; false if others have given the worker up.
   */
  beat(worker: string): Promise<boolean>;
  /** The worker goes; it must not run anything any more. */
  leave(worker: string): Promise<void>;
  /** The attempts that a worker runs. */
  attemptsOf(worker: string): Promise<RunningAttempt[]>;
  /**
   * The other process of this host that keeps writers out at this moment, a worker or not. Null if none
   * does, or it cannot be told from here. Reading is possible all the same.
   */
  lockHolder(): Promise<ProcessRef | null>;
  /** Asks workers to stop. */
  requestStop(workers: readonly string[], request: StopRequest): Promise<void>;
  /** Asks workers to have so many slots. */
  requestSlots(workers: readonly string[], slots: number): Promise<void>;
  /**
   * How many jobs of these queues (null: all) run, are pending, or are due within `dueWithin`. Not
   * counted are waiting jobs of paused queues, and a job `except`, in which the caller itself runs. While
   * jobs have yet to be told that what they wait for has ended, there is one more.
   */
  outstanding(
    queues: readonly string[] | null,
    dueWithin: number,
    except?: string | null,
  ): Promise<number>;
  /**
   * Calls `ring` whenever there may be something to do for this worker: a hint that can be lost. It also does so once from
   * when on it can be heard, for what came before; that may be after this resolves. Null where the store cannot ring; then workers poll.
   */
  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null>;

  /**
   * What only the adapter can see: whether what is stored is whole and fits together, who may touch it,
   * how it has grown. Nothing is changed. Damage is a finding, not an error.
   */
  examine(options: ExamineOptions): AsyncIterable<Check>;

  /**
   * The jobs that a filter finds, in portions of at most a thousand. Each portion is read at a moment of
   * its own, when it is asked for: however many jobs there are, little memory is needed and no snapshot
   * held.
   */
  portions(filter: JobFilter): AsyncIterable<readonly Job[]>;
  /** The same, with what it takes to store the jobs elsewhere. */
  keptPortions(filter: JobFilter): AsyncIterable<readonly KeptJob[]>;
  /** What an import is to ask for before it writes. */
  findTaken(wanted: Wanted): Promise<Taken>;
  /**
   * Stores jobs as they are, in order, all or none, in one transaction of at most {@link MAX_BATCH}. Parents
   * that have ended are noticed at once; one that is not there may come later.
   *
   * @param jobs gone through from the beginning again if the store has to try again
   * @throws {IdTakenError} if an id is taken, unless such jobs are to be skipped
   * @throws {UniqueKeyTakenError} if another job that is not final holds its unique key
   * @throws {FiringTakenError} if its schedule has enqueued another job for the same time
   */
  importJobs(jobs: Iterable<MovedJob>, options: ImportOptions): Promise<Imported>;

  /** What it takes to move all of it to another store, or all of another one to it. */
  relocation(): Promise<Relocation>;
}
