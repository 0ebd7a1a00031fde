/**
 * Somebody who looks at a store on which others are at work.
 *
 * @module
 */

import type { Store } from "../../../src/store/store.ts";
import type { Crowd } from "./crowd.ts";

/** Looks at everything, until all have calmed down: a sum must never be wrong at any moment. */
export async function look(crowd: Crowd, store: Store): Promise<void> {
  let total = 0;
  while (crowd.isBusy && crowd.faults.length === 0) {
    const { queues } = await crowd.try(() => store.status());
    for (const { queue, counts } of queues) {
      for (const [state, count] of Object.entries(counts)) {
        if (count < 0) crowd.faults.push(`${queue}: ${count} ${state}`);
      }
    }
    const ended = (await crowd.try(() => store.totals())).reduce(
      (sum, { count }) => sum + count,
      0,
    );
    if (ended < total) crowd.faults.push(`${ended} attempts after ${total}`);
    total = ended;
    const id = crowd.random.pick(crowd.ids);
    if (id !== undefined) {
      await crowd.try(() => store.standing(id)).catch((error) => {
        if (error.exitCode !== 3) throw error;
      });
      await crowd.try(() => store.attempts(id));
    }
    await crowd.try(() => store.page({}, { limit: 20 }));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
