/** SIGKILL to a worker that is handing its jobs back. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { hasStatus } from "./store_file.ts";

flow("a worker that is killed while it hands back leaves no counted attempt", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "20s");
  // The job ends by the worker's SIGTERM, but something of it stays.
  const first = "(trap '' TERM; echo started >> started; exec sleep 15) & sleep 30";
  await stage.enqueue(`test -e started && exit 0; ${first}`, "--id", "job", "-r", "0");
  const victim = await stage.worker();
  await stage.untilLines("started");
  victim.kill();
  await victim.line("no new jobs, 1 running", { stream: "stderr" });
  victim.kill();
  await waitFor(() => hasStatus(stage, 143));
  victim.kill("SIGKILL");
  await victim.ended();
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, attempt_log } = await stage.job("job");
  assert.deepEqual({ state, attempts }, { state: "completed", attempts: 1 });
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["handed_back", "completed"]);
}, { vias: ["source"], stores: BOTH_STORES });
