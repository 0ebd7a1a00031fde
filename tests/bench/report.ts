/**
 * Renders results for people.
 *
 * @module
 */

import type { Result, Target, Verdict } from "./benchmark.ts";

/**
 * A table of one benchmark's figures, and a line for each of its targets. Ratios are to the first line,
 * or to the first with the same key.
 */
export function report({ title, unit, contestants, verdicts }: Result): string {
  const rows = [["", `median ${unit}`, "least", "most", "ratio"]];
  for (const { name, key, figures, median } of contestants) {
    const shown = [median, Math.min(...figures), Math.max(...figures)].map(formatFigure);
    const alike = contestants.filter((other) => other.key === key);
    const base = alike[0]?.median ?? NaN;
    rows.push([name, ...shown, alike.length > 1 ? (median / base).toFixed(2) : ""]);
  }
  const lines = verdicts.map((verdict) => {
    const found = verdict.value === null ? "" : `: ${formatValue(verdict)}`;
    return `  ${wordOf(verdict).padEnd(WORD_WIDTH)}  ${describeTarget(verdict.target)}${found}`;
  });
  return [title, "", ...table(rows), "", ...lines, ""].join("\n");
}

/** One table of all verdicts, and how many there are of each kind. */
export function summary(results: readonly Result[]): string {
  const all = results.flatMap(({ name, verdicts }) =>
    verdicts.map((verdict) => ({ name, verdict }))
  );
  const rows = all.map(({ name, verdict }) => [
    name,
    wordOf(verdict),
    describeTarget(verdict.target),
    verdict.value === null ? "" : formatValue(verdict),
  ]);
  const count = (met: boolean | null) => all.filter(({ verdict }) => verdict.met === met).length;
  return [
    "Targets",
    "",
    ...table([["row", "verdict", "target", "found"], ...rows], 3),
    "",
    `${count(true)} met, ${count(false)} missed, ${count(null)} not measured`,
  ].join("\n");
}

/** Three digits that count, more for large numbers. */
export function formatFigure(value: number): string {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString("en-GB")
    : value.toLocaleString("en-GB", { maximumSignificantDigits: 3 });
}

/** The ratio or the figure that was found; empty if none was. */
export function formatValue({ target, value }: Verdict): string {
  if (value === null) return "";
  return target.against === undefined ? formatFigure(value) : value.toFixed(2);
}

/** What has to be reached. */
export function describeTarget({ of, against, atLeast, atMost }: Target): string {
  const bound = atLeast === undefined ? "at most" : "at least";
  const value = atLeast ?? atMost ?? NaN;
  return against === undefined
    ? `${of} ${bound} ${formatFigure(value)}`
    : `${of} ${bound} ${value} × ${against}`;
}

const WORD_WIDTH = "not measured".length;

/** `met`, `MISSED` or `not measured`. */
export function wordOf({ met }: Verdict): string {
  return met === null ? "not measured" : met ? "met" : "MISSED";
}

/** The first columns are of words, the others of numbers. */
function table(rows: readonly (readonly string[])[], words = 1): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row.map((cell, column) =>
      column < words ? cell.padEnd(width(column)) : cell.padStart(width(column))
    ).join("  ").trimEnd()
  );
}
