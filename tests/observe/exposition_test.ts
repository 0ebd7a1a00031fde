import assert from "node:assert/strict";
import { counter, exposition, type Family, gauge } from "../../src/observe/exposition.ts";
import { readMetricsText, valueOf } from "./prometheus.ts";

const NASTY = 'a"b\\c\nd,e="f"} 1';

Deno.test("exposition() escapes labels and help, so that a reader gets them back", () => {
  const family: Family = {
    ...{ type: "gauge", name: "m", help: "One \\ and\nanother line" },
    samples: [{ labels: { a: NASTY, b: "" }, value: 1.5 }, {
      labels: { a: "x", b: "y" },
      value: 0,
    }],
  };
  const text = exposition([family]);
  assert.equal(text.split("\n").length, 5);
  const metric = readMetricsText(text).get("m")!;
  assert.equal(metric.help, family.help);
  assert.deepEqual(metric.samples.map(({ labels, value }) => ({ labels, value })), family.samples);
});

Deno.test("exposition() writes numbers as Prometheus reads them, and leaves out what is empty", () => {
  const text = exposition([
    gauge("big", "Big", 1e21),
    counter("small_total", "Small", 1e-7),
    { type: "gauge", name: "none", help: "None", samples: [] },
  ]);
  const metrics = readMetricsText(text);
  assert.deepEqual([...metrics.keys()], ["big", "small_total"]);
  assert.equal(valueOf(metrics, "big"), 1e21);
  assert.equal(valueOf(metrics, "small_total"), 1e-7);
});

Deno.test("exposition() writes a histogram with its sum, its count and the infinite bucket", () => {
  const histogram: Family = {
    ...{ type: "histogram", name: "h_seconds", help: "H", bounds: [0.5, 1] },
    samples: [{ labels: { queue: "q" }, cumulative: [1, 3], count: 4, sum: 7.25 }],
  };
  const text = exposition([histogram]);
  assert.equal(
    text,
    [
      "# HELP h_seconds H",
      "# TYPE h_seconds histogram",
      'h_seconds_bucket{queue="q",le="0.5"} 1',
      'h_seconds_bucket{queue="q",le="1"} 3',
      'h_seconds_bucket{queue="q",le="+Inf"} 4',
      'h_seconds_sum{queue="q"} 7.25',
      'h_seconds_count{queue="q"} 4\n',
    ].join("\n"),
  );
  readMetricsText(text);
});
