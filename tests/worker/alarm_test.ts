import assert from "node:assert/strict";
import { Alarm } from "../../src/worker/alarm.ts";
import { waitFor } from "../helpers/wait_for.ts";

Deno.test("Alarm rings once, and not before its time", async () => {
  const begun = performance.now();
  const rings: number[] = [];
  using _alarm = new Alarm(50, () => rings.push(performance.now() - begun));
  await waitFor(() => rings.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(rings.length, 1);
  assert.ok(rings[0]! >= 50, `${rings[0]}`);
});

Deno.test("Alarm takes a delay that setTimeout would take for none", async () => {
  const { setTimeout } = globalThis;
  const delays: unknown[] = [];
  let rings = 0;
  globalThis.setTimeout = ((ring: () => void, delay?: number) => {
    delays.push(delay);
    return setTimeout(ring, delay);
  }) as typeof setTimeout;
  try {
    using _alarm = new Alarm(2 ** 31, () => rings++);
    using _other = new Alarm(36_525 * 86_400_000, () => rings++);
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  // It sleeps for 24.8 days at a time, and does not look again and again.
  assert.deepEqual([rings, delays], [0, [2 ** 31 - 1, 2 ** 31 - 1]]);
});

// The sanitizer of Deno.test would find a timer that was left.
Deno.test("Alarm that was disposed of never rings, and leaves no timer", async () => {
  let rings = 0;
  new Alarm(10, () => rings++)[Symbol.dispose]();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(rings, 0);
});
