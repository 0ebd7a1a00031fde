/// <reference lib="dom" />
/**
 * The time, for what is shown relative to it.
 *
 * @module
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import { status } from "./live.ts";

const ticking = signal(Date.now());

/** By the server's clock as far as it is known, milliseconds since the epoch; moves each second. */
export const now: ReadonlySignal<number> = ticking;

/** How far the server's clock is ahead of this one, milliseconds. */
let ahead = 0;

/** Lets the clock run while somebody looks. */
export function startClock(): void {
  status.subscribe((known) => {
    if (known === null) return;
    const heard = Date.parse(known.now) - Date.now();
    // What is less is the way that the answer took.
    ahead = Math.abs(heard) < 2000 ? 0 : heard;
  });
  setInterval(() => {
    if (document.visibilityState === "visible") ticking.value = Date.now() + ahead;
  }, 1000);
}
