/**
 * Plays random histories on a store, each step compared with a model of it.
 *
 * @module
 */

import fc from "fast-check";
import type { StorageFactory } from "../scene.ts";
import { printHistory } from "./print.ts";
import { FIXED } from "./fixed.ts";
import { historyOf, type Step } from "./steps.ts";
import { Tale } from "./tale.ts";
import { Tally } from "./tally.ts";

/** How much is played. */
export interface PlayOptions {
  readonly histories: number;
  /** Of each history, at the most. */
  readonly maxSteps: number;
  /** All that is random follows from it; a new one if absent. */
  readonly seed?: number;
  /** Called after each history. */
  readonly progress?: (tally: Tally) => void;
}

/** What was played. */
export interface Played {
  readonly seed: number;
  readonly tally: Tally;
  /** The shortest history that was found to go wrong, how it does, and how to play it again; null: none. */
  readonly failure: string | null;
}

/** Names one history of one campaign; it comes with a failure. */
const AGAIN = "QUEUECTL_TEST_HISTORY";

/** A failure is made shorter for so long, milliseconds. */
const SHRINKING = 20_000;

/** Plays histories until one goes wrong, and makes that one as short as it can be. */
export async function playHistories(
  makeStorage: StorageFactory,
  { histories, maxSteps, seed = Date.now() % 2 ** 31, progress }: PlayOptions,
): Promise<Played> {
  const tally = new Tally();
  const [again, path] = Deno.env.get(AGAIN)?.split("/") ?? [];
  let deadline = Infinity;
  const property = fc.asyncProperty(historyOf(maxSteps), async (steps) => {
    // What counts as well is not looked at for shorter ones.
    if (performance.now() > deadline) return;
    try {
      await playOne(makeStorage, steps, tally);
    } catch (error) {
      deadline = Math.min(deadline, performance.now() + SHRINKING);
      throw error;
    }
    progress?.(tally);
  });
  const details = await fc.check(property, {
    numRuns: histories,
    seed: again === undefined ? seed : Number(again),
    examples: FIXED.map((steps) => [steps]),
    ...path === undefined ? {} : { path },
  });
  if (!details.failed) return { seed: details.seed, tally, failure: null };
  const [steps] = details.counterexample!;
  const failure = [
    `${
      details.errorInstance instanceof Error ? details.errorInstance.stack : details.errorInstance
    }`,
    `The shortest history that goes wrong (${steps.length} steps, shrunk ${details.numShrinks} times):`,
    printHistory(steps),
    `again: ${AGAIN}=${details.seed}/${details.counterexamplePath}`,
  ].join("\n");
  return { seed: details.seed, tally, failure };
}

async function playOne(makeStorage: StorageFactory, steps: readonly Step[], tally: Tally) {
  await using tale = await Tale.begin(makeStorage, tally);
  tally.histories++;
  for (const step of steps) {
    tally.steps++;
    await tale.take(step);
  }
  await tale.end();
}
