/**
 * What a store holds after a history, worked out in the plainest way: lists that are walked through. The
 * random histories compare it with the store after every step.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { NewJob } from "../../../src/job/job.ts";
import type { Outcome } from "../../../src/job/outcome.ts";
import { verdictOf } from "../../../src/job/parents.ts";
import {
  isFinal,
  type JobEvent,
  type State,
  transition,
  WAITING_STATES,
  waitingState,
} from "../../../src/job/state.ts";
import type { IfExists } from "../../../src/store/store.ts";
import type { Claim } from "../../../src/store/tick.ts";

/** A job in the model: the few facts that decide what may happen next. */
export interface Modelled {
  readonly given: NewJob;
  readonly id: string;
  priority: number;
  state: State;
  attempts: number;
  runs: number;
  runAt: number | null;
  cancelRequested: boolean;
  /** The parents that have yet to end. */
  open: Set<string>;
  cancelledBy: string | null;
  /** What else it waited for when it was cancelled because of a parent. */
  was: { readonly held: boolean; readonly open: ReadonlySet<string> };
  claim: Claim | null;
}

/** What of a queue's settings the model knows. */
export interface ModelledQueue {
  paused: boolean;
  limit: number | null;
}

const NOTHING: Modelled["was"] = { held: false, open: new Set() };

/** Every job in order of arrival, and what each step makes of them. */
export class Model {
  jobs: Modelled[] = [];
  readonly queues: Readonly<Record<string, ModelledQueue>> = {
    a: { paused: false, limit: null },
    b: { paused: false, limit: null },
  };
  now = 0;

  /** The job with this id, if it is there. */
  find(id: string): Modelled | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  /** The job that is not final and holds a key. */
  holder(key: string | null): Modelled | undefined {
    if (key === null) return undefined;
    return this.jobs.find(({ given, state }) => given.uniqueKey === key && !isFinal(state));
  }

  /** Whether a list is accepted; its first job alone may have a key. */
  accepts([first]: readonly NewJob[], ifExists: IfExists): boolean {
    const holder = this.holder(first!.uniqueKey);
    if (holder === undefined || ifExists === "return") return true;
    return ifExists === "replace" && holder.state !== "processing";
  }

  /** Stores a list that is accepted. */
  enqueue(jobs: readonly NewJob[], ifExists: IfExists): void {
    const holder = this.holder(jobs[0]!.uniqueKey);
    if (holder && ifExists === "replace") this.cancel(holder);
    const isReturned = holder !== undefined && ifExists === "return";
    for (const given of isReturned ? jobs.slice(1) : jobs) this.#store(given);
  }

  #store(given: NewJob): void {
    const job: Modelled = {
      given,
      id: given.id,
      priority: given.priority,
      state: "held",
      attempts: 0,
      runs: 0,
      runAt: given.delay === null ? null : this.now + given.delay,
      cancelRequested: false,
      open: new Set(),
      cancelledBy: null,
      was: NOTHING,
      claim: null,
    };
    this.jobs.push(job);
    const broken = this.#broken(job);
    job.open = this.#openParents(job);
    if (broken !== null) return this.#cancelWith(job, broken, given.held);
    if (!given.held) this.#settleDown(job);
  }

  #openParents({ given }: Modelled): Set<string> {
    const isOpen = (id: string) => !isFinal(this.find(id)?.state ?? "completed");
    return new Set(given.after.map(({ id }) => id).filter(isOpen));
  }

  /** A parent that has ended as it should not; one that is gone has, if the job still waited for it. */
  #broken({ given, was }: Modelled): string | null {
    const broken = given.after.find(({ id, on }) => {
      const parent = this.find(id);
      if (parent === undefined) return on !== "any" && was.open.has(id);
      return verdictOf(on, parent.state) === "broken";
    });
    return broken?.id ?? null;
  }

  /** A job that nobody holds is in the state that its obstacles name. */
  #settleDown(job: Modelled): void {
    const { open: { size }, runAt } = job;
    job.state = waitingState({ held: false, blocked: size > 0, runAt }, this.now);
    if (job.state === "pending") job.runAt = null;
  }

  /** Lets a held job go. */
  release(job: Modelled): void {
    this.#settleDown(job);
  }

  /** Changes a job that waits. */
  edit(job: Modelled, { priority, delay }: { priority?: number; delay?: number }): void {
    job.priority = priority ?? job.priority;
    if (delay !== undefined) job.runAt = this.now + delay;
    // What has come due meanwhile is pending now and not with the next tick.
    if (job.state === "pending" || job.state === "scheduled") this.#settleDown(job);
  }

  /** Cancels a job that waits or runs. */
  cancel(job: Modelled): void {
    Object.assign(job, { cancelledBy: null, was: NOTHING });
    if (job.state === "cancelled") return;
    if (job.state === "processing") {
      job.cancelRequested = true;
      return;
    }
    this.#move(job, "cancel");
    job.runAt = null;
    job.open.clear();
    this.#tell(job);
  }

  /** Whether a job can be retried now. */
  canRetry(job: Modelled): boolean {
    return transition(job.state, "retry") !== null && !this.#isTaken(job);
  }

  #isTaken(job: Modelled): boolean {
    const holder = this.holder(job.given.uniqueKey);
    return holder !== undefined && holder !== job;
  }

  /** Gives a job a new life. */
  retry(job: Modelled): void {
    this.#move(job, "retry");
    Object.assign(job, { attempts: 0, runAt: null, cancelledBy: null, was: NOTHING });
    this.#takeBack(job);
  }

  /** Retries every job in a state; how many left it. */
  retryAll(state: State): number {
    const matching = this.jobs.filter((job) => job.state === state);
    for (const job of matching) {
      const parent = job.cancelledBy === null ? undefined : this.find(job.cancelledBy);
      // It comes back with its parent, or has come.
      if (job.state !== state || (state === "cancelled" && parent?.state === state)) continue;
      if (!this.#isTaken(job)) this.retry(job);
    }
    return matching.filter((job) => job.state !== state).length;
  }

  #takeBack(parent: Modelled): void {
    for (const child of this.jobs) {
      if (child.cancelledBy !== parent.id) continue;
      const broken = this.#broken(child);
      const { held, open } = child.was;
      child.cancelledBy = broken;
      child.open = this.#openParents(child);
      if (broken !== null) {
        const others = [...open, ...child.open].filter((id) => id !== broken);
        child.was = { held, open: new Set(others) };
        child.open.clear();
        continue;
      }
      this.#move(child, held ? "hold" : "block");
      child.was = NOTHING;
      child.attempts = 0;
      this.#takeBack(child);
    }
  }

  /** Of several parents that ended otherwise, the store says which it was; the others were open still. */
  blame(job: Modelled, parent: string): void {
    const others = new Set(job.was.open).add(job.cancelledBy!);
    others.delete(parent);
    job.was = { held: job.was.held, open: others };
    job.cancelledBy = parent;
  }

  /** Forgets jobs. */
  remove(filter: (job: Modelled) => boolean): number {
    const left = this.jobs.filter((job) => !filter(job));
    const removed = this.jobs.length - left.length;
    this.jobs = left;
    return removed;
  }

  /** An attempt ends. */
  end(job: Modelled, outcome: Outcome): void {
    const { cancelRequested } = job;
    Object.assign(job, { claim: null, cancelRequested: false });
    const fatal = outcome.kind === "failed" && job.given.fatalExitCodes.includes(outcome.exitCode);
    if (outcome.kind === "completed") this.#move(job, "complete");
    else if (cancelRequested) this.#move(job, "end_cancelled");
    else if (outcome.kind === "handed_back") {
      job.attempts--;
      this.#move(job, "hand_back");
    } else if (fatal || job.attempts > job.given.maxRetries) this.#move(job, "give_up");
    else {
      this.#move(job, "fail");
      job.runAt = this.now + 2 ** job.attempts * 1000;
    }
    if (isFinal(job.state)) this.#tell(job);
  }

  #tell(parent: Modelled): void {
    for (const child of this.jobs) {
      if (!child.open.has(parent.id)) continue;
      const { on } = child.given.after.find(({ id }) => id === parent.id)!;
      if (verdictOf(on, parent.state) === "broken") {
        this.#cancelWith(child, parent.id, child.state === "held");
        continue;
      }
      child.open.delete(parent.id);
      if (child.state === "blocked") this.#settleDown(child);
    }
  }

  #cancelWith(child: Modelled, parent: string, held: boolean): void {
    this.#move(child, "cancel");
    child.was = { held, open: new Set([...child.open].filter((id) => id !== parent)) };
    child.open.clear();
    child.cancelledBy = parent;
    this.#tell(child);
  }

  /** What is due is pending. */
  promote(): void {
    for (const job of this.jobs) {
      if (job.state !== "scheduled" && job.state !== "failed") continue;
      if (job.runAt! > this.now) continue;
      this.#move(job, "due");
      job.runAt = null;
    }
  }

  /** The jobs whose turn it is, for so many slots. */
  nextInLine(slots: number): Modelled[] {
    const next: Modelled[] = [];
    const pending = this.jobs.filter(({ state }) => state === "pending");
    for (const job of pending.toSorted((a, b) => b.priority - a.priority)) {
      const { paused, limit } = this.queues[job.given.queue]!;
      const begun = [...this.jobs.filter(({ state }) => state === "processing"), ...next]
        .filter(({ given }) => given.queue === job.given.queue).length;
      if (next.length < slots && !paused && begun < (limit ?? Infinity)) next.push(job);
    }
    return next;
  }

  /** A job is given to the worker. */
  claim(job: Modelled, claim: Claim): void {
    this.#move(job, "claim");
    job.claim = claim;
    job.attempts++;
    job.runs++;
    assert.equal(claim.attempt, job.runs);
  }

  /** Time until the next job is due. */
  nextDueIn(): number | null {
    const times = this.jobs
      .filter(({ state }) => state === "scheduled" || state === "failed")
      .map(({ runAt }) => Math.max(0, runAt! - this.now));
    return times.length === 0 ? null : Math.min(...times);
  }

  /** What a worker that drains waits for. */
  outstanding(dueWithin: number): number {
    return this.jobs.filter(({ state, runAt, given }) => {
      if (state === "processing") return true;
      if (!WAITING_STATES.includes(state) || this.queues[given.queue]!.paused) return false;
      if (state === "pending") return true;
      return (state === "scheduled" || state === "failed") && runAt! <= this.now + dueWithin;
    }).length;
  }

  /** Moves a job as the table says; a step that it does not know is a mistake of the model. */
  #move(job: Modelled, event: JobEvent): void {
    const next = transition(job.state, event);
    assert.ok(next, `${event} of a job that is ${job.state}`);
    job.state = next;
  }
}
