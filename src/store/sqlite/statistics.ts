/**
 * Statistics: what ticks have written down is added up now and then, and whoever asks gets both together.
 *
 * @module
 */

import type { OutcomeKind } from "../../job/outcome.ts";
import type { EndedAttempts, Statistics, StatisticsPoint, Totals } from "../statistics.ts";
import type { Database, Row } from "./database.ts";
import { type Alike, MINUTE, readLists } from "./ended_attempts.ts";

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

const ADD = `INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
  FROM json_each(?) WHERE true ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts,
    duration = duration + excluded.duration`;

/** Within a transaction: adds up what ticks have written down, and forgets what is too old to be kept. */
export function addUp(db: Database, now: number): void {
  const rows = db.all(`SELECT number, list FROM ended_attempts ORDER BY number LIMIT ${ADDED_UP}`);
  if (rows.length === 0) return;
  const sums = new Map<string, [number, number, string, OutcomeKind, number, number, number]>();
  const add = (step: number, at: number, queue: string, alike: Alike) => {
    const { outcome, bucket, attempts, duration } = alike;
    const key = `${step} ${at} ${queue} ${outcome} ${bucket}`;
    const sum = sums.get(key);
    if (sum === undefined) {
      sums.set(key, [step, at, queue, outcome, bucket, attempts, duration]);
    } else {
      sum[5] += attempts;
      sum[6] += duration;
    }
  };
  for (const alike of readLists(rows.map(({ list }) => list as string))) {
    for (const queue of [alike.queue, ALL_QUEUES]) {
      add(MINUTE, alike.minute, queue, alike);
      add(QUARTER, startOf(alike.minute, QUARTER), queue, alike);
    }
    add(EVER, 0, alike.queue, alike);
  }
  db.run(ADD, JSON.stringify([...sums.values()]));
  db.run("DELETE FROM ended_attempts WHERE number <= ?", rows.at(-1)!.number!);
  for (const step of [MINUTE, QUARTER]) forget(db, step, now - KEPT[step]!);
}

/** Not all at once, for a store may have slept for long. */
function forget(db: Database, step: number, before: number): void {
  const oldest = db.get("SELECT min(at) AS at FROM statistic WHERE step = ?", step)!.at;
  if (oldest === null || oldest as number >= before) return;
  db.run(
    "DELETE FROM statistic WHERE step = ? AND at < ?",
    step,
    Math.min(before, oldest as number + FORGOTTEN * step),
  );
}

/** See `Store.statistics`. */
export function selectStatistics(
  db: Database,
  since: number,
  until: number,
  queue: string = ALL_QUEUES,
): Statistics {
  const step = until - since <= SHORT_SPAN ? MINUTE : QUARTER;
  const from = startOf(since, step);
  const to = -startOf(-until, step);
  const sums = new Sums<number>();
  // One seek for each step: the rows of other queues are not gone through.
  for (
    const row of db.all(
      `WITH RECURSIVE moment (at) AS (SELECT ? UNION ALL SELECT at + ? FROM moment WHERE at < ?)
      SELECT statistic.at, outcome, bucket, attempts, duration FROM moment CROSS JOIN statistic
      WHERE step = ? AND statistic.at = moment.at AND queue = ?`,
      ...[from, step, to - step, step, queue],
    )
  ) sums.add(row.at as number, asCounted(row));
  for (const alike of notAddedUp(db)) {
    const { minute } = alike;
    if (minute < from || minute >= to) continue;
    if (queue === ALL_QUEUES || queue === alike.queue) sums.add(startOf(minute, step), alike);
  }
  const points: StatisticsPoint[] = sums.all().map(([at, ended]) => ({ at, ...ended }))
    .sort((a, b) => a.at - b.at);
  return { step, since: from, until: to, points };
}

/** See `Store.totals`. */
export function selectTotals(db: Database): Totals[] {
  const sums = new Sums<string>();
  for (
    const row of db.all(
      `SELECT queue, outcome, bucket, attempts, duration FROM statistic
      WHERE step = ${EVER} AND at = 0`,
    )
  ) sums.add(row.queue as string, asCounted(row));
  for (const alike of notAddedUp(db)) sums.add(alike.queue, alike);
  return sums.all().map(([queue, ended]) => ({ queue, ...ended }))
    .sort((a, b) => a.queue < b.queue ? -1 : a.queue > b.queue ? 1 : 0);
}

function notAddedUp(db: Database): Alike[] {
  return readLists(db.all("SELECT list FROM ended_attempts").map(({ list }) => list as string));
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
type Sum = Mutable<Omit<EndedAttempts, "durations">> & { readonly durations: Map<number, number> };

/** Attempts by outcome and duration, for each of some places: moments or queues. */
class Sums<Place> {
  readonly #sums = new Map<string, readonly [place: Place, sum: Sum]>();

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
