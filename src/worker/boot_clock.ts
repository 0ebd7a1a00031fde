/**
 * A clock that all threads of a worker share with all other processes of the machine.
 *
 * @module
 */

/**
 * Milliseconds since this machine was started, to 10 ms: nobody sets that, and it goes on while the machine
 * sleeps. Null where it cannot be read, be it only for now: the process may have too many files open.
 */
export function sinceBoot(): number | null {
  try {
    const seconds = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0] || NaN);
    return Number.isNaN(seconds) ? null : Math.round(seconds * 1000);
  } catch {
    return null;
  }
}
