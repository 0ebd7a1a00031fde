/**
 * A benchmark as a picture: a bar for each contestant, as SVG.
 *
 * @module
 */

import type { Result } from "./benchmark.ts";
import { formatFigure } from "./report.ts";

const WIDTH = 720;
const MARGIN = 24;
const TOP = 76;
const ROW = 34;
const BAR = 20;
/** Where the bars begin: what is before it is for the names. */
const LEFT = 205;
/** What is after the longest bar is for its figure. */
const RIGHT = 110;

/** Nothing is fetched, and whoever looks at it in the dark sees it dark. */
const STYLE = `
    .ground { fill: #ffffff; stroke: #d0d7de; }
    text { fill: #1f2328; font: 14px system-ui, -apple-system, "Segoe UI", sans-serif; }
    .title { font-size: 16px; font-weight: 600; }
    .note { fill: #59636e; font-size: 12px; }
    .name { text-anchor: end; }
    .own { font-weight: 600; }
    .bar { fill: #8c959f; }
    .bar.own { fill: #0969da; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; stroke: #3d444d; }
      text { fill: #f0f6fc; }
      .note { fill: #9198a1; }
      .bar { fill: #656c76; }
      .bar.own { fill: #4493f8; }
    }`;

/** What the picture says beside the figures. */
export interface ChartText {
  readonly title: string;
  /** Below the title: what was measured, and on what. */
  readonly note: string;
  /** After each figure, such as `/s`. */
  readonly unit: string;
  /** Which contestants are our own. */
  isOwn(name: string): boolean;
}

/** The medians of a benchmark as bars, the longest first. */
export function chart({ contestants }: Result, { title, note, unit, isOwn }: ChartText): string {
  const bars = contestants.toSorted((a, b) => b.median - a.median);
  const most = Math.max(...bars.map(({ median }) => median));
  const height = TOP + bars.length * ROW + MARGIN / 2;
  const said = bars.map(({ name, median }) => `${name}: ${formatFigure(median)}${unit}`);
  const rows = bars.map(({ name, median }, index) => {
    const y = TOP + index * ROW;
    const width = Math.max(1, median / most * (WIDTH - LEFT - RIGHT));
    const own = isOwn(name) ? " own" : "";
    const baseline = y + BAR / 2 + 5;
    return [
      `  <text class="name${own}" x="${LEFT - 10}" y="${baseline}">${xml(name)}</text>`,
      `  <rect class="bar${own}" x="${LEFT}" y="${y}" width="${
        width.toFixed(1)
      }" height="${BAR}" rx="3"/>`,
      `  <text class="figure${own}" x="${(LEFT + width + 8).toFixed(1)}" y="${baseline}">${
        xml(formatFigure(median) + unit)
      }</text>`,
    ].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">${xml(title)}</title>
  <desc id="desc">${xml(`${note}. ${said.join("; ")}.`)}</desc>
  <style>${STYLE}
  </style>
  <rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
  <text class="title" x="${MARGIN}" y="32">${xml(title)}</text>
  <text class="note" x="${MARGIN}" y="53">${xml(note)}</text>
${rows.join("\n")}
</svg>
`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
