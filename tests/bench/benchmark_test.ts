import assert from "node:assert/strict";
import { judge, measure, median } from "./benchmark.ts";

const contestants = [
  { name: "queuectl", figures: [1500], median: 1500 },
  { name: "xargs", figures: [2000], median: 2000 },
];

Deno.test("median() is the middle one or the mean of two", () => {
  assert.equal(median([10, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("judge() compares a ratio or a figure", () => {
  const of = "queuectl";
  const cases = [
    [{ of, against: "xargs", atLeast: 0.7 }, 0.75, true],
    [{ of, against: "xargs", atLeast: 0.8 }, 0.75, false],
    [{ of, against: "xargs", atMost: 0.7 }, 0.75, false],
    [{ of, atLeast: 1500 }, 1500, true],
    [{ of, against: "parallel", atLeast: 4 }, null, null],
  ] as const;
  for (const [target, value, met] of cases) {
    assert.deepEqual(judge(target, contestants), { target, value, met });
  }
});

Deno.test("measure() takes turns and does not count the first", async () => {
  const order: string[] = [];
  const contestant = (name: string) => ({
    name,
    run() {
      order.push(name);
      return Promise.resolve(order.length);
    },
  });
  const result = await measure({
    name: "x",
    title: "X",
    unit: "ms",
    targets: [],
    prepare: () => Promise.resolve([contestant("a"), contestant("b")]),
  }, { repeats: 2, folder: "/", progress: () => {} });
  assert.deepEqual(order, ["a", "b", "a", "b", "a", "b"]);
  assert.deepEqual(result.contestants, [
    { name: "a", figures: [3, 5], median: 4 },
    { name: "b", figures: [4, 6], median: 5 },
  ]);
});
