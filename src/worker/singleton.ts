/**
 * `worker start --singleton`: whether another worker of this host does this one's work already.
 *
 * @module
 */

import type { Store, WorkerInfo } from "../store/store.ts";
import { isAlive } from "./host.ts";

/** How often the others' heartbeats are looked at, milliseconds. */
const LOOK_INTERVAL = 50;

/**
 * Whether a worker that joined before this one, on this host, serves the same queues and is alive: its
 * process is there and its heartbeat is seen to move. One that hangs is not taken for a servant.
 *
 * @param heartbeatInterval the longest time between two heartbeats, milliseconds
 */
export async function servedByAnother(
  store: Store,
  self: string,
  heartbeatInterval: number,
): Promise<boolean> {
  let before: Map<string, number> | null = null;
  const limit = performance.now() + heartbeatInterval * 1.5;
  while (true) {
    const others = rivals(await store.workers(), self);
    if (others.length === 0) return false;
    if (before === null) before = new Map(others.map((other) => [other.id, other.heartbeat]));
    for (const { id, heartbeat } of others) {
      if (before.has(id) && before.get(id) !== heartbeat) return true;
    }
    if (performance.now() > limit) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
  }
}

/** Of two that start at once, the one that joined first stays. */
function rivals(workers: readonly WorkerInfo[], self: string): WorkerInfo[] {
  const me = workers.find((worker) => worker.id === self);
  if (!me) return [];
  return workers.filter((other) =>
    other.id !== self &&
    other.hostIdentity === me.hostIdentity &&
    other.state === "running" && other.stopRequest === null &&
    joinedBefore(other, me) &&
    sameQueues(other.queues, me.queues) &&
    isAlive(other.process)
  );
}

function joinedBefore(a: WorkerInfo, b: WorkerInfo): boolean {
  return a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.id < b.id);
}

function sameQueues(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((queue) => b.includes(queue));
}
