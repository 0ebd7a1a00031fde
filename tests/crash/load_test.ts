/** The load campaign of the soak, in short, and without its measures of time. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { loadCampaign } from "../soak/campaigns/load.ts";

flow("3,000 jobs leave a worker with the descriptors and children that it had", async (stage) => {
  const options = { jobs: 3000, judgesTrend: false, progress: () => {} };
  assert.deepEqual((await loadCampaign(stage, options)).faults, []);
}, { vias: ["source"], stores: BOTH_STORES });
