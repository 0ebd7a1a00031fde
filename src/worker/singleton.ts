/**
 * `worker start --singleton`: whether another worker of this host does this one's work already.
 *
 * @module
 */

import type { Store } from "../store/store.ts";
import type { WorkerInfo } from "../store/workers.ts";
import { type Host, isAlive } from "./host.ts";
import { sleep } from "./sleep.ts";

/** How often the others' heartbeats are looked at, milliseconds. */
const LOOK_INTERVAL = 50;

/** Whose place is asked for. */
export interface Candidate {
  readonly host: Host;
  readonly queues: readonly string[] | null;
  /** Its own row, once it has joined; null before. */
  readonly id: string | null;
}

/**
 * Whether another worker of this host serves the same queues and is alive: its process is there and its
 * heartbeat is seen to move. One that hangs is not taken for a servant. Of two that have both joined,
 * the one that joined first stays.
 *
 * @param heartbeatInterval the longest time between two heartbeats, milliseconds
 */
export async function servedByAnother(
  store: Pick<Store, "workers">,
  candidate: Candidate,
  heartbeatInterval: number,
): Promise<boolean> {
  const before = new Map<string, number>();
  const limit = performance.now() + heartbeatInterval * 2;
  while (true) {
    const others = rivals(await store.workers(), candidate);
    for (const { id, heartbeat } of others) {
      if ((before.get(id) ?? heartbeat) !== heartbeat) return true;
      before.set(id, heartbeat);
    }
    if (others.length === 0 || performance.now() > limit) return false;
    await sleep(LOOK_INTERVAL);
  }
}

function rivals(workers: readonly WorkerInfo[], candidate: Candidate): WorkerInfo[] {
  const self = workers.find(({ id }) => id === candidate.id);
  return workers.filter((other) =>
    other !== self &&
    other.hostIdentity === candidate.host.identity &&
    other.state === "running" && other.stopRequest === null &&
    (self === undefined || other.joinOrder < self.joinOrder) &&
    sameQueues(other.queues, candidate.queues) &&
    isAlive(other.process)
  );
}

function sameQueues(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((queue) => b.includes(queue));
}
