/**
 * What a process and what it starts spend, as Linux tells it from outside: `/proc/PID`, looked at again
 * and again until the process ends.
 *
 * @module
 */

/** Microseconds in a clock tick of `/proc`, which is 1/100 s on every Linux. */
const TICK = 10_000;

/** Milliseconds between two looks: so much of the end may be missed. */
const INTERVAL = 20;

/** CPU time, microseconds. */
export interface Cpu {
  readonly user: number;
  readonly system: number;
}

/** What a process has spent up to the last look. */
export interface Spending {
  /** Of all its threads, also of those that have ended. */
  readonly own: Cpu;
  /** By what the threads are for. */
  readonly threads: ReadonlyMap<string, Cpu>;
  /** Of the processes that it has started and that were there at a look, themselves. */
  readonly children: Cpu;
  /** Of `/proc/PID/io` and the like: bytes and calls, as the kernel calls them. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What threads are called, and what they are for. The first thread has the program's name. */
const THREADS: readonly (readonly [comm: RegExp, role: string])[] = [
  [/^worker-\d+/, "executors"],
  [/^V8 /, "V8's helpers"],
  [/^tokio/, "tokio"],
];

/** The CPU time of this process's children that have ended, with all that these had waited for. */
export function endedChildren(): Cpu {
  const [user = 0, system = 0] = times("/proc/self/stat").slice(2);
  return { user, system };
}

/** Looks at a process until it ends. */
export async function watchSpending(pid: number, ended: Promise<unknown>): Promise<Spending> {
  const threads = new Map<string, { role: string; cpu: Cpu; switches: number }>();
  const children = new Map<string, Cpu>();
  let own: Cpu = { user: 0, system: 0 };
  let counts: Record<string, number> = {};
  let isOver = false;
  ended.finally(() => isOver = true);
  while (!isOver) {
    try {
      own = cpuOf(`/proc/${pid}/stat`);
      counts = countsOf(`/proc/${pid}/io`);
      for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
        const task = `/proc/${pid}/task/${name}`;
        const role = Number(name) === pid ? "main thread" : roleOf(`${task}/comm`);
        const status = countsOf(`${task}/status`);
        const switches = (status.voluntary_ctxt_switches ?? 0) +
          (status.nonvoluntary_ctxt_switches ?? 0);
        threads.set(name, { role, cpu: cpuOf(`${task}/stat`), switches });
        for (const child of Deno.readTextFileSync(`${task}/children`).split(" ")) {
          if (child !== "") children.set(child, cpuOf(`/proc/${child}/stat`));
        }
      }
    } catch {
      // Something has just ended: what was seen last holds.
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
  const roles = new Map<string, Cpu>();
  for (const { role, cpu } of threads.values()) {
    roles.set(role, sum([roles.get(role) ?? { user: 0, system: 0 }, cpu]));
  }
  let switches = 0;
  for (const thread of threads.values()) switches += thread.switches;
  return {
    own,
    threads: roles,
    children: sum([...children.values()]),
    counts: { ...counts, switches },
  };
}

/** All of them together. */
export function sum(parts: readonly Cpu[]): Cpu {
  let [user, system] = [0, 0];
  for (const part of parts) [user, system] = [user + part.user, system + part.system];
  return { user, system };
}

function roleOf(path: string): string {
  const comm = Deno.readTextFileSync(path);
  return THREADS.find(([pattern]) => pattern.test(comm))?.[1] ?? "other threads";
}

function cpuOf(path: string): Cpu {
  const [user = 0, system = 0] = times(path);
  return { user, system };
}

/** `utime`, `stime`, `cutime` and `cstime` of a stat file, microseconds. A name may hold anything. */
function times(path: string): number[] {
  const text = Deno.readTextFileSync(path);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).map((field) => Number(field) * TICK);
}

/** The numbers of a file with lines such as `wchar: 183411`. */
function countsOf(path: string): Record<string, number> {
  const lines = Deno.readTextFileSync(path).matchAll(/^(\w+):\s+(\d+)/gm);
  return Object.fromEntries(Array.from(lines, ([, name = "", value]) => [name, Number(value)]));
}
