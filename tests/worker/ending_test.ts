import assert from "node:assert/strict";
import type { Ending } from "../../src/worker/protocol.ts";
import { noteEnding, outcomeOfEnding, readEnding } from "../../src/worker/ending.ts";
import { removeSpool, spoolPaths } from "../../src/worker/spool.ts";
import { tempDir } from "../helpers/temp_dir.ts";

const ENDINGS: readonly Ending[] = [
  { reason: "timeout", timeout: 1500 },
  { reason: "cancel" },
  { reason: "hand_back" },
];

Deno.test("readEnding() reads what noteEnding() left, and nothing else", async () => {
  await using dir = await tempDir();
  assert.equal(readEnding(dir.path, "t1"), null);
  for (const ending of ENDINGS) {
    removeSpool(dir.path, "t1");
    noteEnding(dir.path, "t1", ending);
    assert.deepEqual(readEnding(dir.path, "t1"), ending);
  }
  const { ending: path } = spoolPaths(dir.path, "t1");
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  for (const half of ["", "timeout 15", "timeout\n", "timeout x\n", "other\n", "cancel"]) {
    await Deno.writeTextFile(path, half);
    assert.equal(readEnding(dir.path, "t1"), null, half);
  }
  removeSpool(dir.path, "t1");
  assert.deepEqual([...Deno.readDirSync(dir.path)], []);
});

Deno.test("outcomeOfEnding() takes also an exit 0 for the doing of the worker", () => {
  const [timeout, cancel, handBack] = ENDINGS.map((ending) => outcomeOfEnding(ending, 0));
  assert.deepEqual(timeout, { kind: "timed_out", timeout: 1500, exitCode: 0 });
  assert.deepEqual(cancel, { kind: "cancelled", exitCode: 0 });
  assert.deepEqual(handBack, { kind: "handed_back" });
});
