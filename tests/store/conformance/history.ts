import assert from "node:assert/strict";
import { playHistories } from "../histories/play.ts";
import type { Extent, StorageFactory } from "../scene.ts";

/**
 * Random histories of commands, workers and clocks, through several handles. `deno task soak histories`
 * plays more and longer ones.
 */
export function historyTests(
  adapter: string,
  makeStorage: StorageFactory,
  { histories = 300 }: Extent,
): void {
  Deno.test(`store: random histories go as the model says, through every transition (${adapter})`, async () => {
    const { tally, failure } = await playHistories(makeStorage, { histories, maxSteps: 100 });
    if (failure !== null) assert.fail(failure);
    // Fewer than these may miss one by chance.
    if (histories >= 300) assert.deepEqual(tally.missingTransitions, []);
  });
}
