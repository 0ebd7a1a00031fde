/**
 * Works out what a schedule that is due is to enqueue. It is loaded only where there are schedules: it
 * brings the readers of cron expressions and of job specs with it.
 *
 * @module
 */

import { uuidv7 } from "uuidv7";
import type { Config } from "../config.ts";
import { dueFirings, parseCron } from "../job/cron.ts";
import { parseSpec, resolveSpec } from "../job/spec.ts";
import { specDefaults } from "../spec_defaults.ts";
import type { Firing, ScheduleInfo } from "../store/schedules.ts";

/**
 * The firings of a schedule that is due, with the jobs as the config of now makes them.
 *
 * @param schedule one that is due, so that its `nextAt` is a time
 * @param now the store's clock, milliseconds since the epoch
 * @throws {RangeError} if its cron expression or zone is not understood here
 * @throws {SpecError} if its job spec is not
 */
export async function workOutFiring(
  schedule: ScheduleInfo,
  config: Config,
  now: number,
): Promise<Firing> {
  const { name, cron, timezone, catchUp } = schedule;
  const nextAt = schedule.nextAt!;
  const times = await parseCron(cron, timezone);
  const spec = parseSpec(JSON.parse(schedule.spec));
  // The directory is in the spec, if the job is to have one.
  const defaults = specDefaults(config, { directory: null, isShared: false });
  const jobs = dueFirings(times, { nextAt, catchUp }, now).map((fireTime) => ({
    ...resolveSpec(spec, defaults, uuidv7),
    schedule: name,
    fireTime,
  }));
  return { schedule: name, expected: nextAt, jobs, nextAt: times.next(now) };
}

/**
 * Takes back how far a schedule has moved on by a clock that was ahead and has been set back: else it
 * would be silent for as long. Nothing is enqueued, and a time for which it has fired stays fired.
 *
 * @param now the store's clock, milliseconds since the epoch
 * @returns null if there is nothing to take back
 * @throws {RangeError} if its cron expression or zone is not understood here
 */
export async function takeBack(schedule: ScheduleInfo, now: number): Promise<Firing | null> {
  const { name, cron, timezone, nextAt: expected } = schedule;
  const nextAt = (await parseCron(cron, timezone)).next(now);
  if (expected === null || nextAt === null || nextAt >= expected) return null;
  return { schedule: name, expected, jobs: [], nextAt };
}
