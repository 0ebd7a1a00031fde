import assert from "node:assert/strict";
import { judge, type Result, type Target } from "./benchmark.ts";
import { chart } from "./chart.ts";
import { figuresTable } from "./figures.ts";
import { report, summary } from "./report.ts";

const contestants = [
  { name: "xargs <-P>", figures: [1990, 2000, 2010], median: 2000 },
  { name: "queuectl", figures: [1500], median: 1500 },
];

const targets: readonly Target[] = [
  { of: "queuectl", against: "xargs <-P>", atLeast: 0.7 },
  { of: "queuectl", atMost: 12.5 },
  { of: "queuectl", against: "nobody", atLeast: 4 },
];

const result: Result = {
  name: "noop",
  title: "Doing nothing",
  unit: "jobs/s",
  contestants,
  verdicts: targets.map((target) => judge(target, contestants)),
};

Deno.test("report() shows figures with ratios to the first, and verdicts", () => {
  assert.equal(
    report(result),
    [
      "Doing nothing",
      "",
      "            median jobs/s  least   most  ratio",
      "xargs <-P>          2,000  1,990  2,010   1.00",
      "queuectl            1,500  1,500  1,500   0.75",
      "",
      "  met           queuectl at least 0.7 × xargs <-P>: 0.75",
      "  MISSED        queuectl at most 12.5: 1,500",
      "  not measured  queuectl at least 4 × nobody",
      "",
    ].join("\n"),
  );
});

Deno.test("report() compares what has a key with the first of that key only", () => {
  const figures = (key: string, median: number, name: string) => ({
    name: `${name}, ${key}`,
    key,
    figures: [median],
    median,
  });
  const lines = report({
    ...result,
    verdicts: [],
    contestants: [
      figures("ms", 1, "a"),
      figures("MB", 5, "a"),
      figures("ms", 3, "b"),
    ],
  }).split("\n");
  const last = (line = "") => line.split(/ {2,}/).at(-1);
  assert.deepEqual(lines.slice(3, 6).map(last), ["1.00", "5", "3.00"]);
});

Deno.test("summary() has a line for each target of all rows, and counts them", () => {
  assert.equal(
    summary([result, { ...result, name: "again" }]),
    [
      "Targets",
      "",
      "row    verdict       target                              found",
      "noop   met           queuectl at least 0.7 × xargs <-P>   0.75",
      "noop   MISSED        queuectl at most 12.5               1,500",
      "noop   not measured  queuectl at least 4 × nobody",
      "again  met           queuectl at least 0.7 × xargs <-P>   0.75",
      "again  MISSED        queuectl at most 12.5               1,500",
      "again  not measured  queuectl at least 4 × nobody",
      "",
      "2 met, 2 missed, 2 not measured",
    ].join("\n"),
  );
});

Deno.test("figuresTable() is Markdown that says what was measured on what", () => {
  const machine = {
    cpu: "A CPU",
    cores: 2,
    memory: 24e9,
    kernel: "linux 6",
    deno: "2.9.6",
    sqlite: "3.53",
    fileSystem: "ext4",
    load: 0.04,
    date: "2026-11-22T07:00:00.000Z",
  };
  assert.equal(
    figuresTable({ machine, results: [result] }),
    [
      "Measured 2026-11-22, A CPU, 2 cores, 22 GB, linux 6, ext4, Deno 2.9.6, SQLite 3.53, load before it 0.0.",
      "",
      "| what | of | figure | target |  |",
      "| --- | --- | --- | --- | --- |",
      "| Doing nothing | queuectl | 0.75: 1,500 jobs/s, xargs &lt;-P> 2,000 jobs/s | ≥ 0.7 × xargs &lt;-P> | met |",
      "|  | queuectl | 1,500 jobs/s | ≤ 12.5 | **missed** |",
      "|  | queuectl |  | ≥ 4 × nobody | not measured |",
    ].join("\n"),
  );
});

Deno.test("chart() has a bar for each, the longest first, and says the same in words", () => {
  const svg = chart({ ...result, contestants: contestants.toReversed() }, {
    title: "A & B",
    note: "Both",
    unit: "/s",
    isOwn: (name) => name === "queuectl",
  });
  assert.match(
    svg,
    /^<svg [^>]*role="img" aria-labelledby="title desc">\n {2}<title id="title">A &amp; B</,
  );
  assert.match(svg, />Both\. xargs &lt;-P&gt;: 2,000\/s; queuectl: 1,500\/s\.<\/desc>/);
  const widths = [...svg.matchAll(/class="bar( own)?" .*? width="([\d.]+)"/g)];
  const bars = widths.map(([, own, width]) => [own, Number(width)]);
  assert.equal(bars.length, 2);
  assert.deepEqual([bars[0]![0], bars[1]![0]], [undefined, " own"]);
  assert.equal((Number(bars[1]![1]) / Number(bars[0]![1])).toFixed(2), "0.75");
});
