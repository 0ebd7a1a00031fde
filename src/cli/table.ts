/**
 * Tables: columns aligned by what a terminal shows, fitted to its width, and safe to show.
 *
 * @module
 */

import { type Color, paint } from "./color.ts";
import { escapeText } from "../escape.ts";
import type { Output } from "./output.ts";
import { cutText, loadWidth, type Width } from "./width.ts";

/** A column. */
export interface Column {
  readonly title: string;
  /** Numbers stand on the right; the default is left. */
  readonly align?: "left" | "right";
  /** Whether its texts may be cut where the terminal is too narrow. */
  readonly flexible?: boolean;
  /** A shorter form of its texts, for a terminal that is too narrow. */
  readonly short?: (text: string) => string;
  /** Whether it may be left out where all of that is not enough: the highest number goes first. */
  readonly spare?: number;
}

/** A text, perhaps in a colour. It need not be escaped. */
export type Cell = string | { readonly text: string; readonly color: Color };

/** Between two columns. */
const GAP = "  ";
/** A flexible column is not made narrower than this. */
const NARROWEST = 12;

/**
 * The lines of a table, with a header.
 *
 * Without a terminal nothing is cut: who reads a pipe wants all of it. On one that is too narrow,
 * first what is flexible is cut, then some texts take their short form, then columns are left out: a
 * line that wraps is harder to read than one that says less.
 */
export async function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { columns: room, color }: Pick<Output, "columns" | "color">,
): Promise<string> {
  const cells = rows.map((row) =>
    row.map((cell) => typeof cell === "string" ? { text: cell, color: null } : cell)
      .map(({ text, color }) => ({ text: escapeText(text), color }))
  );
  const width = await loadWidth(cells.flat().map(({ text }) => text));
  const table = { columns, cells };
  const fitted = room === null ? table : fit(table, room, width);
  const widths = widthsOf(fitted, width);
  if (room !== null) shrink(widths, fitted.columns, room);

  const line = (texts: readonly string[], colors: readonly (Color | null)[]) =>
    texts.map((text, i) => {
      const cut = cutText(text, widths[i]!, width);
      const padding = " ".repeat(widths[i]! - width(cut));
      const shown = colors[i] ? paint(cut, colors[i], color) : cut;
      if (fitted.columns[i]!.align === "right") return padding + shown;
      return i === texts.length - 1 ? shown : shown + padding;
    }).join(GAP).trimEnd();

  const titles = fitted.columns.map(({ title }) => title);
  return [
    line(titles, titles.map(() => "bold")),
    ...fitted.cells.map((row) => line(row.map(({ text }) => text), row.map(({ color }) => color))),
  ]
    .join("\n") + "\n";
}

/** A table whose cells are safe to show. */
interface Table {
  readonly columns: readonly Column[];
  readonly cells: readonly (readonly { readonly text: string; readonly color: Color | null }[])[];
}

/** The table with short texts, and without spare columns, as far as that is needed to fit. */
function fit(table: Table, room: number, width: Width): Table {
  if (narrowest(table, width) <= room) return table;
  let { columns, cells } = {
    ...table,
    cells: table.cells.map((row) =>
      row.map(({ text, color }, i) => ({ text: table.columns[i]!.short?.(text) ?? text, color }))
    ),
  };
  while (narrowest({ columns, cells }, width) > room) {
    const spare = Math.max(0, ...columns.map(({ spare = 0 }) => spare));
    if (spare === 0) break;
    const left = columns.findLastIndex((column) => column.spare === spare);
    columns = columns.toSpliced(left, 1);
    cells = cells.map((row) => row.toSpliced(left, 1));
  }
  return { columns, cells };
}

/** How much room the table takes with its flexible columns as narrow as they may be. */
function narrowest(table: Table, width: Width): number {
  const widths = widthsOf(table, width);
  return lineWidth(
    widths.map((width, i) => table.columns[i]!.flexible ? Math.min(width, NARROWEST) : width),
  );
}

function widthsOf({ columns, cells }: Table, width: Width): number[] {
  return columns.map(({ title }, i) =>
    cells.reduce((widest, row) => Math.max(widest, width(row[i]?.text ?? "")), width(title))
  );
}

function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
}

/** Makes the flexible columns narrower, the widest first, until a line fits. */
function shrink(widths: number[], columns: readonly Column[], room: number): void {
  const flexible = [...columns.keys()].filter((i) => columns[i]!.flexible);
  for (let excess = lineWidth(widths) - room; excess > 0; excess = lineWidth(widths) - room) {
    const widest = flexible.reduce((a, b) => widths[b]! > widths[a]! ? b : a, flexible[0] ?? -1);
    if (widest < 0 || widths[widest]! <= NARROWEST) return;
    widths[widest] = Math.max(NARROWEST, widths[widest]! - Math.ceil(excess / flexible.length));
  }
}
