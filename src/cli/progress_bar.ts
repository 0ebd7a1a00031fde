/**
 * A progress bar on the terminal that stderr is: `Enqueuing  [█████░░░░░]  52,000 of 100,000`.
 *
 * It has no timer: whoever makes the progress says so, and the bar draws itself when it is time. What is
 * written to stderr meanwhile comes out above it.
 *
 * @module
 */

import { escapeText } from "../escape.ts";
import { paint } from "./color.ts";
import type { Context } from "./context.ts";
import { formatCount } from "../numbers.ts";
import { cutText } from "./width.ts";

/** Work that is over sooner has no bar, milliseconds. */
const PATIENCE = 500;
/** It is drawn so often at the most, milliseconds. */
const INTERVAL = 100;
/** The cells between the brackets; a note is cut rather than that there are not `enough` of them. */
const CELLS = { most: 30, enough: 10, fewest: 5 };
/** Where the terminal does not say how wide it is. */
const DEFAULT_COLUMNS = 80;

/** What is in progress. */
export interface ProgressOptions {
  /** What is done, such as `Enqueuing`. ASCII. */
  readonly label: string;
  /** How much there is to do. */
  readonly total: number;
}

/** What an update may say beside how much is done. */
export interface ProgressUpdate {
  /** How much there is to do by now. */
  readonly total?: number;
  /** What goes on, such as `job1 runs`. ASCII; cut where the terminal is too narrow. */
  readonly note?: string;
}

/** A progress bar; disposed of, it is gone from the terminal, where stdout may be as well. */
export interface ProgressBar extends AsyncDisposable {
  /** So much is done. It may be called as often as one likes. */
  update(done: number, update?: ProgressUpdate): void;
}

/**
 * A bar for work that begins now. Without a terminal, and with `--json`, it shows nothing.
 *
 * @param clock milliseconds of a monotonic clock
 */
export function progressBar(
  { stderr, json, env }: Pick<Context, "stderr" | "json" | "env">,
  { label, total }: ProgressOptions,
  clock: () => number = () => performance.now(),
): ProgressBar {
  if (!showsProgress({ stderr, json, env })) return NO_BAR;
  let whole = total;
  let drawAt = clock() + PATIENCE;
  return {
    update(done, { total = whole, note = "" } = {}) {
      whole = total;
      const now = clock();
      if (now < drawAt) return;
      drawAt = now + INTERVAL;
      const columns = stderr.columns ?? DEFAULT_COLUMNS;
      // The last column stays free: a terminal may break the line after it.
      stderr.setFooter(renderBar({ label, done, total, note }, columns - 1, stderr.color));
    },
    async [Symbol.asyncDispose]() {
      stderr.setFooter(null);
      await stderr.flush();
    },
  };
}

/** Whether there is a terminal to show progress on. */
export function showsProgress(
  { stderr, json, env }: Pick<Context, "stderr" | "json" | "env">,
): boolean {
  return stderr.isTerminal && !json && env("TERM") !== "dumb";
}

const NO_BAR: ProgressBar = { update() {}, async [Symbol.asyncDispose]() {} };

/** What a bar shows. */
export interface BarState extends Required<ProgressUpdate> {
  readonly label: string;
  readonly done: number;
}

/** The bar as a line of at most `room` columns; the cells go first where it is narrow. */
export function renderBar(progress: BarState, room: number, color: boolean): string {
  const { label, total, note } = progress;
  const done = Math.min(progress.done, total);
  const count = `${formatCount(done)} of ${formatCount(total)}`;
  const tail = escapeText(note === "" ? count : `${count}, ${note}`);
  const width = (text: string) => text.length;
  const free = room - `${label}  []  ${count}`.length;
  if (free < CELLS.fewest) return cutText(`${label}  ${tail}`, Math.max(1, room), width);
  const besideNote = Math.max(CELLS.enough, free - (tail.length - count.length));
  const cells = Math.min(CELLS.most, free, besideNote);
  const full = total === 0 ? 0 : Math.floor(cells * done / total);
  const bar = paint("█".repeat(full), "green", color) + "░".repeat(cells - full);
  return `${label}  [${bar}]  ${cutText(tail, count.length + free - cells, width)}`;
}
