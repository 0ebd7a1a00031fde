/**
 * Numbers, times and states as people read them.
 *
 * @module
 */

import { STEPS } from "../elapsed.ts";
import type { State } from "../job/state.ts";
import type { Color } from "./color.ts";

/** The colour of each state, where colours are on. */
const STATE_COLORS: Readonly<Record<State, Color>> = {
  held: "gray",
  blocked: "gray",
  scheduled: "blue",
  pending: "cyan",
  processing: "yellow",
  failed: "magenta",
  completed: "green",
  dead: "red",
  cancelled: "gray",
};

/** The states that are shown in an overview even if no job is in them. */
export const COMMON_STATES: readonly State[] = [
  "pending",
  "processing",
  "failed",
  "completed",
  "dead",
];

/** A state as the cell of a table. */
export function stateCell(state: State): { text: State; color: Color } {
  return { text: state, color: STATE_COLORS[state] };
}

/** A UUID by its last twelve digits, which say enough wherever an id is asked for; another id as it is. */
export function shortId(id: string): string {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id) ? id.slice(-12) : id;
}

/**
 * How long ago a time is, or in how long it comes: `3s ago`, `in 5m`, `now`.
 *
 * @param time milliseconds since the epoch
 * @param now the same
 */
export function formatAgo(time: number, now: number): string {
  const distance = Math.abs(now - time);
  const [unit, size] = STEPS.find(([, size]) => distance >= size) ?? ["", 0];
  if (size === 0) return "now";
  const text = `${Math.floor(distance / size)}${unit}`;
  return time > now ? `in ${text}` : `${text} ago`;
}
