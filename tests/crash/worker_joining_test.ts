/** SIGKILL to a worker that has not joined the others yet. */

import { BOTH_STORES, flow } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";

flow("a worker that is killed before it has joined leaves nothing behind", async (stage) => {
  await stage.enqueue("true");
  {
    await using _lock = await stage.lockStore();
    const victim = await stage.spawn(["worker", "start"]);
    await waitFor(() => stage.isNextToWrite(victim.pid));
    victim.kill("SIGKILL");
    await victim.ended();
  }
  await stage.ok("worker", "start", "--drain");
}, { vias: ["source"], stores: BOTH_STORES });
