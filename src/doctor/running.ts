/**
 * Jobs that run for longer than anybody wants.
 *
 * @module
 */

import { formatElapsed } from "../elapsed.ts";
import { type Check, type Finding, warning } from "../store/examination.ts";
import { queuectl, type Ward } from "./ward.ts";

/** Nothing ends a job without a timeout; after so long, milliseconds, it is mentioned. */
const LONG = 86_400_000;

/** At most so many running jobs are looked at. */
const MAX_JOBS = 10_000;

/** At most so many jobs are named. */
const MAX_NAMED = 5;

/** What runs, and for how long. */
export async function runningCheck(ward: Ward): Promise<Check> {
  const running = await ward.store.jobs({
    states: ["processing"],
    limit: MAX_JOBS,
    oldestFirst: true,
  });
  const now = ward.now();
  const long = running.filter(({ startedAt, timeout }) =>
    timeout === null && startedAt !== null && startedAt < now - LONG
  );
  const findings: Finding[] = long.slice(0, MAX_NAMED).map(({ id, startedAt }) =>
    warning(
      `Job ${id} has run for ${formatElapsed(now - startedAt!)}, and has no timeout`,
      `To end it, if it hangs: ${queuectl(ward, "cancel", id)}`,
    )
  );
  const rest = long.length - MAX_NAMED;
  if (rest > 0) {
    const list = queuectl(ward, "list", "--state", "processing");
    findings.push(warning(`So have ${rest} others`, `To see them: ${list}`));
  }
  const text = running.length === 0 ? "No job runs" : `${running.length} run, none for days`;
  return { name: "running", text, findings };
}
