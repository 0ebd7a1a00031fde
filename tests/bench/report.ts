/**
 * Renders results for people.
 *
 * @module
 */

import type { Result, Target, Verdict } from "./benchmark.ts";

/** A table of one benchmark's figures, and a line for each of its targets. */
export function report({ title, unit, contestants, verdicts }: Result): string {
  const rows = [["", `median ${unit}`, "least", "most", "ratio"]];
  const base = contestants[0]?.median ?? NaN;
  for (const { name, figures, median } of contestants) {
    const shown = [median, Math.min(...figures), Math.max(...figures)].map(figure);
    rows.push([name, ...shown, (median / base).toFixed(2)]);
  }
  return [title, "", ...table(rows), "", ...verdicts.map(verdict), ""].join("\n");
}

/** Three digits that count, more for large numbers. */
function figure(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString("en-GB")
    : value.toLocaleString("en-GB", { maximumSignificantDigits: 3 });
}

function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(width(column)) : cell.padStart(width(column))
    ).join("  ")
  );
}

function verdict({ target, value, met }: Verdict): string {
  if (value === null) return `  not measured  ${describe(target)}`;
  const digits = target.against === undefined ? figure(value) : value.toFixed(2);
  return `  ${met ? "met         " : "MISSED      "}  ${describe(target)}: ${digits}`;
}

function describe({ of, against, atLeast, atMost }: Target): string {
  const bound = atLeast === undefined ? "at most" : "at least";
  const value = atLeast ?? atMost ?? NaN;
  return against === undefined
    ? `${of} ${bound} ${figure(value)}`
    : `${of} ${bound} ${value} × ${against}`;
}
