/** A worker that dies on a machine where nobody else is: another machine can only wait for its lease. */

import assert from "node:assert/strict";
import { flow } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { isAlive, processInfo } from "../../src/worker/host.ts";
import { processesOf } from "./scene.ts";

flow("what a killed worker ran is ended before another machine may take over", async (stage) => {
  await stage.ok("config", "set", "lease", "5s");
  await stage.enqueue("sleep 300 >/dev/null 2>&1 & echo $! >> left", "--id", "leaves");
  const worker = await stage.worker(["--count", "2"]);
  await stage.until("leaves", "completed");
  const left = processInfo(Number(stage.lines("left")[0]))!;
  const tree =
    `trap '' TERM; (trap '' TERM; exec setsid sleep 301) & echo begun >> begun; sleep 302`;
  await stage.enqueue(tree, "--id", "job", "-r", "0");
  await stage.untilLines("begun");
  await waitFor(() => processesOf(stage, "job").size === 3);
  worker.kill("SIGKILL");
  await waitFor(() => processesOf(stage, "job").size === 0);
  assert.equal((await stage.job("job")).state, "processing", "nobody has taken over");
  assert.ok(isAlive(left), "what an earlier job has left on purpose stays");
  Deno.kill(left.pid, "SIGKILL");
  await stage.ok("worker", "start", "--drain");
  const { state, attempt_log } = await stage.job("job");
  assert.deepEqual([state, attempt_log.map(({ outcome }) => outcome)], ["dead", ["lost"]]);
}, { vias: ["source"], stores: ["postgres"] });
