/**
 * Lets a worker tick through a storm, and looks at each tick.
 *
 * @module
 */

import { newJob } from "../../job/jobs.ts";
import { COMPLETED, launchers, type Scene, type Worker } from "../../store/scene.ts";
import type { AttemptRef } from "../../../src/store/tick.ts";
import type { Storm } from "./storms.ts";

/** What the ticks of a storm were like. */
export interface Weather {
  readonly ticks: number;
  /** How long they took, the shortest first, milliseconds. */
  readonly durations: readonly number[];
  /** The most jobs that one tick has moved. */
  readonly mostMoved: number;
  /** Ticks that did not claim for each of their slots. */
  readonly idleTicks: number;
}

const SLOTS = 4;
/** Jobs that are moved in a tick, about: so much other work is there meanwhile, and a half more. */
const PORTION = 1000;

/**
 * Raises a storm and ticks until it is over. Meanwhile there is other work for every slot.
 *
 * @param begun called when the jobs are there, before the first tick
 */
export async function weather(
  scene: Scene,
  storm: Storm,
  jobs: number,
  begun: () => void = () => {},
): Promise<Weather> {
  const worker = await scene.worker("w");
  await storm.raise(scene, worker, jobs);
  await enqueueOther(scene, Math.ceil(1.5 * SLOTS * jobs / PORTION));
  begun();
  return await tickThrough(scene, worker, storm);
}

async function tickThrough(scene: Scene, worker: Worker, storm: Storm): Promise<Weather> {
  const seen = { ticks: 0, mostMoved: 0, idleTicks: 0 };
  const durations: number[] = [];
  let running: readonly AttemptRef[] = [];
  for (let left = await count(scene, storm); left > 0;) {
    const ended = running.map((claim) => worker.end(claim, COMPLETED));
    const start = performance.now();
    const { claimed } = await worker.tick({ free: launchers(SLOTS), ended });
    durations.push(performance.now() - start);
    const before = left;
    left = await count(scene, storm);
    seen.mostMoved = Math.max(seen.mostMoved, before - left);
    if (claimed.length < SLOTS) seen.idleTicks++;
    // A storm that does not move at all would never be over.
    if (++seen.ticks > 100 && left === before) break;
    running = claimed;
  }
  return { ...seen, durations: durations.sort((a, b) => a - b) };
}

async function count(scene: Scene, { from }: Storm): Promise<number> {
  const { queues } = await scene.store.status();
  return queues.reduce((sum, { counts }) => sum + counts[from], 0);
}

async function enqueueOther(scene: Scene, count: number): Promise<void> {
  const fields = { queue: "other", priority: 100 };
  await scene.store.enqueue(Array.from({ length: count }, (_, n) => newJob(`other-${n}`, fields)));
}
