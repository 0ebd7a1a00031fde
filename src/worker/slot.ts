/**
 * A slot as the pool sees it: who hosts it, and what runs in it.
 *
 * @module
 */

import type { ExecutorThread } from "./executor_thread.ts";
import type { AttemptResult, ProcessRef } from "./protocol.ts";

/** A slot in which a job could not begin rests for so long, milliseconds. */
const REST = 1000;

/** Behind a job that has run for so long nobody comes to wait, milliseconds: it is not a short one. */
const LONG = 50;

/** Room for one running job. */
export interface Slot {
  /** Never given to another slot of the worker. */
  readonly index: number;
  /** Null while its executor has failed and none has taken its place. */
  executor: ExecutorThread | null;
  /** Null until it is ready, and after its launcher has died until it has another one. */
  launcher: ProcessRef | null;
  /** The attempt that runs in it, and the launcher that started it. */
  token: string | null;
  launcherOfToken: ProcessRef | null;
  /** By the monotonic clock: since then, as far as is known here, that attempt runs. */
  begunAt: number;
  /** The attempts that wait behind it, first come first. */
  line: string[];
  /** By the monotonic clock: until then it takes no job. */
  restsUntil: number;
  /** It goes when its job has ended. */
  isLeaving: boolean;
}

/** A slot that nobody hosts yet. */
export function newSlot(index: number): Slot {
  return {
    ...{ index, executor: null, launcher: null, token: null, launcherOfToken: null },
    ...{ begunAt: 0, line: [], restsUntil: 0, isLeaving: false },
  };
}

/** Whether it can take a job. */
export function isFree({ launcher, token, restsUntil }: Slot, now: number): boolean {
  return launcher !== null && token === null && restsUntil <= now;
}

/** Whether jobs may wait for it: it is free, or what runs in it may end soon. */
export function mayHaveLine(slot: Slot, now: number): boolean {
  if (slot.token === null) return isFree(slot, now);
  return slot.launcher !== null && now - slot.begunAt < LONG;
}

/** An attempt is given to it: it begins, or waits. */
export function giveAttempt(slot: Slot, token: string): void {
  if (slot.token !== null) slot.line.push(token);
  else {
    slot.token = token;
    slot.launcherOfToken = slot.launcher;
    slot.begunAt = performance.now();
  }
}

/** An attempt of it has ended, or waits no longer; the one that has begun in its place, or null. */
export function endAttempt(slot: Slot, token: string, how: AttemptResult["kind"]): string | null {
  if (how === "not_begun") slot.restsUntil = performance.now() + REST;
  if (token !== slot.token) {
    slot.line = slot.line.filter((waiting) => waiting !== token);
    return null;
  }
  slot.token = slot.line.shift() ?? null;
  slot.begunAt = performance.now();
  if (slot.token === null) slot.launcherOfToken = null;
  return slot.token;
}

/** The attempts in its hands. */
export function attemptsIn({ token, line }: Slot): string[] {
  return token === null ? line : [token, ...line];
}

/** Its launcher has died; the news of the next one may be here already. */
export function loseLauncher(slot: Slot, { pid, startTime }: ProcessRef): void {
  const { launcher } = slot;
  if (launcher?.pid === pid && launcher.startTime === startTime) slot.launcher = null;
}

/** Those without a launcher first, then free ones, then those that run something; the newest first. */
export function bySparability(a: Slot, b: Slot): number {
  return cost(a) - cost(b) || b.index - a.index;
}

function cost({ token, launcher }: Slot): number {
  if (token !== null) return 2;
  return launcher !== null ? 1 : 0;
}

/** The indexes of slots by their executor; slots without one are left out. */
export function byExecutor(slots: readonly Slot[]): Map<ExecutorThread, number[]> {
  const groups = new Map<ExecutorThread, number[]>();
  for (const { executor, index } of slots) {
    if (executor === null) continue;
    const group = groups.get(executor);
    if (group) group.push(index);
    else groups.set(executor, [index]);
  }
  return groups;
}
