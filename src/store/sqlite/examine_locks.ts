/**
 * Whether somebody keeps writers out.
 *
 * @module
 */

import type { Check, Finding } from "../examination.ts";
import { problem, warning } from "../examination.ts";
import { lockHolder } from "./lock_holder.ts";

/** Whoever is seen at each of so many looks, so many milliseconds apart, does not let go. */
const LOOKS = 25;
const INTERVAL = 40;

/** Who holds a lock of the store for long, or for ever because it was stopped. */
export async function locksCheck(path: string, seen = () => lockHolder(path)): Promise<Check> {
  const text = "Nobody keeps writers out";
  // The kernel's table may lack a line that is there, if others come and go while it is read.
  const look = () => seen() ?? seen();
  const first = look();
  if (first === null) return { name: "locks", text, findings: [] };
  for (let looks = 1; looks < LOOKS; looks++) {
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    const { pid, startTime } = look() ?? {};
    if (pid !== first.pid || startTime !== first.startTime) {
      return { name: "locks", text, findings: [] };
    }
  }
  const { pid } = first;
  const finding: Finding = look()?.stopped
    ? problem(
      `Process ${pid} was stopped while it held the lock of the store: nobody can write`,
      `To let it go on: kill -CONT ${pid}`,
    )
    : warning(
      `Process ${pid} has held the lock of the store for more than a second: nobody can write`,
      `To end it, if it is stuck: kill ${pid}`,
    );
  return { name: "locks", text, findings: [finding] };
}
