/**
 * From a name to a schedule.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { quote } from "../quote.ts";
import type { ScheduleInfo } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";

/**
 * The schedule with this name.
 *
 * @throws {NotFoundError} if there is none
 */
export async function findSchedule(store: Store, name: string): Promise<ScheduleInfo> {
  const schedules = await store.schedules();
  const found = schedules.find((schedule) => schedule.name === name);
  if (found !== undefined) return found;
  const meant = didYouMean(name, schedules.map((schedule) => schedule.name));
  throw new NotFoundError(`There is no schedule ${quote(name)}${meant}`);
}
