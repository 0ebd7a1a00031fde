/**
 * Schedules that cannot fire, or will not when they should.
 *
 * @module
 */

import { LATE, parseCron } from "../job/cron.ts";
import { formatTime } from "../job/time.ts";
import { type Check, type Finding, problem, warning } from "../store/examination.ts";
import type { ScheduleInfo } from "../store/schedules.ts";
import { conditionsOf, inCondition, queuectl, type Ward } from "./ward.ts";

/** When what fires. */
export async function schedulesCheck(ward: Ward): Promise<Check> {
  const all = await ward.store.schedules();
  const active = all.filter(({ paused }) => !paused);
  const found = await Promise.all(active.map((schedule) => findingOf(schedule, ward)));
  const findings = found.filter((finding) => finding !== null);
  const late = active.filter(({ nextAt }) => nextAt !== null && nextAt < ward.now() - LATE);
  const hasWorker = late.length > 0 &&
    inCondition(await conditionsOf(ward), "living").length > 0;
  if (late.length > 0 && !hasWorker) {
    findings.push(warning(
      `No worker runs, so ${late.map(({ name }) => name).join(", ")} did not fire`,
      `To start one: ${queuectl(ward, "worker", "start", "--detach")}`,
    ));
  }
  const text = all.length === 0
    ? "There are none"
    : `${active.length} of ${all.length} are active, and fire when they should`;
  return { name: "schedules", text, findings };
}

async function findingOf(schedule: ScheduleInfo, ward: Ward): Promise<Finding | null> {
  const { name, cron, timezone, nextAt } = schedule;
  try {
    const times = await parseCron(cron, timezone);
    const next = times.next(ward.now());
    if (next === null || (nextAt !== null && nextAt <= next)) return null;
    const when = nextAt === null ? "never" : `at ${formatTime(nextAt)}`;
    // A resumed schedule looks for its next time anew.
    const mend = `${queuectl(ward, "schedule", "pause", name)} && ${
      queuectl(ward, "schedule", "resume", name)
    }`;
    return problem(
      `Schedule ${name} is to fire ${when}, though "${cron}" says ${formatTime(next)}`,
      `To set it right: ${mend}`,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return problem(
      `Schedule ${name} cannot fire: its cron or time zone ${error.message}`,
      `To remove it, and add it anew: ${queuectl(ward, "schedule", "remove", name)}`,
    );
  }
}
