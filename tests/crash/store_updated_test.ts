/** A store that a newer program updates while a worker of this one is at work. */

import assert from "node:assert/strict";
import { MIGRATIONS } from "../../src/store/sqlite/migrations.ts";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { processesOf } from "./scene.ts";

flow("a worker whose store is updated under it hands its job back and ends", async (stage) => {
  const command = "echo begun >> begun; test -e go || sleep 300";
  await stage.enqueue(command, "--id", "job", "-r", "0");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  {
    await using lock = await stage.lockStore();
    await lock.commit(`INSERT INTO migration VALUES (${MIGRATIONS.length + 1}, 0)`);
  }
  const { stderr } = await stage.end(worker, 5);
  assert.match(stderr, /^queuectl: The store \S+ was made or updated by a newer queuectl .+$/m);
  assert.match(stderr, /Ending 1 running job and handing it back/);
  assert.doesNotMatch(stderr, /running jobs go on/);
  assert.ok(stderr.split("\n").length < 10, stderr);
  assert.equal(processesOf(stage, "job").size, 0);
  const [row] = await stage.ask("SELECT state, runs FROM job");
  assert.deepEqual({ ...row }, { state: "processing", runs: 1 }, "nothing was written");
  // The newer program takes over. This one plays it.
  await stage.ask(`DELETE FROM migration WHERE version > ${MIGRATIONS.length}`);
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, attempt_log } = await stage.job("job");
  assert.deepEqual([state, attempts], ["completed", 1]);
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["handed_back", "completed"]);
}, { vias: ["source"], stores: BOTH_STORES });
