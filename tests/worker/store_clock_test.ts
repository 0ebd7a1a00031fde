import assert from "node:assert/strict";
import { StoreClock } from "../../src/worker/store_clock.ts";

const CHUNK = {
  token: "t",
  seq: 0,
  stream: "stdout",
  bytes: new Uint8Array(),
  missing: 0,
} as const;

/** What a worker brings to a tick, by its own clock. */
function brought() {
  const chunk = { ...CHUNK, time: 10, dropped: null };
  const end = { jobId: "j", token: "t", outcome: { kind: "completed" } as const, outputBytes: 0 };
  return {
    ended: [{ ...end, finishedAt: 30, chunks: [chunk] }, {
      ...end,
      startedAt: 20,
      finishedAt: 40,
      chunks: [],
    }],
    output: [{ jobId: "j", token: "t", chunk }],
  };
}

Deno.test("StoreClock takes two clocks for the same as long as they may be", () => {
  const clock = new StoreClock();
  assert.equal(clock.ahead, 0);
  clock.hear(1000, 990, 1020);
  clock.hear(2000, 1999, 2000);
  clock.hear(3005, 2990, 3010);
  assert.equal(clock.ahead, 0);
  const same = brought();
  assert.equal(clock.inItsTime(same), same);
});

Deno.test("StoreClock knows the least that the store's clock must be ahead, or behind", () => {
  const clock = new StoreClock();
  clock.hear(61_000, 1000, 1200);
  assert.equal(clock.ahead, 59_800);
  clock.hear(62_000, 1990, 2010);
  assert.equal(clock.ahead, 59_990);
  // A long tick says no more.
  clock.hear(66_000, 3000, 7000);
  assert.equal(clock.ahead, 59_990);
  // The server's clock was set.
  clock.hear(5000, 9000, 9100);
  assert.equal(clock.ahead, -3999);
});

Deno.test("StoreClock.inItsTime() moves every time that the worker has noted", () => {
  const clock = new StoreClock();
  clock.hear(1000, 0, 0);
  const { ended: [first, second], output } = clock.inItsTime(brought());
  assert.deepEqual(
    [first?.startedAt, first?.finishedAt, first?.chunks[0]?.time, second?.startedAt],
    [undefined, 1030, 1010, 1020],
  );
  assert.deepEqual([second?.finishedAt, output[0]?.chunk.time], [1040, 1010]);
});
