/**
 * Cron expressions: when a schedule fires, and which of the firings that are due become jobs.
 *
 * Croner reads the expressions. It is loaded when the first one is.
 *
 * @module
 */

import { quote } from "../quote.ts";
import { parseTimezone } from "./timezone.ts";

/** What to do about the firings that were missed while no worker ran or the schedule was paused. */
export const CATCH_UPS = ["none", "one", "all"] as const;

/** What to do about the firings that were missed. */
export type CatchUp = (typeof CATCH_UPS)[number];

/**
 * A firing that is late by more than so long, milliseconds, was missed. Workers that cron starts each
 * minute, give or take a few seconds, miss none.
 */
export const LATE = 90_000;

/** So many firings become jobs at once, at the most; older ones are dropped. */
export const MAX_FIRINGS = 1000;

/** What a field may be made of: whatever holds a colon, croner takes for a date and fires once. */
const FIELD = /^[\w*/,#?+-]+$/;

const NICKNAMES = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];

/** When an expression fires, in milliseconds since the epoch. */
export interface CronTimes {
  /** The first firing after a time; null if there is none any more. */
  next(after: number): number | null;
  /** The last firing at or before a time; null if there is none. */
  last(until: number): number | null;
}

/**
 * An expression in its canonical text: one space between fields, nicknames in lower case.
 *
 * @throws {RangeError} if it has neither five fields nor six and is no nickname; the message completes a
 * sentence that begins with the name of what was read
 */
export function canonicalCron(text: string): string {
  const fields = text.trim().split(/\s+/);
  const [first = ""] = fields;
  if (first.startsWith("@")) {
    const nickname = first.toLowerCase();
    if (fields.length === 1 && NICKNAMES.includes(nickname)) return nickname;
    throw notCron(text, `the names are ${NICKNAMES.join(", ")}`);
  }
  if (fields.length === 5 || fields.length === 6) {
    const odd = fields.find((field) => !FIELD.test(field));
    if (odd !== undefined) throw notCron(text, `${quote(odd)} is not a field of it`);
    return fields.join(" ");
  }
  const count = first === "" ? "none" : fields.length;
  throw notCron(
    text,
    `it takes 5 fields in quotes, or 6 with the seconds first, and this has ${count}`,
  );
}

/**
 * Reads an expression of five fields, of six (the first one is seconds) or a nickname such as `@daily`.
 *
 * Where clocks are set back, what is to fire at given times of the day fires once, and what fires every so
 * often goes on. Where they are set forward, a time that is left out fires right after the gap if the
 * expression gives times of the day.
 *
 * @param timezone an IANA time zone
 * @throws {RangeError} if one of them is none, or it never fires; the message completes a sentence that begins with
 * the name of what was read
 */
export async function parseCron(expression: string, timezone: string): Promise<CronTimes> {
  const pattern = canonicalCron(expression);
  const zone = parseTimezone(timezone);
  const { Cron } = await import("croner");
  let cron: InstanceType<typeof Cron>;
  try {
    cron = new Cron(pattern, {
      timezone: zone,
      paused: true,
      mode: "5-or-6-parts",
      // As in the cron of old, a list of hours gives times of the day just as a single hour does.
      fixedTimeRule: "no-wildcard",
    });
  } catch (error) {
    throw notCron(expression, reasonOf(error as Error));
  }
  // No field holds a year: what fires at all fires again and again.
  if (cron.nextRun(new Date(0)) === null) throw notCron(expression, "it never fires");
  return {
    next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null,
    // Croner looks before a time, in whole seconds.
    last: (until) => {
      const reference = new Date(Math.floor(until / 1000) * 1000 + 1000);
      return cron.previousRuns(1, reference)[0]?.getTime() ?? null;
    },
  };
}

/** Croner's own words; they may hold all of a long expression. */
function reasonOf({ message }: Error): string {
  const words = message.replace(/^Cron\w+: /, "").replace(/:? \(NaN\)/, "").replace(/\.$/, "")
    .slice(0, 120);
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function notCron(text: string, reason: string): RangeError {
  return new RangeError(
    `must be a cron expression such as "30 2 * * *" (every day at 02:30), not ${quote(text)}: ` +
      reason,
  );
}

/** A schedule that is due. */
export interface DueSchedule {
  /** When it was to fire next: that is the first firing. */
  readonly nextAt: number;
  readonly catchUp: CatchUp;
}

/**
 * Which of the firings from `nextAt` to now become jobs, oldest first. Unless one was missed, all do;
 * else `catchUp` says. It looks back from now, so that years of missed seconds cost nothing.
 */
export function dueFirings(
  times: Pick<CronTimes, "last">,
  { nextAt, catchUp }: DueSchedule,
  now: number,
): number[] {
  if (catchUp === "none") return lastFirings(times, Math.max(nextAt, now - LATE), now, MAX_FIRINGS);
  const isMissed = nextAt < now - LATE;
  return lastFirings(times, nextAt, now, isMissed && catchUp === "one" ? 1 : MAX_FIRINGS);
}

/** The last firings from one time to another, both included, oldest first. */
function lastFirings(
  times: Pick<CronTimes, "last">,
  from: number,
  to: number,
  limit: number,
): number[] {
  const found: number[] = [];
  for (let until = to; found.length < limit;) {
    const time = times.last(until);
    if (time === null || time < from) break;
    found.push(time);
    until = time - 1;
  }
  return found.reverse();
}
