/// <reference lib="dom" />
/**
 * The overview in charts.
 *
 * @module
 */

import type { JSX } from "preact";
import { Chart } from "./chart.tsx";
import { Card, Empty, Loading } from "./components.tsx";
import { formatCount, formatSeconds } from "./format.ts";
import { isQuiet, shownStatistics, spanName } from "./overview_window.tsx";

/** The charts. */
export function Charts(): JSX.Element {
  const figures = shownStatistics();
  if (figures === null) {
    return (
      <Card title="Throughput">
        <Loading />
      </Card>
    );
  }
  if (isQuiet(figures)) {
    return (
      <Card title="Throughput">
        <Empty title={`Nothing ended in the last ${spanName()}`}>
          What workers finish appears here, minute by minute.
        </Empty>
      </Card>
    );
  }
  const { points, step_seconds } = figures;
  const times = points.map(({ at }) => Date.parse(at));
  const each = step_seconds === 60 ? "minute" : formatSeconds(step_seconds);
  const span = `the last ${spanName()}`;
  return (
    <div class="charts">
      <Card
        title={
          <>
            Throughput <small>attempts per {each}</small>
          </>
        }
      >
        <Chart
          summary={`Attempts that ended in ${span}: ${formatCount(figures.completed)} completed, ` +
            `${formatCount(figures.failed)} failed`}
          times={times}
          step="From"
          format={formatCount}
          series={[
            {
              name: "Completed",
              color: "--chart-completed",
              bars: true,
              values: points.map(({ completed }) => completed),
            },
            {
              name: "Failed",
              color: "--chart-failed",
              bars: true,
              values: points.map(({ failed }) => failed),
            },
          ]}
        />
      </Card>
      <Card
        title={
          <>
            Durations <small>of attempts, logarithmic</small>
          </>
        }
      >
        <Chart
          summary={`How long attempts took in ${span}: half of them at most ` +
            `${formatSeconds(figures.p50_seconds)}, 95 % at most ${
              formatSeconds(figures.p95_seconds)
            }`}
          times={times}
          step="From"
          format={formatSeconds}
          logarithmic
          series={[
            {
              name: "Median (p50)",
              color: "--chart-p50",
              values: points.map(({ p50_seconds }) => p50_seconds),
            },
            {
              name: "95th percentile (p95)",
              color: "--chart-p95",
              values: points.map(({ p95_seconds }) => p95_seconds),
            },
          ]}
        />
      </Card>
    </div>
  );
}
