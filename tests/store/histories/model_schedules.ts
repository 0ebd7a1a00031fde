/**
 * The schedules of the model. They fire every so many milliseconds: the store knows nothing of cron
 * expressions.
 *
 * @module
 */

import { isFinal } from "../../../src/job/state.ts";
import type { Firing, NewSchedule, ScheduleInfo } from "../../../src/store/schedules.ts";
import type { Jobs } from "./jobs.ts";
import { type Modelled, modelled, type Mutable } from "./modelled.ts";

/** What becomes of a firing, and if it is skipped, the jobs that may be named as the reason. */
export interface ModelledFired {
  readonly schedule: string;
  readonly fireTime: number;
  readonly jobId: string | null;
  readonly because: readonly Modelled[];
}

/** Who fires when. */
export class ModelSchedules {
  readonly #jobs: Jobs;
  readonly #all = new Map<string, Mutable<ScheduleInfo>>();

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
  }

  /** Every schedule, by name. */
  infos(): ScheduleInfo[] {
    return [...this.#all.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** The schedule with this name. */
  find(name: string): Mutable<ScheduleInfo> | undefined {
    return this.#all.get(name);
  }

  /** Stores a schedule; one of the same name keeps its pause and its past. */
  add(schedule: NewSchedule, now: number): void {
    const before = this.find(schedule.name) ??
      { paused: false, createdAt: now, lastAt: null, lastJob: null };
    this.#all.set(schedule.name, { ...before, ...schedule });
  }

  /** Pauses or resumes a schedule; whether that changed anything. */
  pause(name: string, paused: boolean, nextAt: number | null | undefined): boolean {
    const schedule = this.find(name)!;
    if (schedule.paused === paused) return false;
    schedule.paused = paused;
    if (nextAt !== undefined) schedule.nextAt = nextAt;
    return true;
  }

  /** Forgets a schedule. */
  remove(name: string): void {
    this.#all.delete(name);
  }

  /** What is due, the longest first. */
  due(now: number): ScheduleInfo[] {
    return this.infos()
      .filter(({ paused, nextAt }) => !paused && nextAt !== null && nextAt <= now)
      .sort((a, b) => a.nextAt! - b.nextAt!);
  }

  /** Milliseconds until another is due. */
  nextIn(now: number): number | null {
    const times = this.infos()
      .filter(({ paused, nextAt }) => !paused && nextAt !== null && nextAt > now)
      .map(({ nextAt }) => nextAt! - now);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Each firing once, and none that was worked out from an earlier state. */
  fire({ schedule: name, expected, jobs, nextAt }: Firing, now: number): ModelledFired[] {
    const schedule = this.find(name);
    if (!schedule || schedule.paused || schedule.nextAt !== expected) return [];
    schedule.nextAt = nextAt;
    const hasFired = (fireTime: number | null) =>
      this.#jobs.all.some(({ job }) => job.schedule === name && job.fireTime === fireTime);
    return jobs.filter(({ fireTime }) => !hasFired(fireTime)).map((given) => {
      const fireTime = given.fireTime!;
      const because = this.#obstacles(schedule, given.uniqueKey);
      if (because.length > 0) return { schedule: name, fireTime, jobId: null, because };
      this.#jobs.all.push(modelled(given, now));
      Object.assign(schedule, { lastAt: fireTime, lastJob: given.id });
      return { schedule: name, fireTime, jobId: given.id, because };
    });
  }

  #obstacles({ name, overlap }: ScheduleInfo, uniqueKey: string | null): readonly Modelled[] {
    const unended = overlap === "allow"
      ? []
      : this.#jobs.all.filter(({ job }) => job.schedule === name && !isFinal(job.state));
    const holder = this.#jobs.holder(uniqueKey);
    return unended.length > 0 || !holder ? unended : [holder];
  }
}
