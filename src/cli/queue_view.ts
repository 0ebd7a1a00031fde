/**
 * A queue as commands show it.
 *
 * @module
 */

import { formatRate } from "../job/rate.ts";
import { type State, STATES } from "../job/state.ts";
import type { QueueInfo, QueueSettings } from "../store/queues.ts";
import { formatCount } from "./render.ts";
import type { Column } from "./table.ts";

/** Jobs counted by state, and all of them. */
export type Counts = Readonly<Record<State | "total", number>>;

/** A queue as JSON. */
export interface QueueJson {
  name: string;
  paused: boolean;
  /** At most so many of its jobs run at once; null: no limit. */
  limit: number | null;
  /** Such as `10/1m`; null: no limit. */
  rate: string | null;
  jobs: Counts;
}

/** The queue in its printed shape. */
export function queueToJson(info: QueueInfo): QueueJson {
  const { queue, paused, limit, rate } = info;
  return {
    name: queue,
    paused,
    limit,
    rate: rate === null ? null : formatRate(rate),
    jobs: sumCounts([info]),
  };
}

/** The jobs of several queues together. */
export function sumCounts(queues: readonly QueueInfo[]): Counts {
  const total = (states: readonly State[]) =>
    queues.flatMap(({ counts }) => states.map((state) => counts[state]))
      .reduce((a, b) => a + b, 0);
  const byState = STATES.map((state) => [state, total([state])]);
  return Object.fromEntries([...byState, ["total", total(STATES)]]) as Counts;
}

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
