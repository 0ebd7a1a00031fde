/**
 * What a PostgreSQL server takes up, as Linux tells it.
 *
 * @module
 */

import { cpuTimeOf } from "../resident.ts";

/** Milliseconds of a clock tick, in which the CPU time of processes that have ended is counted. */
const CLOCK_TICK = 10;

/**
 * The CPU time that all processes of a server have had, milliseconds.
 *
 * @param pid of its first process
 */
export function serverTime(pid: number): number {
  // The name, which may hold spaces, is in parentheses; the two are 16 and 17 in proc(5).
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  const ended = (Number(fields[13]) + Number(fields[14])) * CLOCK_TICK;
  return processesOf(pid).reduce((sum, each) => sum + timeOf(each), ended);
}

/** The pids of a server's processes that run. */
export function processesOf(pid: number): number[] {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`);
  return [pid, ...children.trim().split(" ").filter((text) => text !== "").map(Number)];
}

function timeOf(pid: number): number {
  try {
    return cpuTimeOf(pid);
  } catch (error) {
    // It has ended since it was listed.
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
