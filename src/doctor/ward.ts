/**
 * What the checks of a store work with.
 *
 * @module
 */

import type { Store } from "../store/store.ts";
import type { WorkerInfo } from "../store/workers.ts";
import { type Host, isAlive, processInfo } from "../worker/host.ts";
import { quoteWords } from "../worker/quote.ts";
import { sleep } from "../worker/sleep.ts";

/** The store that is looked at, and from where. */
export interface Ward {
  readonly store: Store;
  readonly host: Host;
  /** The words that run queuectl on this store. */
  readonly command: readonly string[];
  /** The lease of the store's workers, milliseconds. */
  readonly lease: number;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A command line of queuectl on this store, for a shell. */
export function queuectl({ command }: Pick<Ward, "command">, ...words: readonly string[]): string {
  return quoteWords([...command, ...words]);
}

/** What goes on without pause looks wrong for a moment now and then, so it is looked at again. */
const SECOND_LOOK = 1500;

/** What is found by two looks, the second one a moment later. */
export async function confirmed<T>(
  look: () => Promise<ReadonlyMap<string, T>>,
): Promise<ReadonlyMap<string, T>> {
  const first = await look();
  if (first.size === 0) return first;
  await sleep(SECOND_LOOK);
  return new Map([...await look()].filter(([key]) => first.has(key)));
}

/** How a worker is, as far as it can be seen. */
export type Condition = "living" | "lost" | "stopped" | "silent";

/** How each worker is. The hearts of those that seem silent are looked at again. */
export async function conditionsOf(ward: Ward): Promise<Map<WorkerInfo, Condition>> {
  const workers = await ward.store.workers();
  const first = new Map(workers.map((worker) => [worker, conditionOf(worker, ward)]));
  if (![...first.values()].includes("silent")) return first;
  const before = new Map(workers.map(({ id, heartbeat }) => [id, heartbeat]));
  await sleep(SECOND_LOOK);
  return new Map((await ward.store.workers()).map((worker) => {
    const condition = conditionOf(worker, ward);
    const hasMoved = before.get(worker.id) !== worker.heartbeat;
    return [worker, condition === "silent" && hasMoved ? "living" : condition];
  }));
}

function conditionOf(worker: WorkerInfo, { host, lease, now }: Ward): Condition {
  const isHere = worker.hostIdentity === host.identity;
  if (isHere && !isAlive(worker.process)) return "lost";
  if (isHere && processInfo(worker.process.pid)?.stopped) return "stopped";
  // Wall clocks are good enough for a suspicion.
  const isSilent = worker.unmovedFor >= lease || worker.heartbeatAt < now() - lease;
  return isSilent ? "silent" : "living";
}

/** The workers that are in one condition. */
export function inCondition(
  workers: ReadonlyMap<WorkerInfo, Condition>,
  wanted: Condition,
): WorkerInfo[] {
  return [...workers].filter(([, condition]) => condition === wanted).map(([worker]) => worker);
}

/** Whether a directory is there, as far as this process can see. */
export function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
