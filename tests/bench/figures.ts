/**
 * The figures of a run as Markdown, for the README.
 *
 * @module
 */

import type { Result, Verdict } from "./benchmark.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { formatFigure, formatValue } from "./report.ts";

/** All that a run has found, as `--json` prints it. */
export interface Run {
  readonly machine: Machine;
  readonly results: readonly Result[];
}

/** A line for each target, with the figures behind it. */
export function figuresTable({ machine, results }: Run): string {
  const rows = results.flatMap((result) =>
    result.verdicts.map((verdict, index) => [
      index === 0 ? result.title : "",
      verdict.target.of,
      found(verdict, result),
      wanted(verdict),
      verdict.met === null ? "not measured" : verdict.met ? "met" : "**missed**",
    ])
  );
  const lines = [
    ["what", "of", "figure", "target", ""],
    ["---", "---", "---", "---", "---"],
    ...rows.map((row) => row.map(cell)),
  ];
  const table = lines.map((row) => `| ${row.join(" | ")} |`).join("\n");
  return `Measured ${describeMachine(machine)}.\n\n${table}`;
}

function found(verdict: Verdict, { contestants, unit }: Result): string {
  const { target: { of, against }, value } = verdict;
  if (value === null) return "";
  const figure = (name: string) =>
    `${formatFigure(contestants.find((one) => one.name === name)?.median ?? NaN)} ${unit}`.trim();
  if (against === undefined) return figure(of);
  return `${formatValue(verdict)}: ${figure(of)}, ${against} ${figure(against)}`;
}

function wanted({ target: { against, atLeast, atMost } }: Verdict): string {
  const bound = atLeast === undefined ? "≤" : "≥";
  const value = atLeast ?? atMost ?? NaN;
  return against === undefined
    ? `${bound} ${formatFigure(value)}`
    : `${bound} ${value} × ${against}`;
}

/** A backtick of a title stays one: it marks a command. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
