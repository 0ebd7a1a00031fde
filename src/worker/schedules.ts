/**
 * What a worker does about schedules: the store says which are due, the worker works out their firings,
 * and its next tick brings them. Every worker may do so; the store sees to it that one of them fires.
 *
 * @module
 */

import { resolveConfig } from "../config.ts";
import type { Events } from "../observe/events.ts";
import type { Firing, ScheduleInfo } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import type { TickResult } from "../store/tick.ts";

/** A schedule whose firings cannot be worked out is tried again after so long, milliseconds. */
const REST = 60_000;

/** A clock that has lost more than this, milliseconds, was set back. */
const SET_BACK = 1000;

/** So many jobs are gathered for one tick; the schedules that are left are due still at the next. */
const JOBS_PER_TICK = 1000;

/** What a worker needs to fire schedules. */
export interface ScheduleOptions {
  readonly store: Pick<Store, "settings" | "schedules">;
  readonly events: Events;
  /** Asks for the next tick at once. */
  readonly wake: () => void;
  /** A monotonic clock, milliseconds. */
  readonly clock: () => number;
}

/** A schedule that could not be fired as it is. */
interface Resting {
  readonly schedule: string;
  readonly until: number;
}

/** The schedules of a store, as one worker sees them. */
export class Schedules {
  readonly #options: ScheduleOptions;
  readonly #resting = new Map<string, Resting>();
  #firings: readonly Firing[] = [];
  /** The store's clock less the monotonic one, at the last look. */
  #offset = Infinity;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Whether there is nothing to bring to the next tick. */
  get isEmpty(): boolean {
    return this.#firings.length === 0;
  }

  /** What this tick brings. Should it fail, the store names the same schedules at the next. */
  take(): readonly Firing[] {
    const firings = this.#firings;
    this.#firings = [];
    return firings;
  }

  /**
   * Works out what is due, and asks for a tick.
   *
   * @throws {StoreError} if the settings or schedules cannot be read
   */
  async look({ dueSchedules, now }: Pick<TickResult, "dueSchedules" | "now">): Promise<void> {
    const { wake, clock } = this.#options;
    const offset = now - clock();
    // Before the first look it may have been, too.
    const takenBack = offset < this.#offset - SET_BACK ? await this.#takeBack(now) : [];
    // The tick that is to store them may fail: then they are worked out again.
    if (takenBack.length === 0) this.#offset = offset;
    const due = dueSchedules.filter((schedule) => !this.#rests(schedule));
    if (due.length === 0 && takenBack.length === 0) return;
    this.#firings = [...takenBack, ...due.length === 0 ? [] : await this.#workOutAll(due, now)];
    if (!this.isEmpty) wake();
  }

  async #workOutAll(due: readonly ScheduleInfo[], now: number): Promise<Firing[]> {
    const settings = await this.#options.store.settings();
    const firings: Firing[] = [];
    let jobs = 0;
    for (const schedule of due) {
      if (jobs >= JOBS_PER_TICK) break;
      const firing = await this.#workOut(schedule, settings, now);
      if (firing === null) continue;
      firings.push(firing);
      jobs += firing.jobs.length;
    }
    return firings;
  }

  /** After the store's clock was set back. */
  async #takeBack(now: number): Promise<Firing[]> {
    const schedules = await this.#options.store.schedules();
    const ahead = schedules.filter(({ paused, nextAt }) =>
      !paused && nextAt !== null && nextAt > now
    );
    if (ahead.length === 0) return [];
    const { takeBack } = await import("./firings.ts");
    // One that is not understood here is reported when it is due.
    const firings = ahead.map((schedule) => takeBack(schedule, now).catch(() => null));
    return (await Promise.all(firings)).filter((firing) => firing !== null);
  }

  /** Null if that is not possible, which must not stop the worker. */
  async #workOut(
    schedule: ScheduleInfo,
    settings: ReadonlyMap<string, string>,
    now: number,
  ): Promise<Firing | null> {
    const { events, clock } = this.#options;
    const { name } = schedule;
    try {
      const { workOutFiring } = await import("./firings.ts");
      return await workOutFiring(schedule, resolveConfig(settings), now);
    } catch (error) {
      this.#resting.set(name, { schedule: textOf(schedule), until: clock() + REST });
      events.emit({ type: "schedule_failed", schedule: name, error: (error as Error).message });
      return null;
    }
  }

  /** Whether the same schedule, unchanged, failed a short time ago. */
  #rests(schedule: ScheduleInfo): boolean {
    const resting = this.#resting.get(schedule.name);
    if (resting === undefined) return false;
    if (resting.schedule === textOf(schedule) && this.#options.clock() < resting.until) return true;
    this.#resting.delete(schedule.name);
    return false;
  }
}

function textOf({ cron, timezone, spec }: ScheduleInfo): string {
  return JSON.stringify([cron, timezone, spec]);
}
