/** The kill campaign of the soak, in short. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { killCampaign } from "../soak/campaigns/kills.ts";

flow(
  "15 kills over 300 jobs: every job ends, none is lost, none runs twice at once",
  async (stage) => {
    const seed = Number(Deno.env.get("QUEUECTL_TEST_SEED") ?? Date.now() % 1_000_000);
    const options = { jobs: 300, kills: 15, seed, progress: () => {} };
    const { figures, faults } = await killCampaign(stage, options);
    assert.deepEqual(faults, [], `seed ${seed}`);
    assert.equal(figures.kills, 15);
  },
  { vias: ["source"], stores: BOTH_STORES },
);
