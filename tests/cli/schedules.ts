/**
 * What tests of schedules do besides running commands.
 *
 * @module
 */

import { deepStrictEqual, ok } from "node:assert/strict";
import { Events } from "../../src/observe/events.ts";
import type { Fired, ScheduleInfo } from "../../src/store/schedules.ts";
import { Schedules } from "../../src/worker/schedules.ts";
import type { Queue } from "./queue.ts";

export const HOUR = 3_600_000;
/** A little after the first full hour of a test. */
export const FOUR: number = Date.UTC(2026, 0, 2, 4, 0, 30);

/** `schedule add NAME --cron EXPR --tz UTC … -- true`, which must succeed. */
export async function addSchedule(
  queue: Queue,
  name: string,
  cron: string,
  ...flags: string[]
): Promise<void> {
  const args = ["schedule", "add", name, "--cron", cron, "--tz", "UTC", ...flags, "--", "true"];
  const { code, stderr } = await queue.cli(...args);
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
}

/** The stored schedule. */
export async function findSchedule(queue: Queue, name: string): Promise<ScheduleInfo> {
  const found = (await queue.store.schedules()).find((schedule) => schedule.name === name);
  ok(found, `schedule ${name}`);
  return found;
}

/** Does what a worker does about schedules, until none is due. */
export async function fire(queue: Queue): Promise<Fired[]> {
  const { store } = queue;
  const schedules = new Schedules({
    store,
    events: new Events(),
    wake: () => {},
    clock: () => 0,
  });
  const fired: Fired[] = [];
  do {
    const result = await queue.tick({ firings: schedules.take() });
    fired.push(...result.fired);
    await schedules.look(result);
  } while (!schedules.isEmpty);
  return fired;
}
