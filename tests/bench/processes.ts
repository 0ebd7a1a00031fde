/**
 * What the benchmarks start, and how it is timed.
 *
 * @module
 */

import { run } from "../toolchain/command.ts";

/** The command of a contestant. */
export type Command = readonly [string, ...string[]];

/** Milliseconds that a process takes from its start to its exit with 0. */
export async function time(
  command: Command,
  options: Parameters<typeof run>[1] = {},
): Promise<number> {
  const start = performance.now();
  await run(command, options);
  return performance.now() - start;
}

/** Milliseconds between two looks at the memory of a process. */
const LOOK = 20;

/**
 * The same, and the most memory that was resident at once, in bytes (`VmHWM` of proc(5), as of the last
 * look).
 *
 * @throws if it exits with anything but 0
 */
export async function timeAndPeak(
  [program, ...args]: Command,
): Promise<{ readonly milliseconds: number; readonly peak: number }> {
  const start = performance.now();
  const process = new Deno.Command(program, { args, stdin: "null", stdout: "null" }).spawn();
  let end: number | null = null;
  const ended = process.status.then((status) => (end = performance.now(), status));
  let peak = 0;
  while (end === null) {
    peak = peakOf(process.pid) ?? peak;
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, LOOK))]);
  }
  const { code } = await ended;
  if (code !== 0) throw new Error(`${program} ended with code ${code}: ${args.join(" ")}`);
  return { milliseconds: end - start, peak };
}

function peakOf(pid: number): number | null {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ??
      [];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

/** Whether a program of this name is installed. */
export async function isInstalled(name: string): Promise<boolean> {
  const { success } = await new Deno.Command("/bin/sh", {
    args: ["-c", `command -v ${name}`],
    stdout: "null",
  }).output();
  return success;
}

/**
 * Fails unless the store holds exactly so many jobs in a state.
 *
 * @throws if it does not
 */
export async function expectJobs(
  queuectl: Command,
  { db, state, count }: { readonly db: string; readonly state: string; readonly count: number },
): Promise<void> {
  const status = JSON.parse(await run([...queuectl, "--db", db, "status", "--json"]));
  const found = status.jobs[state];
  if (found !== count) throw new Error(`${db} has ${found} jobs that are ${state}, not ${count}`);
}
