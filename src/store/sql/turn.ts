/**
 * Work on many jobs that is in no hurry: done in short transactions, so that ticks pass in between.
 *
 * @module
 */

import type { Work } from "./work.ts";

/** Milliseconds: a tick that comes meanwhile may wait for so long, and for the commit. */
const TURN = 5;

/** Goes through `items` until they are done or a turn is over; how many were gone through. */
export function* takeTurn<T>(items: readonly T[], work: (item: T) => Work<void>): Work<number> {
  const end = performance.now() + TURN;
  let done = 0;
  for (const item of items) {
    yield* work(item);
    done++;
    if (performance.now() >= end) break;
  }
  return done;
}
