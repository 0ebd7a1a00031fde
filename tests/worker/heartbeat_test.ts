import assert from "node:assert/strict";
import { Heartbeat } from "../../src/worker/heartbeat.ts";

Deno.test("Heartbeat.isTooSoon() is true of news as old as half an interval at most", () => {
  const heart = new Heartbeat(1000);
  assert.equal(heart.isTooSoon(0, false), false);
  heart.heard(1000, false);
  const soon = [1000, 1399, 1400].map((now) => heart.isTooSoon(now, false));
  assert.deepEqual(soon, [true, true, false]);
  assert.equal(heart.isTooSoon(1000, true), false, "nobody knows yet that the worker is ending");
  heart.heard(1000, true);
  assert.equal(heart.isTooSoon(1399, true), true);
  heart.forget();
  assert.equal(heart.isTooSoon(1399, true), false, "nobody knows the new name");
});

Deno.test("Heartbeat.interval is less than a quarter of the shortest lease, 5 s", () => {
  const intervals = [50, 1000, 60_000].map((poll) => new Heartbeat(poll));
  assert.deepEqual(intervals.map(({ tickInterval }) => tickInterval), [50, 800, 800]);
  assert.deepEqual(intervals.map(({ interval }) => interval), [450, 1200, 1200]);
});

Deno.test("Heartbeat.silentFor() counts from the last heartbeat, if there was one", () => {
  const heart = new Heartbeat(1000);
  assert.equal(heart.silentFor(5000), 0);
  heart.heard(5000, false);
  assert.equal(heart.silentFor(7000), 2000);
});
