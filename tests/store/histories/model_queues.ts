/**
 * The queues of the model: settings, and how many jobs may begin.
 *
 * @module
 */

import { type State, STATES } from "../../../src/job/state.ts";
import type { QueueInfo, QueueSettings } from "../../../src/store/queues.ts";
import type { Jobs } from "./jobs.ts";
import type { Modelled, Mutable } from "./modelled.ts";

const DEFAULTS: QueueSettings = { paused: false, limit: null, rate: null };

/** What begins now, and when a rate lets the next job begin. */
export interface NextInLine {
  readonly jobs: readonly Modelled[];
  readonly opensIn: number | null;
}

/** Settings, and the attempts that began in queues with a rate. */
export class ModelQueues {
  readonly #jobs: Jobs;
  readonly #settings = new Map<string, Mutable<QueueSettings>>();
  readonly #starts = new Map<string, number[]>();
  /** Queues that have held a job when somebody looked, as the histories do after every step. */
  readonly #seen = new Set<string>();

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
  }

  /** The settings of a queue. */
  settings(queue: string): QueueSettings {
    return this.#settings.get(queue) ?? DEFAULTS;
  }

  /** Whether it has held a job or has settings. */
  isKnown(queue: string): boolean {
    return this.#seen.has(queue) || this.#settings.has(queue);
  }

  /** Changes the settings of a queue. */
  configure(queue: string, changes: Partial<QueueSettings>): void {
    const settings = { ...this.settings(queue), ...changes };
    this.#settings.set(queue, settings);
    if (settings.rate === null) this.#starts.delete(queue);
  }

  /** Every queue, by name. */
  infos(): QueueInfo[] {
    for (const { job } of this.#jobs.all) this.#seen.add(job.queue);
    const names = new Set([...this.#seen, ...this.#settings.keys()]);
    return [...names].sort().map((queue) => ({
      queue,
      ...this.settings(queue),
      counts: Object.fromEntries(
        STATES.map((state) => [state, this.#count(queue, state)]),
      ) as Record<
        State,
        number
      >,
    }));
  }

  /** The jobs whose turn it is, for so many slots of a worker that serves these queues. */
  nextInLine(served: readonly string[] | null, slots: number, now: number): NextInLine {
    let opensIn: number | null = null;
    const pending = this.#jobs.in("pending").filter(({ job }) =>
      served === null || served.includes(job.queue)
    );
    const left = new Map<string, number>();
    for (const queue of new Set(pending.map(({ job }) => job.queue))) {
      const allowed = this.#allowance(queue, now);
      left.set(queue, allowed.jobs);
      if (allowed.opensIn !== null) opensIn = Math.min(allowed.opensIn, opensIn ?? Infinity);
    }
    const jobs: Modelled[] = [];
    for (const next of pending.toSorted((a, b) => b.job.priority - a.job.priority)) {
      const { queue } = next.job;
      if (jobs.length === slots || left.get(queue) === 0) continue;
      left.set(queue, left.get(queue)! - 1);
      jobs.push(next);
    }
    return { jobs, opensIn };
  }

  /** Whether it has a limit or a rate. */
  isRegulated(queue: string): boolean {
    const { limit, rate } = this.settings(queue);
    return limit !== null || rate !== null;
  }

  /** An attempt begins. */
  begin(queue: string, now: number): void {
    if (this.settings(queue).rate === null) return;
    this.#starts.set(queue, [...this.#starts.get(queue) ?? [], now]);
  }

  /** Milliseconds until the rate lets the next attempt begin. */
  rateOpensIn(queue: string, now: number): number {
    const { rate } = this.settings(queue);
    const start = rate === null ? undefined : this.#starts.get(queue)?.at(-rate.count);
    return start === undefined ? 0 : Math.max(0, Math.min(start, now) + rate!.period - now);
  }

  #allowance(queue: string, now: number): { jobs: number; opensIn: number | null } {
    const { paused, limit, rate } = this.settings(queue);
    const free = paused ? 0 : Math.max(0, (limit ?? Infinity) - this.#count(queue, "processing"));
    if (free === 0 || rate === null) return { jobs: free, opensIn: null };
    // A clock that was set back must not keep the queue shut for longer than the period.
    const starts = (this.#starts.get(queue) ?? [])
      .map((start) => Math.min(start, now))
      .filter((start) => start > now - rate.period);
    this.#starts.set(queue, starts);
    if (starts.length < rate.count) {
      return { jobs: Math.min(free, rate.count - starts.length), opensIn: null };
    }
    return { jobs: 0, opensIn: starts.at(-rate.count)! + rate.period - now };
  }

  #count(queue: string, state: State): number {
    return this.#jobs.in(state).filter(({ job }) => job.queue === queue).length;
  }
}
