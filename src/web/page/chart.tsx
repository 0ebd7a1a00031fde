/// <reference lib="dom" />
/**
 * Charts over time, drawn by uPlot, with the same figures as a table for who cannot see them.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { aboveZero, logRange, marksIn, stackTops, stepOf } from "./chart_scale.ts";
import { Table } from "./components.tsx";
import { formatClock } from "./format.ts";
import { dark } from "./theme.ts";

/** One line, or the tops of one kind of bars. */
export interface Series {
  readonly name: string;
  /** The custom property of its colour, such as `--state-dead`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  /** Bars instead of a line: all series or none. They stand on those of the next series. */
  readonly bars?: boolean;
}

/** What a chart shows. */
export interface ChartProps {
  /** What it says, in a sentence: for who cannot see it. */
  readonly summary: string;
  /** The beginnings of the steps, milliseconds since the epoch. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** For the table: what a step is called, such as `Minute`. */
  readonly step: string;
  /** The values grow by factors, not by sums. */
  readonly logarithmic?: boolean;
}

const HEIGHT = 190;

/** A chart, and what it shows as a table below it, closed. */
export function Chart(props: ChartProps): JSX.Element {
  const { summary, times, series, format, step } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const last = useRef(props);
  last.current = props;
  const shape = series.map(({ name }) => name).join() + (props.logarithmic ?? false) + dark.value;
  // Made anew only when its kind or its colours change; new figures are put in.
  useEffect(() => {
    const element = place.current!;
    const made = plot.current = new uPlot(optionsOf(last, element), dataOf(props), element);
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) {
        made.setSize({ width: element.clientWidth, height: HEIGHT });
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(props)), [times, series]);
  const latest = times.at(-1) ?? 0;
  const rows = times.map((time, at) => ({ time, values: series.map(({ values }) => values[at]) }))
    .filter(({ values }) => values.some((value) => (value ?? 0) > 0)).reverse();
  return (
    <figure class="chart">
      <ul class="legend">
        {series.map(({ name, color }) => (
          <li key={name}>
            <span class="swatch" style={{ background: `var(${color})` }} />
            {name}
          </li>
        ))}
      </ul>
      <div ref={place} class="plot" role="img" aria-label={summary} />
      {rows.length === 0 ? null : (
        <details class="figures">
          <summary>The figures as a table</summary>
          <div class="scroll" tabIndex={0} role="region" aria-label={summary}>
            <Table
              caption={summary}
              rows={rows}
              keyOf={({ time }) => `${time}`}
              columns={[
                { title: step, cell: ({ time }) => formatClock(time, latest) },
                ...series.map(({ name }, at) => ({
                  title: name,
                  align: "right" as const,
                  cell: ({ values }: typeof rows[number]) => {
                    const value = values[at] ?? null;
                    return value === null ? "–" : format(value);
                  },
                })),
              ]}
            />
          </div>
        </details>
      )}
    </figure>
  );
}

function dataOf({ times, series, logarithmic = false }: ChartProps): uPlot.AlignedData {
  const values = series.map(({ values }) => values);
  const tops = series[0]?.bars === true
    ? stackTops(values)
    : values.map((list) => list.map((value) => logarithmic ? aboveZero(value) : value));
  return [times.map((time) => time / 1000), ...tops];
}

function optionsOf(last: { readonly current: ChartProps }, element: HTMLElement): uPlot.Options {
  const { series, format, logarithmic = false } = last.current;
  const style = getComputedStyle(document.documentElement);
  // Resolved here: a canvas does not know custom properties, nor light-dark().
  const probe = document.createElement("span");
  element.append(probe);
  const color = (name: string, share = 100) => {
    probe.style.color = `color-mix(in srgb, var(${name}) ${share}%, transparent)`;
    return getComputedStyle(probe).color;
  };
  const axis: uPlot.Axis = {
    stroke: color("--muted"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  const options: uPlot.Options = {
    width: Math.max(200, element.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    padding: [10, 22, 0, 0],
    scales: {
      // The last step has a width too.
      x: { time: true, range: (plot, from, to) => [from, to + stepOf(plot.data[0])] },
      y: logarithmic
        ? { distr: 3, range: (_, low, high) => logRange(low, high) }
        : { range: (_, __, high) => [0, Math.max(5, high * 1.1)] },
    },
    axes: [
      { ...axis, size: 30, space: 70, values: (_, times) => clocks(times) },
      {
        ...axis,
        size: 56,
        values: (_, values) => values.map((value) => value === null ? "" : format(value)),
        ...logarithmic
          ? {
            filter: (_: uPlot, splits: number[]) => splits,
            splits: (_: uPlot, __: number, low: number, high: number) => marksIn(low, high),
          }
          // Counts are whole.
          : { incrs: WHOLE_STEPS },
      },
    ],
    series: [
      {},
      ...series.map(({ name, color: own, bars = false }): uPlot.Series => ({
        label: name,
        stroke: color(own),
        width: bars ? 0 : 2,
        points: { show: false },
        ...bars
          ? {
            fill: color(own, 85),
            paths: uPlot.paths.bars!({ size: [0.75, 24], align: 1, radius: 0.15 }),
          }
          : { spanGaps: false, points: { show: true, size: 4, fill: color(own) } },
      })),
    ],
    plugins: [tooltip(last)],
  };
  probe.remove();
  return options;
}

const WHOLE_STEPS = [1, 2, 5].flatMap((digit) =>
  Array.from({ length: 10 }, (_, power) => digit * 10 ** power)
).sort((a, b) => a - b);

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function clocks(times: readonly number[]): string[] {
  return times.map((time) => CLOCK.format(time * 1000));
}

/** What stands under the pointer, in words. */
function tooltip(last: { readonly current: ChartProps }): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "tooltip";
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => void plot.over.append(box),
      setCursor: (plot) => {
        const { idx, left = -1 } = plot.cursor;
        box.hidden = idx === null || idx === undefined || left < 0;
        if (box.hidden) return;
        const { series, format } = last.current;
        const lines = series.map(({ name, values }) => {
          const value = values[idx!];
          return `${name} ${value === null || value === undefined ? "–" : format(value)}`;
        });
        box.textContent = [CLOCK.format(plot.data[0][idx!]! * 1000), ...lines].join("\n");
        const right = left > plot.over.clientWidth / 2;
        box.style.left = right ? "" : `${left + 12}px`;
        box.style.right = right ? `${plot.over.clientWidth - left + 12}px` : "";
      },
    },
  };
}
