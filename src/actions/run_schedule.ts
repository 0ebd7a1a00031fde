/**
 * Firing a schedule out of its turn.
 *
 * @module
 */

import { uuidv7 } from "uuidv7";
import { resolveConfig } from "../config.ts";
import { parseSpec, resolveSpec } from "../job/spec.ts";
import { specDefaults } from "../spec_defaults.ts";
import type { ScheduleInfo } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";

/** The time of the last one, milliseconds. */
let last = 0;

/**
 * Enqueues the job of a schedule now, paused or not; when it fires next does not change.
 *
 * @param now milliseconds since the epoch
 * @returns the id of the job
 * @throws {ConflictError} if its unique key is taken
 */
export async function runSchedule(
  store: Store,
  { name, spec }: ScheduleInfo,
  now: number,
): Promise<string> {
  const { isShared } = store;
  const defaults = specDefaults(resolveConfig(await store.settings()), {
    directory: null,
    isShared,
  });
  // A schedule has one job for each time, and its own firings are at whole seconds.
  last = Math.max(now, last + 1);
  if (last % 1000 === 0) last++;
  const job = { ...resolveSpec(parseSpec(JSON.parse(spec)), defaults, uuidv7), schedule: name };
  const [stored] = await store.enqueue([{ ...job, fireTime: last }]);
  return stored!.id;
}
