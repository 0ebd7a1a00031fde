/** A small zombie campaign; the long one is `deno task soak zombies`. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { zombieCampaign } from "../soak/campaigns/zombies.ts";

flow("workers that stand still at random moments lose no job and run none twice", async (stage) => {
  const seed = Number(Deno.env.get("QUEUECTL_TEST_SEED") ?? Date.now() % 1_000_000);
  const { figures, faults } = await zombieCampaign(stage, {
    ...{ jobs: 20, stops: 2, seed },
    progress: () => {},
  });
  assert.deepEqual(faults, [], `seed ${seed}`);
  assert.equal(figures.stops, 2);
}, { vias: ["source"], stores: BOTH_STORES });
