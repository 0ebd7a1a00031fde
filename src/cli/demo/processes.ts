/**
 * The processes that the demo has brought about: its children, what they started in the background, and
 * what those left behind when they were killed.
 *
 * @module
 */

import { listProcesses, type ProcessInfo, signal } from "../../worker/host.ts";

/** So long is waited for killed processes to be gone, milliseconds. */
const PATIENCE = 5000;
const PAUSE = 20;

/**
 * The processes that were started with this variable in their environment. Where there is no `/proc`
 * none can be found.
 */
export function processesWith(name: string, value: string): ProcessInfo[] {
  if (Deno.build.os !== "linux") return [];
  const entry = `\0${name}=${value}\0`;
  return [...listProcesses().values()].filter(({ pid, alive }) =>
    alive && pid !== Deno.pid && `\0${environmentOf(pid)}`.includes(entry)
  );
}

/** Kills them and whatever they start in the meantime, until two looks find none. */
export async function killProcessesWith(name: string, value: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  for (let empty = 0; empty < 2 && performance.now() < deadline;) {
    const found = processesWith(name, value);
    for (const process of found) signal(process, "SIGKILL");
    empty = found.length === 0 ? empty + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Empty if it may not be read, or the process has ended. */
function environmentOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`);
  } catch {
    return "";
  }
}
