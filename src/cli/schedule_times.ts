/**
 * The flags that say when a schedule fires.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { canonicalCron, type CronTimes, parseCron } from "../job/cron.ts";
import { localTimezone, parseTimezone } from "../job/timezone.ts";
import { CommandLineError } from "./command_line_error.ts";
import * as flag from "./flags.ts";

/** `--cron` and `--tz`. */
export const TIMES_FLAGS = {
  cron: flag.value(canonicalCron, {
    summary: 'When it fires: "30 2 * * *", "*/10 * * * * *", @daily',
    placeholder: "EXPR",
    aliases: ["expression"],
  }),
  tz: flag.value(parseTimezone, {
    summary: "The time zone of the expression, by its IANA name",
    placeholder: "ZONE",
    complete: "timezone",
    defaultText: "that of this machine",
    aliases: ["timezone", "time-zone"],
  }),
};

/** When something fires, and what says so. */
export interface Times {
  readonly times: CronTimes;
  readonly cron: string;
  readonly timezone: string;
}

/**
 * What the flags say.
 *
 * @throws {UsageError} if there is no expression, or it is none
 */
export async function loadTimes(
  { cron, tz: timezone = localTimezone() }: flag.FlagValues<typeof TIMES_FLAGS>,
): Promise<Times> {
  if (cron === undefined) {
    throw new CommandLineError(
      'Missing --cron, such as --cron "30 2 * * *" (every day at 02:30) or --cron @hourly',
    );
  }
  return { times: await readTimes(cron, timezone), cron, timezone };
}

/**
 * When an expression fires.
 *
 * @throws {UsageError} if it is none, or never fires
 */
export async function readTimes(cron: string, timezone: string): Promise<CronTimes> {
  try {
    return await parseCron(cron, timezone);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--cron ${error.message}`);
    throw error;
  }
}
