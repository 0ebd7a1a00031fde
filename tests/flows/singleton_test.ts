/** `worker start --singleton` against what may be in the store. */

import assert from "node:assert/strict";
import { askStore } from "../crash/store_file.ts";
import { flow } from "./stage.ts";

flow("worker start --singleton yields to one whose clock was ahead", async (stage) => {
  const first = await stage.worker(["--singleton"]);
  askStore(stage, "UPDATE worker SET started_at = started_at + 3600000");
  const second = await stage.run(["worker", "start", "--singleton"], { timeout: 20_000 });
  assert.equal(second.code, 0, second.stderr);
  assert.doesNotMatch(second.stderr, /is ready/);
  const workers = await stage.json<{ pid: number }[]>("worker", "list");
  assert.deepEqual(workers.map(({ pid }) => pid), [first.pid]);
}, { vias: ["source"] });
