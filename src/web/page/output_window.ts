/**
 * Which rows of a transcript stand in the document: a window over them, so that it stays small.
 *
 * @module
 */

/** The rows from `top` to before `bottom`, by their numbers. */
export interface OutputWindow {
  readonly top: number;
  readonly bottom: number;
  /** It moves on as rows come. */
  readonly following: boolean;
}

/** The rows that there are. */
export interface RowsKept {
  /** The number of the first one. */
  readonly first: number;
  /** The number after that of the last one. */
  readonly end: number;
  /** How much a row is to the browser; a plain one is 1. */
  readonly weigh: (number: number) => number;
}

/** What follows the output has at most so many rows, and so much weight. */
export const FOLLOWED = { rows: 1000, weight: 4000 };

/** What somebody reads has at most so many rows, and so much weight. */
export const READ = { rows: 6000, weight: 12_000 };

/** So many rows come with each step back. */
const STEP = 2000;

/** The end of the transcript. */
export const AT_END: OutputWindow = { top: 0, bottom: 0, following: true };

/** The window as rows come and go. */
export function moveWindow({ top, following }: OutputWindow, kept: RowsKept): OutputWindow {
  const { first, end } = kept;
  if (following) return { top: end - fitting(kept, end, -1, FOLLOWED), bottom: end, following };
  const from = Math.min(end, Math.max(top, first));
  return { top: from, bottom: from + fitting(kept, from, 1, READ), following };
}

/** The window with earlier rows. */
export function showEarlier({ top, bottom }: OutputWindow, kept: RowsKept): OutputWindow {
  const from = top - Math.min(STEP, fitting(kept, top, -1, READ));
  return { top: from, bottom, following: false };
}

/** How many rows before or after `from` there are that fit; one, if there is one, however heavy. */
function fitting(
  { first, end, weigh }: RowsKept,
  from: number,
  direction: 1 | -1,
  most: { readonly rows: number; readonly weight: number },
): number {
  const there = Math.min(most.rows, direction === 1 ? end - from : from - first);
  let weight = 0;
  for (let count = 0; count < there; count++) {
    weight += weigh(direction === 1 ? from + count : from - 1 - count);
    if (weight > most.weight && count > 0) return count;
  }
  return there;
}
