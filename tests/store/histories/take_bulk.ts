/**
 * Histories: what is done to all jobs of a filter at once.
 *
 * @module
 */

import { sourcesOf, STATES } from "../../../src/job/state.ts";
import type { BulkAction, PageFilter } from "../../../src/store/paging.ts";
import type { Store } from "../../../src/store/store.ts";
import { assertSame } from "./compare.ts";
import { type Model, Refusal } from "./model.ts";
import { isIn, type Modelled } from "./modelled.ts";
import type { Of } from "./steps.ts";
import type { Taker } from "./tale.ts";

/** In portions, as the API does. */
export const takeBulk: Taker<"bulk"> = async (tale, what, store) => {
  const expected = actInModel(tale.model, what);
  assertSame(await actInStore(store, what), expected);
  tale.tally.event(`bulk ${what.action}${expected.acted > 0 ? "" : ", of none"}`);
  if (expected.refused > 0) tale.tally.event(`bulk ${what.action} refused`);
};

async function actInStore(store: Store, { action, states, queue, limit }: Of<"bulk">) {
  const filter: PageFilter = {
    ...states === null ? {} : { states },
    ...queue === null ? {} : { queue },
  };
  let [acted, refused, cursor] = [0, 0, null as string | null];
  do {
    const portion = await store.actOnAll(action, filter, { limit, cursor });
    acted += portion.acted;
    refused += portion.refused;
    cursor = portion.next;
  } while (cursor !== null);
  return { acted, refused };
}

function actInModel(model: Model, { action, states, queue, limit }: Of<"bulk">) {
  const useful = USEFUL[action];
  const fits = (job: Modelled) =>
    isIn(job, ...useful.filter((state) => states?.includes(state) ?? true)) &&
    (queue ?? job.job.queue) === job.job.queue;
  let [acted, refused] = [0, 0];
  let left = action === "delete" ? model.jobs.all.toReversed() : [...model.jobs.all];
  while (left.length > 0) {
    const fitting = left.filter(fits);
    const portion = fitting.slice(0, limit);
    left = fitting.length > limit ? left.slice(left.indexOf(portion.at(-1)!) + 1) : [];
    for (const job of portion) {
      // What was done to another one may have moved it.
      if (!fits(job)) continue;
      const parent = job.cancelledBy === null ? undefined : model.jobs.find(job.cancelledBy);
      if (action === "retry" && parent && isIn(parent, "cancelled") && fits(parent)) continue;
      try {
        act(model, action, job);
        acted++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused++;
      }
    }
    model.jobs.tell();
  }
  return { acted, refused };
}

const USEFUL = {
  retry: sourcesOf("retry"),
  cancel: [...sourcesOf("cancel"), "processing"],
  release: sourcesOf("release"),
  delete: STATES.filter((state) => state !== "processing"),
} as const;

function act(model: Model, action: BulkAction, job: Modelled): void {
  if (action === "retry") model.retry(job, USEFUL.retry);
  else if (action === "cancel") model.cancel(job, { tells: false });
  else if (action === "release") model.release(job);
  else model.remove(job, USEFUL.delete);
}
