/**
 * Tables: columns aligned by what a terminal shows, cut to its width, and safe to show.
 *
 * @module
 */

import { type Color, paint } from "./color.ts";
import { escapeText } from "../escape.ts";
import type { Output } from "./output.ts";
import { cutText, loadWidth } from "./width.ts";

/** A column. */
export interface Column {
  readonly title: string;
  /** Numbers stand on the right; the default is left. */
  readonly align?: "left" | "right";
  /** Whether its texts may be cut where the terminal is too narrow. */
  readonly flexible?: boolean;
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
 * Without a terminal nothing is cut: who reads a pipe wants all of it.
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
  const widths = columns.map(({ title }, i) =>
    cells.reduce((widest, row) => Math.max(widest, width(row[i]?.text ?? "")), width(title))
  );
  if (room !== null) shrink(widths, columns, room);

  const line = (texts: readonly string[], colors: readonly (Color | null)[]) =>
    texts.map((text, i) => {
      const cut = cutText(text, widths[i]!, width);
      const padding = " ".repeat(widths[i]! - width(cut));
      const shown = colors[i] ? paint(cut, colors[i], color) : cut;
      if (columns[i]!.align === "right") return padding + shown;
      return i === texts.length - 1 ? shown : shown + padding;
    }).join(GAP).trimEnd();

  const header = line(columns.map(({ title }) => title), columns.map(() => "bold"));
  return [
    header,
    ...cells.map((row) => line(row.map(({ text }) => text), row.map((cell) => cell.color))),
  ]
    .join("\n") + "\n";
}

/** Makes the flexible columns narrower, the widest first, until a line fits. */
function shrink(widths: number[], columns: readonly Column[], room: number): void {
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  const flexible = [...columns.keys()].filter((i) => columns[i]!.flexible);
  for (let excess = total() - room; excess > 0; excess = total() - room) {
    const widest = flexible.reduce((a, b) => widths[b]! > widths[a]! ? b : a, flexible[0] ?? -1);
    if (widest < 0 || widths[widest]! <= NARROWEST) return;
    widths[widest] = Math.max(NARROWEST, widths[widest]! - Math.ceil(excess / flexible.length));
  }
}
