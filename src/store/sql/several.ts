/**
 * What takes as many transactions as it needs for each to be short, so that workers are not kept waiting.
 *
 * @module
 */

import type { State } from "../../job/state.ts";
import type { CancelResult } from "../store.ts";
import type { Engine } from "./engine.ts";
import { retryBatch } from "./retrying.ts";
import { cancelJob } from "./steering.ts";
import { tellDependents } from "./telling.ts";

/** Dependents that one transaction tells: 15 ms. */
const TOLD = 500;

/** Tells those who wait for jobs that have ended. */
export async function tellAll(engine: Engine): Promise<void> {
  while (!(await engine.write("full", (now) => tellDependents(now, TOLD))).isDone);
}

/** See `Store.cancel`. */
export async function cancelAndTell(engine: Engine, id: string): Promise<CancelResult> {
  const { result, isDone } = await engine.write("full", function* (now) {
    const result = yield* cancelJob(id, now);
    // Most jobs have few dependents: a second transaction costs a timer and another sync.
    const isDone = result !== "cancelled" || (yield* tellDependents(now, TOLD)).isDone;
    return { result, isDone };
  });
  if (!isDone) await tellAll(engine);
  return result;
}

/** See `Store.retryAll`. */
export async function retryAll(engine: Engine, state: State): Promise<number> {
  let total = 0;
  for (let after: number | null = 0; after !== null;) {
    const from: { readonly state: State; readonly after: number } = { state, after };
    const { retried, last } = await engine.writeMuch((now) => retryBatch(from, now));
    total += retried;
    after = last;
  }
  return total;
}
