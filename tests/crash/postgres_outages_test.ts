/** A small campaign of outages of PostgreSQL; the long one is `deno task soak postgres`. */

import assert from "node:assert/strict";
import { tempDir } from "../helpers/temp_dir.ts";
import { outageCampaign } from "../soak/campaigns/postgres.ts";

Deno.test("a server and a network that fail lose no job and run none twice at once", async () => {
  await using dir = await tempDir();
  const seed = Number(Deno.env.get("QUEUECTL_TEST_SEED") ?? Date.now() % 1_000_000);
  const { figures, faults } = await outageCampaign(dir, {
    ...{ seed, lease: 5000, longest: 2500, machines: 2 },
    faults: ["restart", "cutOff", "terminate"],
    progress: () => {},
  });
  assert.deepEqual(faults, [], `seed ${seed}`);
  assert.equal(figures.cutOff, 1);
});
