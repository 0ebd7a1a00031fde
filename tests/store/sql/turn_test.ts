import assert from "node:assert/strict";
import { takeTurn } from "../../../src/store/sql/turn.ts";

Deno.test("takeTurn() ends after 5 ms, and does one thing at least", () => {
  assert.equal(durations([1, 1, 1]), 3);
  assert.equal(durations([2, 2, 2, 2]), 3);
  assert.equal(durations([50, 1]), 1);
  assert.equal(durations([]), 0);
});

/** How many things a turn does that take so long. */
function durations(milliseconds: readonly number[]): number {
  const { now } = performance;
  let clock = 0;
  performance.now = () => clock;
  try {
    // deno-lint-ignore require-yield -- it asks nobody
    const work = takeTurn(milliseconds, function* (time) {
      clock += time;
    });
    return work.next().value as number;
  } finally {
    performance.now = now;
  }
}
