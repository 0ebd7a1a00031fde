/**
 * Statistics: what ticks have written down is added up now and then, and whoever asks gets both together.
 *
 * @module
 */

import type { OutcomeKind } from "../../job/outcome.ts";
import type { EndedAttempts, Statistics, StatisticsPoint, Totals } from "../statistics.ts";
import { type Alike, MINUTE, readLists } from "./ended_attempts.ts";
import { all, get, type Row, send, type Work } from "./work.ts";

const QUARTER = 15 * MINUTE;

/** For how long the steps of each length are kept, milliseconds. */
const KEPT: Readonly<Record<number, number>> = {
  [MINUTE]: 25 * 3_600_000,
  [QUARTER]: 8 * 24 * 3_600_000,
};

/** A span of up to so long is shown by the minute. */
const SHORT_SPAN = 3 * 3_600_000;

/** The step that is as long as the store is old. */
const EVER = 0;

/** The queue that stands for all together. */
const ALL_QUEUES = "";

/** So many lists are added up at once, at the most: 5 ms. */
const ADDED_UP = 1000;

/** So many steps are forgotten at once, at the most. */
const FORGOTTEN = 20;

/** Sums come as texts, each number and the outcome with so many characters, and behind them the queue. */
const WIDTH = 20;

const ADD = `INSERT INTO statistic (step, at, bucket, attempts, duration, outcome, queue)
  SELECT CAST(substr(value, 1, ${WIDTH}) AS INTEGER),
    CAST(substr(value, ${1 + WIDTH}, ${WIDTH}) AS INTEGER),
    CAST(substr(value, ${1 + 2 * WIDTH}, ${WIDTH}) AS INTEGER),
    CAST(substr(value, ${1 + 3 * WIDTH}, ${WIDTH}) AS INTEGER),
    CAST(substr(value, ${1 + 4 * WIDTH}, ${WIDTH}) AS INTEGER),
    trim(substr(value, ${1 + 5 * WIDTH}, ${WIDTH})), substr(value, ${1 + 6 * WIDTH})
  FROM json_each(?) WHERE true ON CONFLICT (step, at, queue, outcome, bucket) DO UPDATE SET
    attempts = statistic.attempts + excluded.attempts,
    duration = statistic.duration + excluded.duration`;

/** Within a transaction: adds up what ticks have written down, and forgets what is too old to be kept. */
export function* addUp(now: number): Work<void> {
  // Numbers are not committed in their order: those go that were read.
  const rows = yield* all(
    `DELETE FROM ended_attempts WHERE number IN
      (SELECT number FROM ended_attempts ORDER BY number LIMIT ${ADDED_UP}) RETURNING list`,
  );
  if (rows.length === 0) return;
  const sums = new Map<string, Sum>();
  const add = (step: number, at: number, queue: string, alike: Alike) => {
    const { outcome, bucket, attempts, duration } = alike;
    const key = `${step} ${at} ${queue} ${outcome} ${bucket}`;
    const sum = sums.get(key);
    if (sum === undefined) {
      sums.set(key, { step, at, queue, outcome, bucket, attempts, duration });
    } else {
      sum.attempts += attempts;
      sum.duration += duration;
    }
  };
  for (const alike of readLists(rows.map(({ list }) => list as string))) {
    for (const queue of [alike.queue, ALL_QUEUES]) {
      add(MINUTE, alike.minute, queue, alike);
      add(QUARTER, startOf(alike.minute, QUARTER), queue, alike);
    }
    add(EVER, 0, alike.queue, alike);
  }
  yield* send(ADD, JSON.stringify([...sums.values()].map(textOf)));
  for (const step of [MINUTE, QUARTER]) yield* forget(step, now - KEPT[step]!);
}

interface Sum extends Omit<Alike, "minute"> {
  readonly step: number;
  readonly at: number;
}

function textOf({ step, at, bucket, attempts, duration, outcome, queue }: Sum): string {
  const parts = [step, at, bucket, attempts, duration, outcome];
  return parts.map((part) => String(part).padStart(WIDTH)).join("") + queue;
}

/** Not all at once, for a store may have slept for long. */
function* forget(step: number, before: number): Work<void> {
  const row = yield* get("SELECT min(at) AS at FROM statistic WHERE step = ?", step);
  const oldest = row!.at;
  if (oldest === null || oldest as number >= before) return;
  yield* send(
    "DELETE FROM statistic WHERE step = ? AND at < ?",
    step,
    Math.min(before, oldest as number + FORGOTTEN * step),
  );
}

/** See `Store.statistics`. */
export function* selectStatistics(
  since: number,
  until: number,
  queue: string = ALL_QUEUES,
): Work<Statistics> {
  const step = until - since <= SHORT_SPAN ? MINUTE : QUARTER;
  const from = startOf(since, step);
  const to = -startOf(-until, step);
  const sums = new Sums<number>();
  // One seek for each step: the rows of other queues are not gone through.
  const rows = yield* all(
    `WITH RECURSIVE moment (at) AS (
      SELECT CAST(? AS INTEGER) UNION ALL SELECT at + CAST(? AS INTEGER) FROM moment WHERE at < ?
    ) SELECT statistic.at, outcome, bucket, attempts, duration FROM moment CROSS JOIN statistic
    WHERE step = ? AND statistic.at = moment.at AND queue = ?`,
    ...[from, step, to - step, step, queue],
  );
  for (const row of rows) sums.add(row.at as number, asCounted(row));
  for (const alike of yield* notAddedUp()) {
    const { minute } = alike;
    if (minute < from || minute >= to) continue;
    if (queue === ALL_QUEUES || queue === alike.queue) sums.add(startOf(minute, step), alike);
  }
  const points: StatisticsPoint[] = sums.all().map(([at, ended]) => ({ at, ...ended }))
    .sort((a, b) => a.at - b.at);
  return { step, since: from, until: to, points };
}

/** See `Store.totals`. */
export function* selectTotals(): Work<Totals[]> {
  const sums = new Sums<string>();
  const rows = yield* all(
    `SELECT queue, outcome, bucket, attempts, duration FROM statistic
    WHERE step = ${EVER} AND at = 0`,
  );
  for (const row of rows) sums.add(row.queue as string, asCounted(row));
  for (const alike of yield* notAddedUp()) sums.add(alike.queue, alike);
  return sums.all().map(([queue, ended]) => ({ queue, ...ended }))
    .sort((a, b) => a.queue < b.queue ? -1 : a.queue > b.queue ? 1 : 0);
}

function* notAddedUp(): Work<Alike[]> {
  const rows = yield* all("SELECT list FROM ended_attempts");
  return readLists(rows.map(({ list }) => list as string));
}

function asCounted(row: Row): Counted {
  return {
    outcome: row.outcome as OutcomeKind,
    bucket: row.bucket as number,
    attempts: row.attempts as number,
    duration: row.duration as number,
  };
}

/** Also below zero. */
function startOf(time: number, step: number): number {
  return Math.floor(time / step) * step;
}

type Counted = Omit<Alike, "minute" | "queue">;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Ended = Mutable<Omit<EndedAttempts, "durations">> & {
  readonly durations: Map<number, number>;
};

/** Attempts by outcome and duration, for each of some places: moments or queues. */
class Sums<Place> {
  readonly #sums = new Map<string, readonly [place: Place, ended: Ended]>();

  add(place: Place, { outcome, bucket, attempts, duration }: Counted): void {
    const key = `${outcome} ${place}`;
    let sum = this.#sums.get(key)?.[1];
    if (sum === undefined) {
      sum = { outcome, count: 0, totalDuration: 0, durations: new Map() };
      this.#sums.set(key, [place, sum]);
    }
    sum.count += attempts;
    sum.totalDuration += duration;
    sum.durations.set(bucket, (sum.durations.get(bucket) ?? 0) + attempts);
  }

  all() {
    return [...this.#sums.values()];
  }
}
