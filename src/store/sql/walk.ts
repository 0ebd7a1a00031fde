/**
 * Walks along several ordered lists at once until enough was found: each index has its own part of the jobs, and
 * together they make one list without sorting it.
 *
 * @module
 */

import type { Work } from "./work.ts";

/** Where something stands in an order: by the first number, among equals by the second. */
export type Key = readonly [number, number];

/** Something that was looked at. */
export interface Looked {
  readonly key: Key;
  /** Whether it is what is looked for. */
  readonly fits: boolean;
}

/** A list that is in order. */
export interface Lane {
  /** The next `count` of it after a key; fewer where it ends. */
  look(after: Key, count: number): Work<readonly Looked[]>;
}

/** What a walk is to find. */
export interface Walk {
  readonly lanes: readonly Lane[];
  /** Below zero where the first key comes first. */
  readonly compare: (a: Key, b: Key) => number;
  /** Where it begins. */
  readonly after: Key;
  readonly wanted: number;
  /** It is known that there are no more than so many. */
  readonly total: number | null;
}

/** What a walk has found. */
export interface Found {
  /** In order; a few more than were wanted where they came along. */
  readonly keys: readonly Key[];
  /** All up to here was looked at; null: there is no more. */
  readonly reached: Key | null;
}

/** A walk ends after so many milliseconds, or so many looks, whatever it has found. */
const PATIENCE = 20;
const MOST_LOOKS = 20_000;

/** So many are looked at in one go, at the most: they may be large. */
const MOST_AT_ONCE = 250;

/** So many are, at first, in each of many lanes. */
const FEW = 8;

interface Progress {
  readonly lane: Lane;
  reached: Key;
  atOnce: number;
  isDone: boolean;
}

/** Walks until as many are found as are wanted, the lanes end, or it takes too long. */
export function* walk({ lanes, compare, after, wanted, total }: Walk): Work<Found> {
  const first = Math.max(Math.ceil(wanted / Math.max(1, lanes.length)), FEW);
  const open: Progress[] = lanes.map((lane) => ({
    ...{ lane, reached: after, isDone: false },
    atOnce: Math.min(first, MOST_AT_ONCE),
  }));
  const found: Key[] = [];
  const deadline = performance.now() + PATIENCE;
  let looks = 0;
  const advance = function* (progress: Progress): Work<void> {
    const looked = yield* progress.lane.look(progress.reached, progress.atOnce);
    for (const { key, fits } of looked) if (fits) found.push(key);
    looks += looked.length;
    if (looked.length < progress.atOnce) progress.isDone = true;
    else progress.reached = looked.at(-1)!.key;
    progress.atOnce = Math.min(progress.atOnce * 2, MOST_AT_ONCE);
  };
  for (const progress of open) yield* advance(progress);
  while (true) {
    // Who is furthest behind decides up to where all are known.
    const last = open.filter(({ isDone }) => !isDone)
      .reduce<Progress | null>(
        (least, one) => least === null || compare(one.reached, least.reached) < 0 ? one : least,
        null,
      );
    if (last === null || found.length === total) {
      return { keys: found.sort(compare), reached: null };
    }
    const known = found.filter((key) => compare(key, last.reached) <= 0);
    if (known.length >= wanted || looks >= MOST_LOOKS || performance.now() >= deadline) {
      return { keys: known.sort(compare), reached: last.reached };
    }
    yield* advance(last);
  }
}
