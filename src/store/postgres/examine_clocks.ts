/**
 * Whether this machine and the server agree on the time.
 *
 * @module
 */

import { formatElapsed } from "../../elapsed.ts";
import { type Check, type Finding, warning } from "../examination.ts";
import type { ServerPatient } from "./examine.ts";

/** Below it nobody notices, milliseconds. */
const TOLERANCE = 5000;

/** Jobs are due by the server's clock, and attempts end by that of their worker's machine. */
export function clocksCheck({ ahead }: ServerPatient): Check {
  const findings: Finding[] = [];
  const difference = Math.round(Math.abs(ahead));
  if (difference > TOLERANCE) {
    const where = ahead > 0 ? "ahead of" : "behind";
    findings.push(warning(
      `The clock of this machine is ${
        formatElapsed(difference)
      } ${where} that of the server, by which ` +
        "jobs are due and schedules fire",
      "Let both be set by NTP; to see which is wrong: date -u",
    ));
  }
  return { name: "clocks", text: "This machine and the server agree on the time", findings };
}
