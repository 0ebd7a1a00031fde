/**
 * Removes jobs that ended long ago, as the `retention_…` settings say: little by little, beside the
 * ticks, for a removal holds the store's one lock as they do.
 *
 * @module
 */

import type { Config } from "../config.ts";
import type { State } from "../job/state.ts";
import type { Events } from "../observe/events.ts";
import type { Store } from "../store/store.ts";

/** At most so many jobs are removed in one transaction. */
export const RETENTION_BATCH = 500;
/** A worker that has just begun has better things to do for so long, milliseconds. */
const DELAY = 1000;
/** Milliseconds between two batches while there may be more to remove, and otherwise. */
const PAUSE = 100;
const INTERVAL = 60_000;

/** What a retention works with. */
export interface RetentionOptions {
  readonly store: Pick<Store, "removeEnded">;
  readonly events: Events;
  readonly config: Pick<Config, "retentionCompleted" | "retentionCancelled" | "retentionDead">;
  /** Begin at the first tick: somebody waits for the first round. */
  readonly isHurried: boolean;
  /** Called after the first round. */
  readonly wake: () => void;
  /** Milliseconds between two rounds that find little; for tests, a minute if absent. */
  readonly interval?: number;
}

/** A state, and how long its jobs are kept, milliseconds. */
interface Rule {
  readonly state: State;
  readonly keep: number;
}

/** Applies the settings from soon after its first tick on, until it is disposed of. */
export class Retention implements AsyncDisposable {
  readonly #options: RetentionOptions;
  readonly #rules: readonly Rule[];
  /** The store's clock as of the last tick, and this process's monotonic one at that moment. */
  #clock: { readonly now: number; readonly at: number } | null = null;
  #work: Promise<void> | null = null;
  #hasRun = false;
  #isFailing = false;
  #isOver = false;
  #endPause: (() => void) | null = null;

  constructor(options: RetentionOptions) {
    const { retentionCompleted, retentionCancelled, retentionDead } = options.config;
    this.#options = options;
    this.#rules = [
      ...rule("completed", retentionCompleted),
      ...rule("cancelled", retentionCancelled),
      ...rule("dead", retentionDead),
    ];
    this.#hasRun = this.#rules.length === 0;
  }

  /** Whether each state had its first batch, or could not have it. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  /** Takes the store's clock from a tick; at the first, the work begins. */
  tick(now: number): void {
    this.#clock = { now, at: performance.now() };
    if (this.#rules.length > 0) this.#work ??= this.#run();
  }

  /** After the removal that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#endPause?.();
    await this.#work;
  }

  async #run(): Promise<void> {
    let rules = this.#rules;
    if (!this.#options.isHurried) await this.#pause(DELAY);
    while (!this.#isOver) {
      const full = await this.#round(rules);
      if (!this.#hasRun) {
        this.#hasRun = true;
        this.#options.wake();
      }
      rules = full.length > 0 ? full : this.#rules;
      await this.#pause(full.length > 0 ? PAUSE : this.#options.interval ?? INTERVAL);
    }
  }

  /** A batch for each; returns those that may have more. */
  async #round(rules: readonly Rule[]): Promise<readonly Rule[]> {
    const full: Rule[] = [];
    try {
      for (const { state, keep } of rules) {
        if (this.#isOver) break;
        const filter = { states: [state], before: this.#storeTime() - keep };
        const removed = await this.#options.store.removeEnded(filter, RETENTION_BATCH);
        if (removed >= RETENTION_BATCH) full.push({ state, keep });
      }
      this.#isFailing = false;
    } catch (error) {
      this.#fail(error);
      return [];
    }
    return full;
  }

  /** It is not worth a worker, nor more than one line. Most often the store is away. */
  #fail(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.events.emit({ type: "retention_failed", error: reason });
  }

  #storeTime(): number {
    const { now, at } = this.#clock!;
    return Math.round(now + performance.now() - at);
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endPause = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
  }
}

function rule(state: State, keep: number | null): Rule[] {
  return keep === null ? [] : [{ state, keep }];
}
