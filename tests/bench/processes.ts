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
