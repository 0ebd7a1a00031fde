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
  /** Boot id, pid namespace and time namespace. A start time counts from the boot. */
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
  /** A thread of the kernel: it has no environment and cannot be killed. */
  readonly kernel: boolean;
}

/** The environment variable that marks every process of an attempt. */
export const TOKEN_VARIABLE = "QUEUECTL_ATTEMPT_TOKEN";

/** `PF_KTHREAD` of `include/linux/sched.h`, in field 9 of `/proc/PID/stat`. */
const KERNEL_THREAD = 0x0020_0000;

/** The host and the namespaces of this process. */
export function currentHost(): Host {
  // Of an unknown boot nothing may be concluded, so it is like no other.
  const boot = readText("/proc/sys/kernel/random/boot_id")?.trim() ?? crypto.randomUUID();
  return {
    name: Deno.hostname(),
    identity: [boot, readLink("/proc/self/ns/pid"), readLink("/proc/self/ns/time")].join(" "),
  };
}

/** The process that has this pid now, or null if there is none. */
export function processInfo(pid: number): ProcessInfo | null {
  const text = readText(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** A reference to the process that has this pid now, or null if there is none. */
export function processRef(pid: number): ProcessRef | null {
  const info = processInfo(pid);
  return info === null ? null : { pid: info.pid, startTime: info.startTime };
}

/** Whether exactly this process still runs. A zombie does not. */
export function isAlive(ref: ProcessRef): boolean {
  const info = processInfo(ref.pid);
  return info !== null && info.alive && info.startTime === ref.startTime;
}

/** All processes that can be seen, by pid, zombies among them. */
export function listProcesses(): Map<number, ProcessInfo> {
  const processes = new Map<number, ProcessInfo>();
  for (const entry of Deno.readDirSync("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid)) continue;
    const info = processInfo(pid);
    if (info !== null) processes.set(pid, info);
  }
  return processes;
}

/**
 * The token in the environment with which a process was started: null if there is none, undefined if
 * this process may not read it (or the other one has gone).
 */
export function environmentToken(pid: number): string | null | undefined {
  const text = readText(`/proc/${pid}/environ`);
  if (text === null) return undefined;
  const marker = `\0${TOKEN_VARIABLE}=`;
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

/** Sends a signal if the pid still belongs to this process. */
export function signal(ref: ProcessRef, name: Deno.Signal): "sent" | "gone" | "refused" {
  if (!isAlive(ref)) return "gone";
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
    kernel: (Number(fields[6]) & KERNEL_THREAD) !== 0,
  };
}

/** Null where the file cannot be read: its process has ended, or belongs to somebody else. */
function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
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
