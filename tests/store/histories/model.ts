/**
 * A store as its contract has it, worked out in the plainest way: lists that are walked through. Random
 * histories compare it with the real one after every step.
 *
 * What a command must refuse, it refuses by a {@link Refusal}; the caller puts back what was before.
 *
 * @module
 */

import {
  CircleError,
  ConflictError,
  IdTakenError,
  type NotFoundError,
  UniqueKeyTakenError,
  UnknownParentError,
} from "../../../src/errors.ts";
import type { NewJob, Progress } from "../../../src/job/job.ts";
import { isFinal, sourcesOf, type State, WAITING_STATES } from "../../../src/job/state.ts";
import type {
  CancelResult,
  EndedFilter,
  Enqueued,
  IfExists,
  JobChanges,
} from "../../../src/store/store.ts";
import { Jobs } from "./jobs.ts";
import { ModelQueues } from "./model_queues.ts";
import { ModelSchedules } from "./model_schedules.ts";
import { ModelStatistics } from "./model_statistics.ts";
import { ModelWorkers } from "./model_workers.ts";
import { isIn, type Modelled, modelled } from "./modelled.ts";
import type { Tally } from "./tally.ts";

/** What the store is to throw. */
type Refused =
  | typeof CircleError
  | typeof ConflictError
  | typeof IdTakenError
  | typeof NotFoundError
  | typeof UniqueKeyTakenError
  | typeof UnknownParentError;

/** The store must refuse this. */
export class Refusal extends Error {
  /** The class of what it must throw. */
  readonly error: Refused;

  constructor(error: Refused) {
    super(error.name);
    this.error = error;
  }
}

/** A whole store. */
export class Model {
  readonly jobs: Jobs;
  readonly queues: ModelQueues;
  readonly workers: ModelWorkers;
  readonly schedules: ModelSchedules;
  readonly statistics = new ModelStatistics();

  constructor(tally: Tally) {
    this.jobs = new Jobs(tally);
    this.queues = new ModelQueues(this.jobs);
    this.workers = new ModelWorkers(this.jobs);
    this.schedules = new ModelSchedules(this.jobs);
  }

  /** The time of the store. */
  get now(): number {
    return this.jobs.now;
  }

  /** Stores a list of jobs; what becomes of each. */
  enqueue(list: readonly NewJob[], ifExists: IfExists): Enqueued[] {
    const enqueued = list.map((given) => this.#store(given, ifExists));
    const holders = new Map(
      enqueued.flatMap(({ id, isNew }, i) => isNew ? [] : [[list[i]!.id, id]]),
    );
    const waiting = enqueued.flatMap(({ id, isNew }) => {
      const job = isNew ? this.jobs.find(id)! : null;
      return job === null || job.job.after.length === 0 ? [] : [job];
    });
    for (const { job } of waiting) {
      const parents = new Map<string, NewJob["after"][number]>();
      for (const { id, on } of job.after) {
        const parent = holders.get(id) ?? id;
        if (!parents.has(parent)) parents.set(parent, { id: parent, on });
      }
      job.after = [...parents.values()];
    }
    if (hasCircle(waiting)) throw new Refusal(CircleError);
    for (const job of waiting) {
      if (job.job.after.some(({ id }) => !this.jobs.find(id))) {
        throw new Refusal(UnknownParentError);
      }
    }
    // A later one of the list may have taken the place of an earlier one.
    for (const job of waiting) if (!isIn(job, "cancelled")) this.jobs.attach(job);
    this.jobs.tell();
    return enqueued;
  }

  #store(given: NewJob, ifExists: IfExists): Enqueued {
    const holder = this.jobs.holder(given.uniqueKey);
    if (holder && ifExists === "return") return { id: holder.job.id, isNew: false };
    if (holder && (ifExists === "fail" || isIn(holder, "processing"))) {
      throw new Refusal(UniqueKeyTakenError);
    }
    if (holder) this.#cancelWaiting(holder, `replaced by job ${given.id}`);
    if (this.jobs.find(given.id)) throw new Refusal(IdTakenError);
    this.jobs.all.push(modelled(given, this.now));
    return { id: given.id, isNew: true };
  }

  /** Lets a held job go; its state then. */
  release(job: Modelled): State {
    if (!isIn(job, "held")) throw new Refusal(ConflictError);
    this.jobs.settleDown(job);
    return job.job.state;
  }

  /** Changes a job that waits. */
  edit(modelled: Modelled, { runAt, delay, ...changes }: JobChanges): void {
    const { job } = modelled;
    if (!WAITING_STATES.includes(job.state)) throw new Refusal(ConflictError);
    Object.assign(job, changes, { updatedAt: this.now });
    job.runAt = delay === undefined ? runAt ?? job.runAt : this.now + delay;
    // What has come due meanwhile is pending now and not with the next tick.
    if (isIn(modelled, "pending", "scheduled")) this.jobs.settleDown(modelled);
  }

  /** Notes how far an attempt is. */
  report(job: Modelled | undefined, token: string, progress: Progress): void {
    if (job?.token !== token) throw new Refusal(ConflictError);
    Object.assign(job.job, { progress, updatedAt: this.now });
  }

  /** Cancels a job that waits, or asks for the end of one that runs. */
  cancel(modelled: Modelled, { tells } = { tells: true }): CancelResult {
    const { job } = modelled;
    if (job.state === "cancelled") {
      // Somebody wants it: it does not come back with its parent.
      if (modelled.cancelledBy !== null) job.runAt = null;
      Object.assign(modelled, { cancelledBy: null, was: null });
      return "already";
    }
    if (isFinal(job.state)) throw new Refusal(ConflictError);
    if (job.state === "processing") {
      Object.assign(job, { cancelRequested: true, updatedAt: this.now });
      return "requested";
    }
    this.#cancelWaiting(modelled, "cancelled");
    if (tells) this.jobs.tell();
    return "cancelled";
  }

  #cancelWaiting(job: Modelled, error: string): void {
    this.jobs.move(job, "cancel");
    Object.assign(job.job, { runAt: null, error, finishedAt: this.now });
    job.open.clear();
    this.jobs.noteEnded(job);
  }

  /** Gives a job a new life. */
  retry(modelled: Modelled, from: readonly State[]): void {
    const { job } = modelled;
    if (!from.includes(job.state) || !sourcesOf("retry").includes(job.state)) {
      throw new Refusal(ConflictError);
    }
    if (this.#isTaken(modelled)) throw new Refusal(UniqueKeyTakenError);
    this.jobs.move(modelled, "retry");
    Object.assign(job, {
      attempts: 0,
      runAt: null,
      startedAt: null,
      finishedAt: null,
      exitCode: null,
      error: null,
      progress: null,
    });
    Object.assign(modelled, { cancelledBy: null, was: null });
    this.jobs.takeBack(modelled);
  }

  /** Retries every job in a state; how many left it. */
  retryAll(state: State): number {
    if (!sourcesOf("retry").includes(state)) throw new Refusal(ConflictError);
    const before = this.jobs.in(state);
    for (const job of before) {
      // It comes back with its parent, or has come.
      const parent = job.cancelledBy === null ? undefined : this.jobs.find(job.cancelledBy);
      if (!isIn(job, state) || (state === "cancelled" && parent?.job.state === state)) continue;
      if (!this.#isTaken(job)) this.retry(job, [state]);
    }
    return before.length - this.jobs.in(state).length;
  }

  #isTaken(job: Modelled): boolean {
    const holder = this.jobs.holder(job.job.uniqueKey);
    return holder !== undefined && holder !== job;
  }

  /** Forgets a job for which nobody waits. */
  remove(job: Modelled, from: readonly State[]): void {
    if (!isIn(job, ...from) || this.jobs.isWaitedFor(job)) throw new Refusal(ConflictError);
    this.jobs.all = this.jobs.all.filter((other) => other !== job);
  }

  /** Forgets jobs that have ended; how many. */
  removeEnded({ states, queue, before }: EndedFilter, limit = Infinity): number {
    const ended = states.flatMap((state) =>
      this.jobs.in(state).toSorted((a, b) => a.job.finishedAt! - b.job.finishedAt!)
    ).filter(({ job }) => job.finishedAt! < before && (queue ?? job.queue) === job.queue);
    const removed = new Set(ended.filter((job) => !this.jobs.isWaitedFor(job)).slice(0, limit));
    this.jobs.all = this.jobs.all.filter((job) => !removed.has(job));
    return removed.size;
  }

  /** What a worker that drains waits for. */
  outstanding(queues: readonly string[] | null, dueWithin: number, except: string | null): number {
    return this.jobs.all.filter(({ job: { id, queue, state, runAt } }) => {
      if (queues !== null && !queues.includes(queue)) return false;
      if (state === "processing") return id !== except;
      if (this.queues.settings(queue).paused) return false;
      const isDue = runAt !== null && runAt <= this.now + dueWithin;
      return state === "pending" || ((state === "scheduled" || state === "failed") && isDue);
    }).length;
  }
}

/** Whether jobs wait for each other: what waits for none of the others can be left out, again and again. */
function hasCircle(jobs: readonly Modelled[]): boolean {
  const ids = new Set(jobs.map(({ job }) => job.id));
  const waits = jobs.filter(({ job }) => job.after.some(({ id }) => ids.has(id)));
  return waits.length > 0 && (waits.length === jobs.length || hasCircle(waits));
}
