/**
 * Queues in tables and sentences.
 *
 * @module
 */

import { formatRate } from "../job/rate.ts";
import type { State } from "../job/state.ts";
import type { QueueSettings } from "../store/queues.ts";
import { formatCount } from "../numbers.ts";
import type { Column } from "./table.ts";

/** What an overview can do without where the terminal is narrow, what has ended first. */
const SPARE_STATES: readonly State[] = [
  "scheduled",
  "blocked",
  "held",
  "failed",
  "dead",
  "completed",
  "cancelled",
];

/** The columns of a table of queues that count jobs in these states. */
export function countColumns(states: readonly State[]): Column[] {
  return states.map((state) => ({
    title: state.toUpperCase(),
    align: "right",
    spare: SPARE_STATES.indexOf(state) + 1,
  }));
}

/** What may run: `paused`, `limit 2, rate 10/1m`, or an empty text where nothing holds it back. */
export function describeSettings({ paused, limit, rate }: QueueSettings): string {
  return [
    paused ? "paused" : null,
    limit === null ? null : `limit ${formatCount(limit)}`,
    rate === null ? null : `rate ${formatRate(rate)}`,
  ].filter((part) => part !== null).join(", ");
}
