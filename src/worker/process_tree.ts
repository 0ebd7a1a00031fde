/**
 * Finding and ending all processes of an attempt.
 *
 * A tree is every process that carries the attempt's token in its environment, is in the launcher's
 * session without another attempt's token, or descends from such a one. Not reached: a process
 * that left the session *and* hides or clears its environment, runs as another user or in a
 * container, or forks faster than it is looked at.
 *
 * @module
 */

import {
  environmentToken,
  isAlive,
  isExhausted,
  listProcesses,
  type ProcessInfo,
  processInfo,
  signal,
} from "./host.ts";
import type { ProcessRef } from "./protocol.ts";
import { sleep } from "./sleep.ts";

/** Whose processes are looked for. */
export interface TreeQuery {
  readonly tokens: readonly string[];
  /** The launchers that started the attempts; they are never part of the tree themselves. */
  readonly launchers: readonly ProcessRef[];
}

/** What several looks at the same tree share. */
export interface TreeMemory {
  /** Tokens by process, since reading an environment is the dear part of a look. */
  readonly tokens: Map<string, string | null | undefined>;
  /**
   * The launcher's child that was seen first, by the launcher's pid. It is the attempt's first process:
   * what is older in the session, without a token, was left by an earlier attempt.
   */
  readonly begun: Map<number, ProcessRef>;
}

/** How to end a tree. The fields may change while it goes on. */
export interface EndControl {
  /** When SIGTERM gives way to SIGKILL, on the clock of `performance.now()`. */
  killAt: number;
  /** While it says false, an empty tree is looked at again: its command may be about to start. */
  isOver?: () => boolean;
  /** Set as soon as a signal has been sent to the command itself, the launcher's child. */
  signalled?: boolean;
  /** Once it is set, the tree is left alone: the command had ended by itself. */
  abandoned?: boolean;
}

/** Whom {@linkcode killHard} ends. */
export interface HardTargets extends TreeQuery {
  /** The worker that hangs, or has died; null if it is not to be touched. */
  readonly worker: ProcessRef | null;
  /** After so many looks it is an error; 40 if absent, which takes 8 seconds. */
  readonly looks?: number;
}

/** How {@linkcode killHard} went. */
export type HardResult =
  | { readonly ended: true }
  | { readonly ended: false; readonly error: string; readonly survivors: readonly number[] };

/** Looks follow each other from 2 ms on, each time twice as late, up to this many milliseconds. */
const MAX_PAUSE = 250;

/** All living processes of the attempts, parents before children. */
export function findTree(
  query: TreeQuery,
  memory: TreeMemory = newMemory(),
  processes: ReadonlyMap<number, ProcessInfo> = listProcesses(),
): ProcessInfo[] {
  const excluded = new Set([1, Deno.pid, ...query.launchers.map((launcher) => launcher.pid)]);
  const launchers = query.launchers.map((ref) => ({ ref, now: processes.get(ref.pid) }));
  // Nothing of an attempt is older than its launcher. This spares most environments.
  const since = Math.min(
    ...query.launchers.map((launcher) => Number(launcher.startTime)),
    Infinity,
  );
  const oldest = since === Infinity ? 0 : since;

  for (const process of processes.values()) {
    if (!process.alive || memory.begun.has(process.parent)) continue;
    const of = launchers.find(({ ref }) => ref.pid === process.parent);
    if (of !== undefined) memory.begun.set(of.ref.pid, process);
  }

  const tree = new Map<number, ProcessInfo>();
  const children = new Map<number, ProcessInfo[]>();
  for (const process of processes.values()) {
    const siblings = children.get(process.parent);
    if (siblings === undefined) children.set(process.parent, [process]);
    else siblings.push(process);

    if (!process.alive || process.kernel || Number(process.startTime) < oldest) continue;
    if (excluded.has(process.pid)) continue;
    const near = launchers.some(({ ref, now }) => isNear(process, ref, now, memory));
    const token = cachedToken(process, memory, near);
    const ours = typeof token === "string" ? query.tokens.includes(token) : near;
    if (ours) tree.set(process.pid, process);
  }
  for (const root of [...tree.values()]) addDescendants(root, children, excluded, tree);
  return [...tree.values()].sort(byAge);
}

/**
 * Ends a tree: SIGTERM to all, again and again for what is new, then SIGKILL, until two looks find
 * nothing. Processes that may not be signalled are left alone, and not waited for.
 */
export async function endTree(query: TreeQuery, control: EndControl): Promise<void> {
  const { killAt } = control;
  const grace = killAt - performance.now();
  const known: Known = {
    ...{ memory: newMemory(), refused: new Set(), asked: new Set() },
    ...{ killAt, grace },
  };
  let quiet = 0;
  for (let pause = 2;; pause = Math.min(pause * 2, MAX_PAUSE)) {
    const isEmpty = await look(query, control, known);
    if (control.abandoned) return;
    quiet = isEmpty ? quiet + 1 : 0;
    if (quiet === 2) return;
    if (quiet === 1) pause = 1;
    const untilKill = control.killAt - performance.now();
    await sleep(untilKill <= 0 ? pause : Math.min(pause, Math.max(1, untilKill)));
  }
}

/** What the looks of one end have in common. */
interface Known {
  readonly memory: TreeMemory;
  /** Those that may not be signalled. */
  readonly refused: Set<string>;
  /** Those that have got their SIGTERM. */
  readonly asked: Set<string>;
  /** When SIGTERM was to give way at the beginning, and how far ahead that was, milliseconds. */
  readonly killAt: number;
  readonly grace: number;
}

/** Looks at the tree and signals what is there; whether nothing was, and nothing is to come. */
async function look(query: TreeQuery, control: EndControl, known: Known): Promise<boolean> {
  try {
    const whole = findTree(query, known.memory, await sharedScan());
    if (control.abandoned) return true;
    const isOver = control.isOver?.() ?? true;
    // Without its command, the launcher is about to say that it has ended by itself.
    const isDue = isOver || control.signalled || whole.some((process) => isCommand(process, query));
    const tree = whole.filter((process) => !known.refused.has(key(process)));
    if (isDue) signalAll(tree, query, control, known);
    wakeLaunchers(query);
    return tree.length === 0 && isOver;
  } catch (error) {
    // Without a descriptor to look with nothing is known of the tree.
    if (isExhausted(error)) return false;
    throw error;
  }
}

function signalAll(
  tree: readonly ProcessInfo[],
  query: TreeQuery,
  control: EndControl,
  { memory, refused, asked, killAt, grace }: Known,
): void {
  // The first signal is a request however long the look has taken, and the grace begins with it.
  const isFirst = grace > 0 && asked.size === 0;
  const kill = performance.now() >= control.killAt && !isFirst;
  for (const process of tree) {
    const sent = kill ? signal(process, "SIGKILL") : ask(process, asked, memory);
    if (sent === "refused") refused.add(key(process));
    if (sent === "sent" && isCommand(process, query)) control.signalled = true;
  }
  if (isFirst && asked.size > 0 && control.killAt === killAt) {
    control.killAt = performance.now() + grace;
  }
}

/**
 * Ends, with SIGKILL, a worker that hangs or has died, its launchers, and then the trees of its
 * attempts, until two looks find nothing. A pid that has another process by now is not touched. What
 * may not be signalled is an error if it is the worker or a launcher, and left alone in a tree.
 */
export async function killHard(targets: HardTargets): Promise<HardResult> {
  const { worker, looks = 40 } = targets;
  const memory = newMemory();
  // While the launchers live it can be seen what began first; what earlier jobs have left is older.
  findTree(targets, memory);
  const refused = new Set<string>();
  let quiet = 0;
  let left: readonly ProcessRef[] = [];
  for (let look = 0; look < looks; look++) {
    left = worker === null ? [] : [worker].filter(isTarget);
    if (left.length === 0) left = targets.launchers.filter(isTarget);
    if (left.length === 0) {
      left = findTree(targets, memory).filter((process) => !refused.has(key(process)));
    }
    quiet = left.length === 0 ? quiet + 1 : 0;
    if (quiet === 2) return { ended: true };
    for (const ref of left) if (signal(ref, "SIGKILL") === "refused") refused.add(key(ref));
    await sleep(Math.min(2 ** Math.min(look, 8), MAX_PAUSE));
  }
  const survivors = left.map((ref) => ref.pid);
  const why = left.some((ref) => refused.has(key(ref)))
    ? "belong to another user"
    : "do not end after SIGKILL, or fork too fast";
  return { ended: false, error: `processes ${survivors.join(", ")} ${why}`, survivors };
}

let nextScan: Promise<ReadonlyMap<number, ProcessInfo>> | null = null;

/**
 * The process table, read after the call. All who ask within a millisecond share one reading: with one
 * for each, a worker took 14 s to end 200 jobs; it takes 2.
 */
function sharedScan(): Promise<ReadonlyMap<number, ProcessInfo>> {
  return nextScan ??= sleep(1).then(() => {
    nextScan = null;
    return listProcesses();
  });
}

/** A launcher has one child, the command; what that leaves behind when it ends has other parents. */
function isCommand(process: ProcessInfo, { launchers }: TreeQuery): boolean {
  return launchers.some((ref) => process.parent === ref.pid || !isAlive(ref));
}

/** Whatever a store says: never the init process, never this one. */
function isTarget(ref: ProcessRef): boolean {
  return ref.pid > 1 && ref.pid !== Deno.pid && isAlive(ref);
}

function newMemory(): TreeMemory {
  return { tokens: new Map(), begun: new Map() };
}

/**
 * Whether a process is in the launcher's session or its direct child (between fork and exec it has the
 * launcher's environment, which has no token). If the launcher's pid has been given to another
 * process, that one's session is not ours. The kernel gives a pid to nobody while it names a session.
 */
function isNear(
  process: ProcessInfo,
  ref: ProcessRef,
  now: ProcessInfo | undefined,
  memory: TreeMemory,
): boolean {
  if (now !== undefined && now.startTime !== ref.startTime) return false;
  const first = memory.begun.get(ref.pid);
  if (first !== undefined && byAge(process, first) < 0) return false;
  if (process.session === ref.pid) return true;
  return now !== undefined && process.parent === ref.pid;
}

/** One near the launcher without a token is read again each time: it may not have called exec yet. */
function cachedToken(process: ProcessInfo, { tokens }: TreeMemory, near: boolean) {
  const known = tokens.get(key(process));
  if (known !== undefined && (known !== null || !near)) return known;
  const token = environmentToken(process.pid);
  tokens.set(key(process), token);
  return token;
}

/**
 * Stops at what is excluded: neither a launcher nor this process hands on the membership. A job may
 * make a chain that is longer than a stack is deep.
 */
function addDescendants(
  root: ProcessInfo,
  children: ReadonlyMap<number, readonly ProcessInfo[]>,
  excluded: ReadonlySet<number>,
  tree: Map<number, ProcessInfo>,
): void {
  const parents = [root];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of children.get(parent.pid) ?? []) {
      if (excluded.has(child.pid) || tree.has(child.pid) || !child.alive) continue;
      tree.set(child.pid, child);
      parents.push(child);
    }
  }
}

/**
 * SIGTERM once, and SIGCONT so that one that is stopped gets it. A subshell that was asked before its
 * exec may have lost the signal with its traps, so with its token it is asked once more.
 */
function ask(process: ProcessInfo, asked: Set<string>, { tokens }: TreeMemory) {
  const as = `${key(process)} ${tokens.get(key(process)) ?? ""}`;
  if (asked.has(as)) return "gone";
  asked.add(as);
  const sent = signal(process, "SIGTERM");
  if (sent === "sent") signal(process, "SIGCONT");
  return sent;
}

/**
 * Lets launchers go on that are stopped: one that a job has stopped, with its whole group or alone, would
 * never report.
 *
 * @throws As `processInfo` of `host.ts`.
 */
export function wakeLaunchers({ launchers }: Pick<TreeQuery, "launchers">): void {
  for (const ref of launchers) {
    const now = processInfo(ref.pid);
    if (now?.stopped && now.startTime === ref.startTime) signal(ref, "SIGCONT");
  }
}

/**
 * Parents before children: a shell whose child ends first would go on with its next command. Start times
 * have a grain of 10 ms; within that pids tell, which are given in order.
 */
function byAge(a: ProcessRef, b: ProcessRef): number {
  return Number(a.startTime) - Number(b.startTime) || a.pid - b.pid;
}

function key(ref: ProcessRef): string {
  return `${ref.pid} ${ref.startTime}`;
}
