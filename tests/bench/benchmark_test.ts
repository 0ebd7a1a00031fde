import assert from "node:assert/strict";
import { type Benchmark, judge, measure, median } from "./benchmark.ts";

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

Deno.test("measure() makes a line of each key that a contestant gives, in the order of contestants", async () => {
  const result = await measure({
    name: "x",
    title: "X",
    unit: "ms",
    targets: [{ of: "a, p99", against: "b, p99", atMost: 2 }, { of: "b, p50", atMost: 2 }],
    prepare: () =>
      Promise.resolve([
        { name: "a", run: () => Promise.resolve({ p50: 1, p99: 3 }) },
        { name: "b", run: () => Promise.resolve({ p50: 2, p99: 4 }) },
      ]),
  }, { repeats: 1, folder: "/", progress: () => {} });
  assert.deepEqual(result.contestants.map(({ name, key, figures }) => [name, key, figures]), [
    ["a, p50", "p50", [1]],
    ["a, p99", "p99", [3]],
    ["b, p50", "p50", [2]],
    ["b, p99", "p99", [4]],
  ]);
  assert.deepEqual(result.verdicts.map(({ value, met }) => [value, met]), [[0.75, true], [
    2,
    true,
  ]]);
});

Deno.test("measure() takes the benchmark's own repeats unless told others, and warms up unless told not to", async () => {
  const turns = async (own: Partial<Benchmark>, repeats?: number) => {
    let runs = 0;
    const run = () => Promise.resolve(++runs);
    const { contestants: [one] } = await measure({
      name: "x",
      title: "X",
      unit: "ms",
      targets: [],
      prepare: () => Promise.resolve([{ name: "a", run }]),
      ...own,
    }, { repeats, folder: "/", progress: () => {} });
    return one?.figures;
  };
  assert.deepEqual(await turns({ repeats: 2 }), [2, 3]);
  assert.deepEqual(await turns({ repeats: 2, warmUp: false }), [1, 2]);
  assert.deepEqual(await turns({ repeats: 2 }, 1), [2]);
  assert.deepEqual((await turns({}))?.length, 5);
});
