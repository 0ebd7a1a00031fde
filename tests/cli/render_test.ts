import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { formatElapsed } from "../../src/elapsed.ts";
import { countOf, formatCount } from "../../src/numbers.ts";
import { formatAgo } from "../../src/cli/render.ts";

Deno.test("formatCount() puts the thousands apart", () => {
  const expected: [number, string][] = [[0, "0"], [999, "999"], [1000, "1,000"], [
    1_234_567,
    "1,234,567",
  ]];
  for (const [count, text] of expected) strictEqual(formatCount(count), text);
  fc.assert(fc.property(fc.maxSafeNat(), (count) => {
    strictEqual(formatCount(count), count.toLocaleString("en-US"));
  }));
});

Deno.test("countOf() is singular for one only", () => {
  strictEqual(countOf(0, "job"), "0 jobs");
  strictEqual(countOf(1, "job"), "1 job");
  strictEqual(countOf(1200, "job"), "1,200 jobs");
  strictEqual(countOf(2, "entry", "entries"), "2 entries");
});

Deno.test("formatElapsed() names the two largest units", () => {
  const expected: [number, string][] = [
    [-5, "0ms"],
    [0, "0ms"],
    [999.4, "999ms"],
    [1000, "1s"],
    [1390, "1.3s"],
    [10_900, "10s"],
    [60_000, "1m"],
    [63_000, "1m3s"],
    [3_600_000, "1h"],
    [3_660_000, "1h1m"],
    [90_000_000, "1d1h"],
  ];
  for (const [duration, text] of expected) strictEqual(formatElapsed(duration), text);
});

Deno.test("formatAgo() looks back and ahead", () => {
  const now = 1_000_000_000;
  strictEqual(formatAgo(now, now), "now");
  strictEqual(formatAgo(now - 999, now), "now");
  strictEqual(formatAgo(now - 3000, now), "3s ago");
  strictEqual(formatAgo(now + 300_000, now), "in 5m");
  strictEqual(formatAgo(now - 172_800_000, now), "2d ago");
});
