/**
 * The campaign of the crowd: many who use one store at once; in PostgreSQL with the newest and the oldest server, and where
 * each of them is cut off again and again.
 *
 * @module
 */

import { playCrowd } from "../../store/crowd/crowd.ts";
import { shakyStorage } from "../../store/crowd/shaky_storage.ts";
import { PostgresStorages } from "../../store/postgres_storage.ts";
import type { StorageFactory } from "../../store/scene.ts";
import { sqliteStorage } from "../../store/sqlite_storage.ts";
import type { Campaign } from "../campaign.ts";
import { Random } from "../random.ts";

/** How many are played of each kind at scale 1, in some minutes. */
const CROWDS = 6;

/** Each with new jobs, new workers and another seed. */
export const crowd: Campaign = {
  name: "crowd",
  title: "workers and users who do everything at once in one store, looked over when all is calm",

  async run({ seed, scale, store, progress }) {
    await using newest = new PostgresStorages("newest");
    await using oldest = new PostgresStorages("oldest");
    const kinds: Record<string, (random: Random) => StorageFactory> = store === "sqlite"
      ? { sqlite: () => sqliteStorage }
      : {
        newest: () => newest.make,
        oldest: () => oldest.make,
        shaky: (random) => shakyStorage(random, "newest"),
      };
    const figures: Record<string, number> = {};
    const faults: string[] = [];
    for (let i = 0; i < Math.ceil(CROWDS * scale); i++) {
      for (const [kind, storage] of Object.entries(kinds)) {
        const isShaky = kind === "shaky";
        const found = await playCrowd(storage(new Random(seed + i)), {
          ...{ seed: seed + i, workers: 4, steerers: 3, rounds: 3, deeds: isShaky ? 60 : 150 },
          ...{ isShaky, progress: (sentence) => progress(`${kind}, ${sentence}`) },
        });
        faults.push(...found.faults.map((fault) => `${kind}, seed ${seed + i}: ${fault}`));
        for (const what of ["attempts", "jobs", "rescue", "evicted"]) {
          const key = `${kind}_${what}`;
          figures[key] = (figures[key] ?? 0) + Number(found.figures[what] ?? 0);
        }
      }
      if (faults.length > 0) break;
    }
    return { figures, faults };
  },
};
