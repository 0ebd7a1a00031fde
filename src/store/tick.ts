/**
 * What a worker brings to a tick, and what it takes from it. Times are milliseconds since the epoch,
 * durations are milliseconds.
 *
 * @module
 */

import type { Job } from "../job/job.ts";
import type { Outcome, OutcomeKind } from "../job/outcome.ts";
import type { State } from "../job/state.ts";
import type { OutputChunk, ProcessRef } from "../worker/protocol.ts";
import type { Fired, Firing, ScheduleInfo } from "./schedules.ts";
import type { StopRequest, WorkerInfo } from "./workers.ts";

/** Names one attempt and fences every write about it. */
export interface AttemptRef {
  readonly jobId: string;
  readonly token: string;
}

/** What is to be known of a job to run it. */
export type ClaimedJob = Pick<
  Job,
  | "id"
  | "command"
  | "queue"
  | "attempts"
  | "maxRetries"
  | "timeout"
  | "cwd"
  | "schedule"
  | "fireTime"
>;

/** A job that this worker has just been given. */
export interface Claim extends AttemptRef {
  readonly job: ClaimedJob;
  /** Its number in the attempt log. */
  readonly attempt: number;
  readonly env: Readonly<Record<string, string>>;
  /** What it finds on its standard input; null is nothing. */
  readonly stdin: string | null;
  /** It is to wait in the line of its slot. */
  readonly isAhead: boolean;
}

/** An attempt that runs, as a rescuer needs it. */
export interface RunningAttempt extends AttemptRef {
  readonly attempt: number;
  readonly launcher: ProcessRef;
  /** Where it runs; null is the worker's own directory. */
  readonly cwd: string | null;
  /** It was claimed ahead, so it may not have begun. */
  readonly isAhead: boolean;
  /** Absent where its own worker asks. */
  readonly trace?: AttemptTrace;
}

/** What somebody else than its worker needs to know of an attempt to tell of it in a trace. */
export interface AttemptTrace {
  readonly queue: string;
  readonly startedAt: number;
  /** The `TRACEPARENT` of the job's environment; it may be malformed. */
  readonly traceparent: string | null;
}

/** The end of an attempt, to be settled. */
export interface AttemptEnd extends AttemptRef {
  readonly outcome: Outcome;
  /** When its command began, if it was claimed ahead; else that was when it was claimed. */
  readonly startedAt?: number;
  readonly finishedAt: number;
  readonly chunks: readonly OutputChunk[];
  readonly outputBytes: number;
  /** The chunks are the whole output: what is stored already goes (a rescuer has the spool). */
  readonly replacesOutput?: boolean;
  /**
   * Set by a rescuer who could not end the worker: if that has come back meanwhile, and its heart does not
   * stand where the rescuer saw it stand still, the end changes nothing.
   */
  readonly unlessBack?: { readonly worker: string; readonly heartbeat: number };
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
  /**
   * Once every free slot has a job, jobs are claimed ahead for so many places in the lines behind the slots,
   * each with the launcher of its slot. None of a queue with a limit or a rate, where a job that waits here
   * would take the place of one that could run, and none that has input, which would wait in memory; nor any
   * whose turn comes after such a job.
   */
  readonly ahead?: readonly ProcessRef[];
  /** What it has seen of the other workers' heartbeats, by their id. */
  readonly observed: ReadonlyMap<string, Observation>;
  /** It takes no new work any more; shown to others. */
  readonly draining: boolean;
  /**
   * It comes soon after another tick: the heart does not beat, nobody looks at the others, and `draining` and
   * `slots` are as they were. For a worker that settles hundreds of jobs a second most of a tick would be this.
   */
  readonly isBrief?: boolean;
  /** Workers whose attempts have all been cleaned up and are settled by this tick. */
  readonly buried: readonly string[];
  /** How many slots it has now, where that is not what it said before. */
  readonly slots?: number;
  /** The firings that it has worked out for schedules that were due. */
  readonly firings?: readonly Firing[];
}

/** An attempt's end after it was settled. */
export interface Settled extends AttemptRef {
  /** The job's state now. */
  readonly state: State;
  /** Null if the attempt never began. */
  readonly outcome: OutcomeKind | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  /** When the next attempt is due; null unless the job is `failed`. */
  readonly runAt: number | null;
}

/** What a worker takes from a tick. */
export interface TickResult {
  /** The i-th job is for the i-th of the free slots and, after them, of the places in their lines. */
  readonly claimed: readonly Claim[];
  readonly settled: readonly Settled[];
  /** Tokens of attempts whose job had moved on: nothing was changed for them. */
  readonly stale: readonly string[];
  /** Tokens of this worker's attempts whose end was asked for. */
  readonly cancelled: readonly string[];
  readonly stopRequest: StopRequest | null;
  /** The slots that it was asked to have; null if it was not. */
  readonly slotsRequest: number | null;
  /** Schedules that are due: the next tick is to bring their firings. */
  readonly dueSchedules: readonly ScheduleInfo[];
  /** What became of the firings that this tick brought. */
  readonly fired: readonly Fired[];
  /** The store's clock at the tick. */
  readonly now: number;
  /** Others have given this worker up: its attempts are not its own any more. */
  readonly evicted: boolean;
  /** The other workers of the store, but for how busy they are; null if the tick was brief, or they were not looked at. */
  readonly peers: readonly WorkerInfo[] | null;
  /** Time until the next job or schedule is due, or a rate lets a job begin; null if none does. */
  readonly nextDueIn: number | null;
}
