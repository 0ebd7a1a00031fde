/**
 * Whether times in a store lie ahead of the clock.
 *
 * @module
 */

import { formatElapsed } from "../../elapsed.ts";
import { formatTime } from "../../job/time.ts";
import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { Patient } from "./patient.ts";

/** Clocks are set by this much without anybody's noticing, milliseconds. */
const TOLERANCE = 60_000;

/** All at once: a million jobs take 0.2 s. */
const NEWEST = `SELECT max(created_at) AS begun, max(updated_at) AS changed,
  max(started_at) AS started, max(finished_at) AS finished,
  (SELECT max(heartbeat_at) FROM worker) AS answered FROM job`;

/**
 * What has happened lies in the past.
 */
export async function clockCheck(
  { rows, sqlCommand, clockOf, options: { now } }: Patient,
): Promise<Check> {
  const findings: Finding[] = [];
  const limit = now + TOLERANCE;
  const [newest = {}] = await rows(NEWEST);
  const [what, time] = Object.entries(newest)
    .map(([what, time]) => [what, Number(time)] as const)
    .reduce((a, b) => b[1] > a[1] ? b : a);
  if (time > limit) {
    const ahead = formatElapsed(time - now);
    findings.push(warning(
      `The store says that something has ${what} at ${formatTime(time)}, in ${ahead}: ` +
        `the clock of ${clockOf} was set back, or is behind`,
      "Compare the clock (date) with another one; if it is right, this passes with time",
    ));
  }
  const starts = await rows("SELECT DISTINCT queue FROM start WHERE at > ? ORDER BY queue", limit);
  if (starts.length > 0) {
    findings.push(problem(
      `The rates of ${
        starts.map(({ queue }) => queue).join(", ")
      } count jobs that are to begin in ` +
        "the future, because the clock was set back: others are kept waiting",
      `To forget them: ${sqlCommand(`DELETE FROM start WHERE at > ${limit}`)}`,
    ));
  }
  return { name: "times", text: "Nothing in the store lies ahead of the clock", findings };
}
