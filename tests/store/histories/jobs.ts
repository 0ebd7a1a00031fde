/**
 * The jobs of the model, in order of arrival, and how they wait for each other.
 *
 * @module
 */

import assert from "node:assert/strict";
import { verdictOf } from "../../../src/job/parents.ts";
import {
  isFinal,
  type JobEvent,
  type State,
  transition,
  waitingState,
} from "../../../src/job/state.ts";
import { copyOf, isIn, type Modelled } from "./modelled.ts";
import type { Tally } from "./tally.ts";

/** The obstacles of a job that is cancelled because of a parent. */
interface Waiting {
  readonly held: boolean;
  readonly open: Iterable<string>;
}

/** Jobs, walked through in the plainest way. */
export class Jobs {
  readonly #tally: Tally;
  all: Modelled[] = [];
  now = 0;
  /** Jobs that have ended and whose dependents have yet to be told. */
  readonly #ended = new Set<string>();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** The job with this id. */
  find(id: string): Modelled | undefined {
    return this.all.find(({ job }) => job.id === id);
  }

  /** The jobs in a state. */
  in(...states: readonly State[]): Modelled[] {
    return this.all.filter((job) => isIn(job, ...states));
  }

  /** The job that is not final and holds a key. */
  holder(key: string | null): Modelled | undefined {
    if (key === null) return undefined;
    return this.all.find(({ job }) => job.uniqueKey === key && !isFinal(job.state));
  }

  /** Whether somebody waits for a job. */
  isWaitedFor({ job }: Modelled): boolean {
    return this.all.some(({ open }) => open.has(job.id));
  }

  /** What can be brought back with {@linkcode restore}. */
  snapshot(): readonly Modelled[] {
    return this.all.map(copyOf);
  }

  /** Undoes everything since a snapshot. */
  restore(snapshot: readonly Modelled[]): void {
    this.all = [...snapshot];
    this.#ended.clear();
  }

  /** Moves a job as the table says; a step that it does not know is a mistake of the model. */
  move({ job }: Modelled, event: JobEvent): void {
    const next = transition(job.state, event);
    assert.ok(next, `${event} of a job that is ${job.state}`);
    this.#tally.transition(event, job.state);
    job.state = next;
    job.updatedAt = this.now;
  }

  /** A job that nobody holds is in the state that its obstacles name. */
  settleDown(modelled: Modelled): void {
    const { job, open } = modelled;
    const blocked = open.size > 0;
    const next = waitingState({ held: false, blocked, runAt: job.runAt }, this.now);
    if (next !== job.state) this.move(modelled, eventOf(job.state, next));
    if (next === "pending") job.runAt = null;
  }

  /** A job that has just been stored begins to wait for its parents. */
  attach(child: Modelled): void {
    const { after } = child.job;
    const isOf = (verdict: string) => (id: string, on: "ok" | "any" | "notok") =>
      verdictOf(on, this.find(id)!.job.state) === verdict;
    const broken = after.find(({ id, on }) => isOf("broken")(id, on));
    child.open = new Set(after.filter(({ id, on }) => isOf("open")(id, on)).map(({ id }) => id));
    if (broken) this.#cancelBecause(child, broken.id, this.#waiting(child));
    else this.#readyIfFree(child);
  }

  /** A job has ended; who waits for it is told later. */
  noteEnded(modelled: Modelled): void {
    if (this.isWaitedFor(modelled)) this.#ended.add(modelled.job.id);
  }

  /** A job comes from another store, as it is there; what else it waited for does not come along. */
  import(modelled: Modelled): void {
    this.all.push(modelled);
    modelled.was = null;
    for (const id of modelled.open) {
      const parent = this.find(id);
      if (parent && isFinal(parent.job.state)) this.#ended.add(id);
    }
    if (isFinal(modelled.job.state)) this.noteEnded(modelled);
  }

  /** The dependents of all that has ended are told: by the ids of those, then in order of arrival. */
  tell(): void {
    while (this.#ended.size > 0) {
      const id = [...this.#ended].sort()[0]!;
      const parent = this.find(id)!;
      for (const child of this.all.filter(({ open }) => open.has(id))) {
        const { on } = child.job.after.find((parent) => parent.id === id)!;
        if (verdictOf(on, parent.job.state) === "broken") {
          this.#cancelBecause(child, id, this.#waiting(child));
        } else {
          child.open.delete(id);
          this.#readyIfFree(child);
        }
      }
      this.#ended.delete(id);
    }
  }

  /** Those that were cancelled because of a job wait for it again, and for those. */
  takeBack(parent: Modelled): void {
    const back = [parent.job.id];
    for (const id of back) {
      for (const child of this.all.filter(({ cancelledBy }) => cancelledBy === id)) {
        if (this.#comesBack(child)) back.push(child.job.id);
      }
    }
  }

  #comesBack(child: Modelled): boolean {
    const { job, was } = child;
    if (this.holder(job.uniqueKey) !== undefined) return false;
    const wasOpen = (id: string) => was?.open.has(id) === true;
    const verdicts = job.after.map(({ id, on }) => {
      const parent = this.find(id);
      if (parent) return { id, verdict: verdictOf(on, parent.job.state) };
      return { id, verdict: on !== "any" && wasOpen(id) ? "broken" : "met" };
    });
    const held = was?.held ?? false;
    const broken = verdicts.find(({ verdict }) => verdict === "broken");
    if (broken) {
      const open = verdicts.filter(({ id, verdict }) => wasOpen(id) || verdict === "open");
      this.#cancelBecause(child, broken.id, { held, open: open.map(({ id }) => id) });
      return false;
    }
    this.move(child, held ? "hold" : "block");
    Object.assign(job, {
      attempts: 0,
      error: null,
      startedAt: null,
      finishedAt: null,
      exitCode: null,
    });
    Object.assign(child, { cancelledBy: null, was: null });
    const open = verdicts.filter(({ verdict }) => verdict === "open");
    child.open = new Set(open.map(({ id }) => id));
    return true;
  }

  #readyIfFree(child: Modelled): void {
    if (child.job.state === "blocked" && child.open.size === 0) this.settleDown(child);
  }

  /** One that has ended as it should, and has yet to tell so, is not waited for any more. */
  #waiting({ job, open }: Modelled): Waiting {
    const isOpen = (id: string) => {
      const { on } = job.after.find((parent) => parent.id === id)!;
      return verdictOf(on, this.find(id)?.job.state ?? "pending") !== "met";
    };
    return { held: job.state === "held", open: [...open].filter(isOpen) };
  }

  #cancelBecause(child: Modelled, parent: string, { held, open }: Waiting): void {
    const { job } = child;
    if (job.state !== "cancelled") this.move(child, "cancel");
    const { on } = job.after.find(({ id }) => id === parent)!;
    const state = this.find(parent)?.job.state ?? null;
    const how = state === null ? "was deleted" : on === "ok" ? `is ${state}` : "completed";
    Object.assign(job, {
      error: `its parent ${parent} ${how}`,
      updatedAt: this.now,
      finishedAt: this.now,
    });
    const others = new Set([...open].filter((id) => id !== parent));
    child.was = held || others.size > 0 ? { held, open: others } : null;
    child.cancelledBy = parent;
    child.open.clear();
    this.noteEnded(child);
  }
}

/** What takes a waiting job from one state to another. */
function eventOf(from: State, to: State): JobEvent {
  if (to === "scheduled") return "postpone";
  if (to === "blocked") return "block";
  if (from === "held") return "release";
  return from === "blocked" ? "parents_done" : "due";
}
