/**
 * The port behind which jobs live. Commands, workers and the dashboard know this file and never an
 * adapter; every adapter passes the one conformance suite in `tests/store/`.
 *
 * Times are milliseconds since the epoch, durations are milliseconds. Every method may throw a
 * {@link StoreError} when the store cannot be used.
 *
 * @module
 */

import type { Attempt, Job, NewJob } from "../job/job.ts";
import type { Outcome, OutcomeKind } from "../job/outcome.ts";
import type { State } from "../job/state.ts";
import type { OutputChunk, ProcessRef, Stream } from "../worker/protocol.ts";

/** So many jobs are enqueued in one transaction at the most (promise 8). */
export const MAX_BATCH = 50_000;

/** Which jobs a list shows. */
export interface JobFilter {
  /** Any of these; all if absent. */
  readonly states?: readonly State[];
  readonly queue?: string;
  readonly tag?: string;
  /** At most so many; all if absent. */
  readonly limit?: number;
  /** Newest first unless this is set. */
  readonly oldestFirst?: boolean;
}

/** Jobs counted by state, a row per queue. */
export interface QueueCounts {
  readonly queue: string;
  readonly counts: Readonly<Record<State, number>>;
}

/** What `status` shows, read at one moment. */
export interface StoreStatus {
  readonly queues: readonly QueueCounts[];
  readonly workers: readonly WorkerInfo[];
  /** When the job that waits longest in `pending` was enqueued. */
  readonly oldestPendingAt: number | null;
}

/** What somebody asked of a worker: to finish what runs, or to hand it back. */
export type StopRequest = "drain" | "now";

/** What a worker says of itself when it joins. */
export interface NewWorker {
  readonly id: string;
  /** For people. */
  readonly host: string;
  /** Two workers with the same text can see each other's processes (`currentHost()`). */
  readonly hostIdentity: string;
  readonly process: ProcessRef;
  readonly slots: number;
  /** The queues it serves; null is all. */
  readonly queues: readonly string[] | null;
}

/** A worker as others see it. */
export interface WorkerInfo extends NewWorker {
  /** Grows from one to the next that joins; no clock is asked. */
  readonly joinOrder: number;
  /** Attempts that it runs. */
  readonly busy: number;
  readonly state: "running" | "draining";
  readonly stopRequest: StopRequest | null;
  readonly startedAt: number;
  /** By its own clock; for people only, no decision hangs on it. */
  readonly heartbeatAt: number;
  /** Grows with every tick. */
  readonly heartbeat: number;
  /** For how long observers have seen the heartbeat stand still while they reached the store. */
  readonly unmovedFor: number;
}

/** Names one attempt and fences every write about it. */
export interface AttemptRef {
  readonly jobId: string;
  readonly token: string;
}

/** A job that this worker has just been given. */
export interface Claim extends AttemptRef {
  readonly job: Job;
  /** Its number in the attempt log. */
  readonly attempt: number;
}

/** An attempt that runs, as a rescuer needs it. */
export interface RunningAttempt extends AttemptRef {
  readonly attempt: number;
  readonly launcher: ProcessRef;
  /** Where it runs; null is the worker's own directory. */
  readonly cwd: string | null;
}

/** The end of an attempt, to be settled. */
export interface AttemptEnd extends AttemptRef {
  readonly outcome: Outcome;
  readonly finishedAt: number;
  readonly chunks: readonly OutputChunk[];
  readonly outputBytes: number;
  /** The chunks are the whole output: what is stored already goes (a rescuer has the spool). */
  readonly replacesOutput?: boolean;
}

/** How long an observer has seen a heartbeat stand still, by its own monotonic clock. */
export interface Observation {
  readonly heartbeat: number;
  /** Milliseconds in which the observer reached the store. */
  readonly unmovedFor: number;
}

/** What a worker brings to a tick. */
export interface TickRequest {
  readonly worker: string;
  readonly ended: readonly AttemptEnd[];
  /** What running commands have written. */
  readonly output: readonly (AttemptRef & { readonly chunk: OutputChunk })[];
  /** The launcher of each free slot: at most so many jobs are claimed. */
  readonly free: readonly ProcessRef[];
  /** What it has seen of the other workers' heartbeats, by their id. */
  readonly observed: ReadonlyMap<string, Observation>;
  /** It takes no new work any more; shown to others. */
  readonly draining: boolean;
  /** Workers whose attempts have all been cleaned up and are settled by this tick. */
  readonly buried: readonly string[];
}

/** An attempt's end after it was settled. */
export interface Settled extends AttemptRef {
  /** The job's state now. */
  readonly state: State;
  readonly outcome: OutcomeKind;
  readonly exitCode: number | null;
  readonly error: string | null;
  /** When the next attempt is due; null unless the job is `failed`. */
  readonly runAt: number | null;
}

/** What a worker takes from a tick. */
export interface TickResult {
  /** The i-th job is for the i-th free slot. */
  readonly claimed: readonly Claim[];
  readonly settled: readonly Settled[];
  /** Tokens of attempts whose job had moved on: nothing was changed for them. */
  readonly stale: readonly string[];
  /** Tokens of this worker's attempts whose end was asked for. */
  readonly cancelled: readonly string[];
  readonly stopRequest: StopRequest | null;
  /** Others have given this worker up: its attempts are not its own any more. */
  readonly evicted: boolean;
  /** The other workers of the store. */
  readonly peers: readonly WorkerInfo[];
  /** Time until the next job is due; null if none is. */
  readonly nextDueIn: number | null;
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
  /** The absolute directory for spool files and logs, mode 0700. */
  readonly directory: string;

  /** The config values that were set, in their canonical text. */
  settings(): Promise<ReadonlyMap<string, string>>;
  /** Sets a config value, or unsets it with null; whether that changed anything. */
  configure(key: string, value: string | null): Promise<boolean>;

  /**
   * Stores jobs, all or none, in one transaction of at most {@link MAX_BATCH}. When it returns they
   * survive a power cut (promise 1).
   *
   * @throws {ConflictError} if an id is taken, or twice in the list
   */
  enqueue(jobs: readonly NewJob[]): Promise<void>;
  /**
   * Cancels a waiting job at once, or asks the worker of a running one to end it.
   *
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it has ended in another way
   */
  cancel(id: string): Promise<CancelResult>;
  /**
   * Gives a job a new life: `pending`, with `attempts` 0; its attempt log stays.
   *
   * @param from the states in which that is allowed
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it is in another state
   */
  retry(id: string, from: readonly State[]): Promise<void>;
  /** Retries every job in a state; how many. */
  retryAll(state: State): Promise<number>;
  /**
   * Deletes a job, its attempts and its output.
   *
   * @param from the states in which that is allowed
   * @throws {NotFoundError} if there is no such job
   * @throws {ConflictError} if it is in another state
   */
  remove(id: string, from: readonly State[]): Promise<void>;
  /** Deletes every job in a state that ended before a time, in batches; how many. */
  removeAll(state: State, endedBefore: number): Promise<number>;

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
  /** The attempt log of a job, oldest first. */
  attempts(id: string): Promise<Attempt[]>;
  /** The stored output of an attempt with `seq` at or above `from`, in order, at most 4 MiB of it. */
  output(id: string, attempt: number, from: number): Promise<OutputPiece[]>;
  status(): Promise<StoreStatus>;
  workers(): Promise<WorkerInfo[]>;

  join(worker: NewWorker): Promise<void>;
  /** One transaction: heartbeat, settle, store output, promote what is due, claim. */
  tick(request: TickRequest): Promise<TickResult>;
  /** The worker goes; it must not run anything any more. */
  leave(worker: string): Promise<void>;
  /** The attempts that a worker runs. */
  attemptsOf(worker: string): Promise<RunningAttempt[]>;
  /** Asks workers to stop. */
  requestStop(workers: readonly string[], request: StopRequest): Promise<void>;
  /**
   * How many jobs of these queues (null: all) run, are pending, or are due within `dueWithin`; a job
   * `except`, in which the caller itself runs, is not counted.
   */
  outstanding(
    queues: readonly string[] | null,
    dueWithin: number,
    except?: string | null,
  ): Promise<number>;
  /**
   * Calls `ring` whenever there may be something to do for this worker: a hint that can be lost.
   * Null where the store cannot ring; then workers poll.
   */
  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null>;
}
