/**
 * What a process takes up, as Linux tells it: `/proc/PID`.
 *
 * @module
 */

/** Memory of a process, MB of 2^20 bytes. */
export interface Resident {
  /** What is in memory, shared or not: what `ps` and `top` show, and users see. */
  readonly resident: number;
  /** What no other process shares: about what one more such process costs. */
  readonly own: number;
  /** The most that was resident so far. */
  readonly peak: number;
}

/**
 * The memory of a process.
 *
 * @throws {Deno.errors.NotFound} if the process has ended
 */
export function residentOf(pid: number): Resident {
  const status = fieldsOf(`/proc/${pid}/status`);
  const maps = fieldsOf(`/proc/${pid}/smaps_rollup`);
  return {
    resident: status("VmRSS"),
    own: maps("Private_Clean") + maps("Private_Dirty"),
    peak: status("VmHWM"),
  };
}

/**
 * The CPU time that all threads of a process have had that are there now, milliseconds. `stat` counts
 * clock ticks, which come too seldom to see a thread that only wakes up and sleeps again.
 *
 * @throws {Deno.errors.NotFound} if the process has ended
 */
export function cpuTimeOf(pid: number): number {
  let nanoseconds = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(statOf(pid, name).split(" ")[0]);
  }
  return nanoseconds / 1e6;
}

/** The schedstat of a thread; nothing if it has ended since it was seen. */
function statOf(pid: number, thread: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${thread}/schedstat`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "0";
    throw error;
  }
}

/** Bytes that a process has had written to a disk, so far. */
export function bytesWritten(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/io`))?.[1]);
}

/** The megabytes of lines such as `VmRSS:   1024 kB`. */
function fieldsOf(path: string): (name: string) => number {
  const text = Deno.readTextFileSync(path);
  return (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
}
