/**
 * What this machine knows of its processes. All that is particular to Linux (`/proc`) is here.
 *
 * Everything is read synchronously: the files are made by the kernel on the spot, a read takes about
 * 10 µs, and an asynchronous one would cost five times that.
 *
 * @module
 */

import type { ProcessRef } from "./protocol.ts";

/** Where a worker runs. Pids of two processes may be compared only if the identities are equal. */
export interface Host {
  /** The host's name, for people. */
  readonly name: string;
  /**
   * Boot id, pid namespace and time namespace, and the user where others' processes are hidden. A start
   * time counts from the boot.
   */
  readonly identity: string;
}

/** A line of the process table. */
export interface ProcessInfo extends ProcessRef {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** False for a zombie, which has ended and only waits to be reaped. */
  readonly alive: boolean;
  /** True for SIGSTOP and its like. */
  readonly stopped: boolean;
  /** True while it waits for a disk or the like; until then no signal ends it. */
  readonly waitsForDisk: boolean;
  /** A thread of the kernel: it has no environment and cannot be killed. */
  readonly kernel: boolean;
}

/** The environment variable that marks every process of an attempt. */
export const TOKEN_VARIABLE = "QUEUECTL_ATTEMPT_TOKEN";

/** `PF_KTHREAD` of `include/linux/sched.h`, in field 9 of `/proc/PID/stat`. */
const KERNEL_THREAD = 0x0020_0000;

/**
 * The host and the namespaces of this process.
 *
 * @param init the first process: where it cannot be seen, `/proc` hides what other users run (`hidepid` in
 * proc(5)). Nothing of theirs may be taken for dead then, so each user is on a host of his own.
 */
export function currentHost(init: ProcessInfo | null = processInfo(1)): Host {
  // Of an unknown boot nothing may be concluded, so it is like no other.
  const boot = readText("/proc/sys/kernel/random/boot_id")?.trim() ?? crypto.randomUUID();
  const namespaces = [readLink("/proc/self/ns/pid"), readLink("/proc/self/ns/time")];
  const user = init === null ? [`user:${Deno.uid()}`] : [];
  return { name: Deno.hostname(), identity: [boot, ...namespaces, ...user].join(" ") };
}

/**
 * The process that has this pid now, or null if there is none.
 *
 * @throws If this process has no file descriptor or memory left to look with: see {@linkcode isExhausted}.
 */
export function processInfo(pid: number): ProcessInfo | null {
  const text = readText(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** A reference to the process that has this pid now, or null if there is none. */
export function processRef(pid: number): ProcessRef | null {
  const info = processInfo(pid);
  return info === null ? null : { pid: info.pid, startTime: info.startTime };
}

/** Whether exactly this process waits for a disk or the like at this moment: its heart cannot beat. */
export function waitsForDisk(ref: ProcessRef): boolean {
  const info = processInfo(ref.pid);
  return info !== null && info.waitsForDisk && info.startTime === ref.startTime;
}

/**
 * Whether exactly this process still runs. A zombie does not. What cannot be looked at for want of a
 * file descriptor is taken for alive: the work of a dead one may wait, that of a living one must not
 * be done twice.
 */
export function isAlive(ref: ProcessRef): boolean {
  try {
    return runs(ref);
  } catch (error) {
    if (isExhausted(error)) return true;
    throw error;
  }
}

function runs(ref: ProcessRef): boolean {
  const info = processInfo(ref.pid);
  return info !== null && info.alive && info.startTime === ref.startTime;
}

/**
 * All processes that can be seen, by pid, zombies among them.
 *
 * The names are there at once, reading the files takes 10 ms, or 50 on a busy machine. So the newest are
 * read first, and those that came meanwhile are read, too: processes that live for 30 ms, of which each
 * begins the next one, were missed by 44 scans of 100, and so are missed by 1.
 *
 * @throws As {@linkcode processInfo}.
 */
export function listProcesses(): Map<number, ProcessInfo> {
  const processes = new Map<number, ProcessInfo>();
  const first = listPids();
  const known = new Set(first);
  const read = (pid: number) => {
    const info = processInfo(pid);
    if (info !== null) processes.set(pid, info);
  };
  first.reverse().forEach(read);
  listPids().filter((pid) => !known.has(pid)).forEach(read);
  return processes;
}

/** In ascending order, as the kernel gives them. */
function listPids(): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter(Number.isInteger);
}

/**
 * The token in the environment with which a process was started: null if there is none, undefined if
 * this process may not read it (or the other one has gone).
 *
 * @throws As {@linkcode processInfo}.
 */
export function environmentToken(pid: number): string | null | undefined {
  return environmentVariable(pid, TOKEN_VARIABLE);
}

/**
 * A variable in the environment with which a process was started, as {@linkcode environmentToken}.
 *
 * @throws As {@linkcode processInfo}.
 */
export function environmentVariable(pid: number, name: string): string | null | undefined {
  const text = readText(`/proc/${pid}/environ`);
  if (text === null) return undefined;
  const marker = `\0${name}=`;
  const all = `\0${text}`;
  const at = all.indexOf(marker);
  if (at < 0) return null;
  const from = at + marker.length;
  const end = all.indexOf("\0", from);
  return all.slice(from, end < 0 ? undefined : end);
}

/** Whether this process ignores any of these signals. */
export function ignoresSignals(numbers: readonly number[]): boolean {
  const line = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readText("/proc/self/status") ?? "");
  if (line === null) return false;
  const ignored = BigInt(`0x${line[1]}`);
  return numbers.some((number) => (ignored >> BigInt(number - 1) & 1n) === 1n);
}

/**
 * Sends a signal if the pid still belongs to this process.
 *
 * @throws As {@linkcode processInfo}: nothing is sent to a process that cannot be told from another.
 */
export function signal(ref: ProcessRef, name: Deno.Signal): "sent" | "gone" | "refused" {
  if (!runs(ref)) return "gone";
  try {
    Deno.kill(ref.pid, name);
    return "sent";
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return "refused";
    return "gone";
  }
}

/** Fields as in proc_pid_stat(5). The name stands in parentheses and may contain any character. */
function parseStat(text: string): ProcessInfo | null {
  const end = text.lastIndexOf(")");
  // After the name: state is field 3, so field n is fields[n - 3].
  const fields = text.slice(end + 2).split(" ");
  const startTime = fields[19];
  if (startTime === undefined) return null;
  const state = fields[0] ?? "";
  // A main thread that left its other threads running is shown as a zombie, too.
  const threads = Number(fields[17]);
  return {
    pid: parseInt(text, 10),
    startTime,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    alive: state !== "X" && (state !== "Z" || threads > 1),
    stopped: state === "T" || state === "t",
    waitsForDisk: state === "D",
    kernel: (Number(fields[6]) & KERNEL_THREAD) !== 0,
  };
}

/** `ENOMEM`, `ENFILE` and `EMFILE`, as Deno's messages have them: these errors have no class. */
const EXHAUSTED = /\(os error (?:12|23|24)\)/;

/** Whether an error says that this process, or the machine, has no descriptor or memory to spare. */
export function isExhausted(error: unknown): boolean {
  return error instanceof Error && EXHAUSTED.test(error.message);
}

/**
 * Null where the file cannot be read because its process has ended, or belongs to somebody else. That
 * this process cannot open any file says nothing about the other one.
 */
function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isExhausted(error)) throw error;
    return null;
  }
}

function readLink(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "unknown namespace";
  }
}
