/**
 * Random histories of commands, workers and clocks on a store, each step compared with a model of it.
 *
 * @module
 */

import type { StoreKind } from "../../flows/stage_store.ts";
import { playHistories } from "../../store/histories/play.ts";
import type { StorageFactory } from "../../store/scene.ts";
import { sqliteStorage } from "../../store/sqlite_storage.ts";
import type { Campaign } from "../campaign.ts";

/** How many are played at scale 1, in some minutes. */
const HISTORIES = 3000;

/** Histories as the normal tests play them, more and longer ones. */
export const histories: Campaign = {
  name: "histories",
  title: "random histories against a model of the store, compared after every step",

  async run({ seed, scale, store, progress }) {
    await using storages = await storagesIn(store);
    const { tally, failure } = await playHistories(storages.make, {
      histories: Math.ceil(HISTORIES * scale),
      maxSteps: 300,
      seed,
      progress: ({ histories, steps }) => {
        if (histories % 500 === 0) progress(`${histories} histories, ${steps} steps`);
      },
    });
    // A handful of histories cannot get everywhere.
    const missing = tally.histories < 300 ? [] : tally.missingTransitions;
    return {
      figures: {
        histories: tally.histories,
        steps: tally.steps,
        transitions: tally.counts("transitions"),
        events: tally.counts("events"),
      },
      faults: [
        ...failure === null ? [] : [failure],
        ...missing.map((transition) => `No job has taken the transition ${transition}`),
      ],
    };
  },
};

async function storagesIn(
  store: StoreKind,
): Promise<AsyncDisposable & { readonly make: StorageFactory }> {
  if (store === "sqlite") {
    return { make: sqliteStorage, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { PostgresStorages } = await import("../../store/postgres_storage.ts");
  return new PostgresStorages("newest");
}
