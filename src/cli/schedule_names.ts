/**
 * The names of schedules: reading one, and acting on several.
 *
 * @module
 */

import { findSchedule } from "../actions/find_schedule.ts";
import { quote } from "../quote.ts";
import type { ScheduleInfo } from "../store/schedules.ts";
import type { Store } from "../store/store.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { actOnAll } from "./each_id.ts";

/** The exit codes for the help of a command that acts on several schedules. */
export const SCHEDULE_EXIT_CODES = [
  ["3", "A schedule is not known; the others were acted on"],
] as const;

/**
 * The name of a new schedule, of the same form as that of a queue.
 *
 * @throws {CommandLineError} if it cannot be one
 */
export function readScheduleName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  throw new CommandLineError(
    "The name of a schedule must begin with a letter or digit and hold at most 64 letters, digits " +
      `and . _ -, not ${quote(name)}`,
  );
}

/**
 * Acts on schedules, each by itself, and says what became of it.
 *
 * @returns the exit code: 3 if any was unknown
 */
export async function actOnSchedules(
  context: Context,
  store: Store,
  names: readonly string[],
  act: (schedule: ScheduleInfo) => Promise<string>,
): Promise<number> {
  const targets = [...new Set(names)].map((id) => ({ id, refusal: null }));
  const action = async (name: string) => await act(await findSchedule(store, name));
  return await actOnAll(context, targets, action, "name");
}
