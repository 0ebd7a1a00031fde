/**
 * Schedules and firings for the tests of the store port: a schedule named `tick`, if not said otherwise.
 *
 * @module
 */

import type { NewJob } from "../../../src/job/job.ts";
import type { Firing, NewSchedule, ScheduleInfo } from "../../../src/store/schedules.ts";
import type { Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import type { Scene } from "../scene.ts";

export const MINUTE = 60_000;

/** A schedule to be stored; it fires next in a minute. */
export function newSchedule(scene: Scene, overrides: Partial<NewSchedule> = {}): NewSchedule {
  return {
    name: "tick",
    cron: "* * * * *",
    timezone: "Europe/Berlin",
    catchUp: "none",
    overlap: "allow",
    spec: '{"command":"true"}',
    nextAt: scene.now + MINUTE,
    ...overrides,
  };
}

/** The schedule with this name. */
export async function findSchedule(store: Store, name = "tick"): Promise<ScheduleInfo> {
  const found = (await store.schedules()).find((schedule) => schedule.name === name);
  if (found === undefined) throw new Error(`There is no schedule ${name}`);
  return found;
}

/** What a worker works out for a schedule that fired at each of these times, and in a minute again. */
export function firing(
  scene: Scene,
  times: readonly number[],
  overrides: Partial<Firing> = {},
): Firing {
  return {
    schedule: "tick",
    expected: times[0] ?? scene.now,
    jobs: times.map((time) => jobOf(scene, time)),
    nextAt: scene.now + MINUTE,
    ...overrides,
  };
}

/** A job of a firing. */
export function jobOf(scene: Scene, fireTime: number, overrides: Partial<NewJob> = {}): NewJob {
  return newJob(scene.newId("job"), { schedule: "tick", fireTime, ...overrides });
}
