/**
 * Which process keeps writers out of a store: the kernel says so in `/proc/locks`, and nothing that a
 * process has written about itself can be stale there. A lock is gone with its process.
 *
 * Only what this process may look into is named: nobody where there is no `/proc/locks`, and nobody of
 * another user or outside of this pid namespace.
 *
 * @module
 */

import { StoreLockedError } from "../../errors.ts";
import { type ProcessInfo, processInfo } from "../../worker/host.ts";
import { sideDirectory, storeFile } from "./location.ts";
import { fileIdentity } from "./log_files.ts";

/** A lock that keeps others out: who holds this byte for writing keeps out all writers. */
interface Lock {
  readonly kind: "FLOCK" | "POSIX";
  readonly path: string;
  readonly byte: number;
}

/** A line of `/proc/locks`, or of `/proc/PID/fdinfo/FD` after `lock:`. One that waits has an arrow. */
const HELD = /^(?:lock:\s*)?\d+: (FLOCK|POSIX)\s+ADVISORY\s+WRITE (\d+) \S+ (\d+) (\d+|EOF)$/gm;

/** SQLite's own locks. */
function sqliteLocks(file: string): Lock[] {
  return [
    // `WAL_WRITE_LOCK`; recovery holds it, too.
    { kind: "POSIX", path: `${file}-shm`, byte: 120 },
    // `SHARED_FIRST`: an exclusive lock, in which the last connection closes.
    { kind: "POSIX", path: file, byte: 0x4000_0002 },
  ];
}

/** The lock of the turnstile. */
function turn(file: string): Lock {
  return { kind: "FLOCK", path: `${sideDirectory(file)}/turnstile`, byte: 0 };
}

/**
 * The process that keeps writers out of the store at this path at this moment; null if nobody else
 * does, or it cannot be seen who.
 *
 * @param isWriting whether somebody is in a write transaction who cannot be seen from here: whoever has
 * the turn waits for that one as all others do, and is not to blame
 */
export function lockHolder(
  path: string,
  isWriting: () => boolean = () => false,
): ProcessInfo | null {
  const file = storeFile(path);
  const held = heldLocks(readText("/proc/locks"));
  for (const lock of sqliteLocks(file)) {
    const process = holderOf(lock, held);
    if (process !== null) return process;
  }
  const next = holderOf(turn(file), held);
  return next === null || isWriting() ? null : next;
}

function holderOf(lock: Lock, held: readonly HeldLock[]): ProcessInfo | null {
  const file = identityOf(lock.path);
  if (file === null) return null;
  for (const pid of new Set(held.filter((one) => covers(one, lock)).map(({ pid }) => pid))) {
    // Before its files: should the pid be given to another process meanwhile, this is still the first.
    const process = pid === Deno.pid ? null : processInfo(pid);
    if (process !== null && holds(pid, lock, file)) return process;
  }
  return null;
}

/** The error for a store whose lock was waited for in vain; it names the holder if that can be seen. */
export function storeLocked(path: string, cause: unknown): StoreLockedError {
  // He who waited for the turn in vain was kept out by him who has it.
  const holder = lockHolder(path, () => !(cause instanceof StoreLockedError));
  const message = holder === null
    ? `The store ${path} is locked by another program: try again later`
    : `The store ${path} is locked by process ${holder.pid}${nameOf(holder)}${wayOut(holder)}`;
  return new StoreLockedError(message, { cause });
}

function wayOut({ pid, stopped }: ProcessInfo): string {
  return stopped
    ? `, which is stopped: resume it with kill -CONT ${pid}, or end it`
    : ": try again later, or end it";
}

function nameOf({ pid }: ProcessInfo): string {
  const name = readText(`/proc/${pid}/comm`).trim();
  return name === "" ? "" : ` (${name})`;
}

interface HeldLock {
  readonly kind: string;
  readonly pid: number;
  readonly from: number;
  readonly to: number;
}

function heldLocks(text: string): HeldLock[] {
  return [...text.matchAll(HELD)].map(([, kind, pid, from, to]) => ({
    kind: kind!,
    pid: Number(pid),
    from: Number(from),
    to: to === "EOF" ? Infinity : Number(to),
  }));
}

function covers(held: HeldLock, { kind, byte }: Lock): boolean {
  return held.kind === kind && held.from <= byte && byte <= held.to;
}

/**
 * Whether a process holds a lock on just this file. The files that it has open are asked: the device
 * that `/proc/locks` gives is not that of `stat` on btrfs and overlay file systems.
 */
function holds(pid: number, lock: Lock, file: string): boolean {
  return openFiles(pid).some((fd) =>
    identityOf(`/proc/${pid}/fd/${fd}`) === file &&
    heldLocks(readText(`/proc/${pid}/fdinfo/${fd}`)).some((held) => covers(held, lock))
  );
}

function openFiles(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => name);
  } catch {
    return [];
  }
}

function identityOf(path: string): string | null {
  try {
    return fileIdentity(path);
  } catch {
    return null;
  }
}

/** Empty where it cannot be read: then nobody is named. */
function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
