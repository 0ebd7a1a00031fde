/**
 * The statistics of the model: a list of every attempt that ended, which is counted anew each time.
 *
 * @module
 */

import type { OutcomeKind } from "../../../src/job/outcome.ts";
import { bucketOf } from "../../../src/observe/durations.ts";
import type { EndedAttempts } from "../../../src/store/statistics.ts";

const MINUTE = 60_000;

/** An attempt that ended. */
interface Ended {
  readonly queue: string;
  readonly outcome: OutcomeKind;
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** What became of attempts. */
export class ModelStatistics {
  readonly #ended: Ended[] = [];

  /** An attempt ended. */
  note(ended: Ended): void {
    this.#ended.push(ended);
  }

  /** As `Store.totals()`, sorted by {@linkcode inOrder}. */
  totals(): unknown[] {
    return this.#count(({ queue }) => ({ queue }), () => true);
  }

  /** As the points of `Store.statistics()`, likewise. */
  points(since: number, until: number, queue?: string): unknown[] {
    const minuteOf = ({ finishedAt }: Ended) => Math.floor(finishedAt / MINUTE) * MINUTE;
    return this.#count(
      (ended) => ({ at: minuteOf(ended) }),
      (ended) =>
        minuteOf(ended) >= since && minuteOf(ended) < until &&
        (queue ?? ended.queue) === ended.queue,
    );
  }

  #count(place: (ended: Ended) => object, isWanted: (ended: Ended) => boolean): unknown[] {
    const groups = Map.groupBy(
      this.#ended.filter(isWanted),
      (ended) => JSON.stringify({ ...place(ended), outcome: ended.outcome }),
    );
    return inOrder(Array.from(groups, ([key, group]) => {
      const times = group.map(({ startedAt, finishedAt }) => Math.max(0, finishedAt - startedAt));
      const durations = new Map<number, number>();
      for (const bucket of times.map(bucketOf)) {
        durations.set(bucket, (durations.get(bucket) ?? 0) + 1);
      }
      const totalDuration = times.reduce((sum, time) => sum + time, 0);
      return { ...JSON.parse(key), count: group.length, totalDuration, durations };
    }));
  }
}

/** In an order that both have, with plain lists of durations. */
export function inOrder(all: readonly EndedAttempts[]): unknown[] {
  return all.map((ended) => ({
    ...ended,
    durations: [...ended.durations].sort(([a], [b]) => a - b),
  })).map((ended) => ({ ended, key: JSON.stringify(Object.entries(ended).sort()) }))
    .sort((a, b) => a.key < b.key ? -1 : 1)
    .map(({ ended }) => ended);
}
