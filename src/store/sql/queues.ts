/**
 * Queues: their settings, and how many of their jobs may begin now. Both limits are worked out from what
 * runs and what has begun, so that a worker that dies leaves nothing behind that counts.
 *
 * @module
 */

import { NotFoundError } from "../../errors.ts";
import type { Rate } from "../../job/rate.ts";
import { type State, STATES } from "../../job/state.ts";
import { quote } from "../../quote.ts";
import type { QueueInfo, QueueSettings } from "../queues.ts";
import { all, get, type Row, send, type Work } from "./work.ts";

const DEFAULTS: QueueSettings = { paused: false, limit: null, rate: null };

/** The settings of the queues that have any. */
export function* queueSettings(): Work<ReadonlyMap<string, QueueSettings>> {
  return settingsFromRows(yield* all(SETTINGS));
}

/** Asks for what {@linkcode settingsFromRows} reads. */
export const SETTINGS = "SELECT name, paused, job_limit, rate_count, rate_period FROM queue";

/** Rows of `queue` as settings, by the queue's name. */
export function settingsFromRows(rows: readonly Row[]): ReadonlyMap<string, QueueSettings> {
  return new Map(rows.map((row) => [row.name as string, settingsFromRow(row)]));
}

/** Every queue that has ever held a job or has settings, by name. */
export function* selectQueues(): Work<QueueInfo[]> {
  const settings = yield* queueSettings();
  const counts = new Map<string, Record<State, number>>();
  for (const row of yield* all("SELECT queue, state, jobs FROM counter")) {
    const queue = row.queue as string;
    let own = counts.get(queue);
    if (own === undefined) counts.set(queue, own = zeroCounts());
    own[row.state as State] = row.jobs as number;
  }
  const names = new Set([...counts.keys(), ...settings.keys()]);
  return [...names].sort().map((queue) => ({
    queue,
    ...(settings.get(queue) ?? DEFAULTS),
    counts: counts.get(queue) ?? zeroCounts(),
  }));
}

/** One queue, or null if it has never held a job and has no settings. */
export function* selectQueue(queue: string): Work<QueueInfo | null> {
  const settings = yield* get(`${SETTINGS} WHERE name = ?`, queue);
  const counts = zeroCounts();
  // Of a thousand queues there are thousands of counters: one seek for each state.
  const rows = yield* all(
    `SELECT state, jobs FROM counter
    WHERE state IN (${STATES.map(() => "?").join(", ")}) AND queue = ?`,
    ...STATES,
    queue,
  );
  if (settings === null && rows.length === 0) return null;
  for (const { state, jobs } of rows) counts[state as State] = jobs as number;
  return { queue, ...(settings === null ? DEFAULTS : settingsFromRow(settings)), counts };
}

/** Within a transaction: changes the settings of a queue. */
export function* configureQueue(
  queue: string,
  changes: Partial<QueueSettings>,
  create: boolean,
): Work<QueueInfo> {
  const before = yield* selectQueue(queue);
  if (before === null && !create) throw new NotFoundError(`There is no queue ${quote(queue)}`);
  const { paused, limit, rate } = { ...(before ?? DEFAULTS), ...changes };
  yield* send(
    `INSERT INTO queue (name, paused, job_limit, rate_count, rate_period) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET paused = excluded.paused, job_limit = excluded.job_limit,
      rate_count = excluded.rate_count, rate_period = excluded.rate_period`,
    queue,
    paused ? 1 : 0,
    limit,
    rate?.count ?? null,
    rate?.period ?? null,
  );
  // What began while no rate was set is not known.
  if (rate === null) yield* send("DELETE FROM start WHERE queue = ?", queue);
  return { queue, paused, limit, rate, counts: before?.counts ?? zeroCounts() };
}

/** What a queue lets begin now. */
export interface Allowance {
  /** At most so many jobs. */
  readonly jobs: number;
  /** Where the rate is used up: milliseconds until it lets the next one begin; else null. */
  readonly rateOpensIn: number | null;
}

/**
 * Within a transaction: how many jobs of a queue may begin now.
 *
 * @param count how many jobs of a queue run
 */
export function* allowance(
  queue: string,
  { paused, limit, rate }: QueueSettings,
  now: number,
  count: (queue: string) => Work<number> = countRunning,
): Work<Allowance> {
  const free = paused ? 0 : limit === null ? Infinity : limit - (yield* count(queue));
  if (free <= 0 || rate === null) return { jobs: Math.max(0, free), rateOpensIn: null };
  yield* forgetStarts(queue, rate, now);
  const rateOpensIn = yield* rateOpens(queue, rate, now);
  if (rateOpensIn > 0) return { jobs: 0, rateOpensIn };
  const left = rate.count - (yield* countStarts(queue, rate, now));
  return { jobs: Math.min(free, left), rateOpensIn: null };
}

/** Within a transaction: an attempt begins in a queue with a rate. */
export function* noteStart(queue: string, now: number): Work<void> {
  yield* send(
    `INSERT INTO start (queue, number, at)
    SELECT CAST(? AS TEXT), coalesce(max(number), 0) + 1, CAST(? AS INTEGER) FROM start
    WHERE queue = ?`,
    queue,
    now,
    queue,
  );
}

/** Milliseconds until a rate lets the next attempt begin; 0: it does now. */
export function* rateOpens(
  queue: string,
  { count, period }: Rate,
  now: number,
): Work<number> {
  const last = yield* lastStart(queue);
  if (last === null) return 0;
  const row = yield* get(
    "SELECT at FROM start WHERE queue = ? AND number = ?",
    queue,
    last - count + 1,
  );
  return row === null ? 0 : Math.max(0, Math.min(row.at as number, now) + period - now);
}

/** A clock that was set back must not keep the queue shut for longer than the period. */
function* forgetStarts(queue: string, { period }: Rate, now: number): Work<void> {
  yield* send("UPDATE start SET at = ? WHERE queue = ? AND at > ?", now, queue, now);
  yield* send("DELETE FROM start WHERE queue = ? AND at <= ?", queue, now - period);
}

/** Without walking over them: they are numbered. */
function* countStarts(queue: string, { period }: Rate, now: number): Work<number> {
  const first = yield* get(
    "SELECT number FROM start WHERE queue = ? AND at > ? ORDER BY at, number LIMIT 1",
    queue,
    now - period,
  );
  return first === null ? 0 : (yield* lastStart(queue))! - (first.number as number) + 1;
}

function* lastStart(queue: string): Work<number | null> {
  const row = yield* get("SELECT max(number) AS number FROM start WHERE queue = ?", queue);
  return row!.number as number | null;
}

/** There are never more running jobs than slots. */
function* countRunning(queue: string): Work<number> {
  const row = yield* get(
    `SELECT count(*) AS jobs FROM job INDEXED BY job_running
    WHERE state = 'processing' AND queue = ?`,
    queue,
  );
  return row!.jobs as number;
}

function settingsFromRow(row: Row): QueueSettings {
  return {
    paused: row.paused === 1,
    limit: row.job_limit as number | null,
    rate: row.rate_count === null
      ? null
      : { count: row.rate_count as number, period: row.rate_period as number },
  };
}

/** No job in any state. */
function zeroCounts(): Record<State, number> {
  return Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
}
