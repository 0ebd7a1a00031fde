/**
 * A queue as JSON, the one shape in which commands and the API print it.
 *
 * @module
 */

import { formatRate } from "../job/rate.ts";
import { type State, STATES } from "../job/state.ts";
import type { QueueInfo } from "../store/queues.ts";

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
