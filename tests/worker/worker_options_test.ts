import assert from "node:assert/strict";
import { defaultThreads } from "../../src/worker/worker_options.ts";

Deno.test("defaultThreads() is one for each 32 slots, and no more than cores", () => {
  const cases = [
    [1, 8, 1],
    [32, 8, 1],
    [33, 8, 2],
    [1024, 8, 8],
    [64, 1, 1],
    [1024, 256, 32],
  ] as const;
  for (const [slots, cores, threads] of cases) {
    assert.equal(defaultThreads(slots, cores), threads, `${slots} slots, ${cores} cores`);
  }
});
