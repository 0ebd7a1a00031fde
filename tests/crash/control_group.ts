/**
 * Control groups of a test's own, for what otherwise would hit the whole machine: no memory left, no
 * process left. They take root and a control group file system that may be written to.
 *
 * @module
 */

/** The files of a controller: where its groups are, and what holds the limit, in version 1 or 2. */
interface Controller {
  readonly roots: readonly string[];
  readonly limits: readonly string[];
}

const MEMORY: Controller = {
  roots: ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"],
  limits: ["memory.limit_in_bytes", "memory.max"],
};

const PROCESSES: Controller = {
  roots: ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"],
  limits: ["pids.max"],
};

/** A control group, which goes when it is disposed of; its processes must have ended. */
export interface ControlGroup extends Disposable {
  /** A process that writes its pid into this file is in the group. */
  readonly procs: string;
  /** The file of the limit. */
  readonly limit: string;
}

/** A group whose processes may use so many bytes of memory; null where there can be none. */
export function memoryGroup(bytes: number): ControlGroup | null {
  return makeGroup(MEMORY, bytes);
}

/** A group that may have so many processes and threads; null where there can be none. */
export function processGroup(count: number): ControlGroup | null {
  return makeGroup(PROCESSES, count);
}

function makeGroup({ roots, limits }: Controller, value: number): ControlGroup | null {
  for (const root of roots) {
    const path = `${root}/queuectl-test-${crypto.randomUUID()}`;
    try {
      Deno.mkdirSync(path);
    } catch {
      continue;
    }
    const procs = `${path}/cgroup.procs`;
    for (const name of limits) {
      const limit = `${path}/${name}`;
      try {
        // Without `create`: where there is no such controller it would be a file like any other.
        Deno.writeTextFileSync(limit, String(value), { create: false });
        return { procs, limit, [Symbol.dispose]: () => Deno.removeSync(path) };
      } catch {
        // The other version has another name.
      }
    }
    Deno.removeSync(path);
  }
  return null;
}
