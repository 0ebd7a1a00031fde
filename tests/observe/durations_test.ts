import assert from "node:assert/strict";
import fc from "fast-check";
import {
  boundOf,
  bucketOf,
  type Durations,
  mergeDurations,
  quantileOf,
} from "../../src/observe/durations.ts";

/** Neighbouring bounds are so far apart. */
const RATIO = 2 ** 0.25;
const YEAR = 2 ** 35;

Deno.test("bucketOf: holds what is above the bound before and not above its own", () => {
  const check = (milliseconds: number) => {
    const bucket = bucketOf(milliseconds);
    assert.ok(Number.isInteger(bucket) && bucket >= 0);
    assert.ok(milliseconds <= boundOf(bucket), `${milliseconds} in ${bucket}`);
    assert.ok(bucket === 0 || milliseconds > boundOf(bucket - 1), `${milliseconds} in ${bucket}`);
  };
  for (let milliseconds = 0; milliseconds < 5000; milliseconds++) check(milliseconds);
  for (let bucket = 1; bucket <= bucketOf(YEAR); bucket++) {
    const bound = boundOf(bucket);
    assert.equal(bucketOf(bound), bucket);
    if (bucket < bucketOf(YEAR)) assert.equal(bucketOf(bound * 1.0001), bucket + 1);
  }
  fc.assert(fc.property(fc.double({ min: 0, max: YEAR, noNaN: true }), check));
});

Deno.test("bucketOf: what is below zero counts as zero, and above a year as a year", () => {
  for (const odd of [-1, -Infinity, NaN, 0, 0.5, 1]) assert.equal(bucketOf(odd), 0);
  for (const long of [YEAR, YEAR * 2, Infinity]) assert.equal(bucketOf(long), 140);
});

Deno.test("quantileOf: is at most one bucket off, and never falls as the part grows", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 200 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (times, part) => {
      const durations = countOf(times);
      const sorted = times.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
      const found = quantileOf(durations, part)!;
      assert.ok(found <= Math.max(1, exact) * RATIO + 1e-6, `${found}, not ${exact}`);
      assert.ok(found >= exact / RATIO - 1 - 1e-6, `${found}, not ${exact}`);
      assert.ok(quantileOf(durations, Math.min(1, part + 0.1))! >= found);
    },
  ));
});

Deno.test("quantileOf: lies within a bucket as many as are below it", () => {
  const bucket = 40;
  const [from, to] = [boundOf(bucket - 1), boundOf(bucket)];
  const durations = new Map([[bucket, 10]]);
  assert.equal(quantileOf(durations, 0), from);
  assert.equal(quantileOf(durations, 0.5), (from + to) / 2);
  assert.equal(quantileOf(durations, 1), to);
  assert.equal(quantileOf(new Map([[0, 5]]), 1), 1);
});

Deno.test("quantileOf: null of nothing", () => {
  assert.equal(quantileOf(new Map(), 0.5), null);
  assert.equal(quantileOf(new Map([[3, 0]]), 0.5), null);
});

Deno.test("mergeDurations: counts together", () => {
  const merged = mergeDurations([new Map([[1, 2], [5, 1]]), new Map([[5, 3]]), new Map()]);
  assert.deepEqual(merged, new Map([[1, 2], [5, 4]]));
  assert.deepEqual(mergeDurations([]), new Map());
});

function countOf(times: readonly number[]): Durations {
  return mergeDurations(times.map((time) => new Map([[bucketOf(time), 1]])));
}
