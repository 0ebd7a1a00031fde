/**
 * Schedules: what users do to them, and their firings.
 *
 * The store knows nothing of cron expressions: a worker works out the firings of what is due and brings
 * them to its next tick. Each brings the `next_at` that it started from, so of several workers one fires.
 *
 * @module
 */

import { ConflictError, NotFoundError } from "../../errors.ts";
import type { CatchUp } from "../../job/cron.ts";
import type { NewJob } from "../../job/job.ts";
import type { Fired, Firing, NewSchedule, Overlap, ScheduleInfo } from "../schedules.ts";
import { insertJobs } from "./producing.ts";
import { all, get, type Row, run, send, type Work } from "./work.ts";

/** So many schedules a worker gets in one tick at the most; the others are due still at the next. */
const DUE_PER_TICK = 100;

const COLUMNS = "name, cron, timezone, catch_up, overlap, spec, paused, next_at, created_at, " +
  "last_at, last_job";

/** Every schedule, by name. */
export function* selectSchedules(): Work<ScheduleInfo[]> {
  return (yield* all(`SELECT ${COLUMNS} FROM schedule ORDER BY name`)).map(scheduleFromRow);
}

/**
 * Within a transaction: stores a schedule.
 *
 * @param replace whether it may take the place of one of the same name; its pause and its past stay
 * @throws {ConflictError} if the name is taken
 */
export function* insertSchedule(
  schedule: NewSchedule,
  replace: boolean,
  now: number,
): Work<void> {
  const inserted = yield* run(
    `INSERT INTO schedule (name, cron, timezone, catch_up, overlap, spec, next_at, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO ${
      replace
        ? `UPDATE SET cron = excluded.cron, timezone = excluded.timezone,
          catch_up = excluded.catch_up, overlap = excluded.overlap, spec = excluded.spec,
          next_at = excluded.next_at`
        : "NOTHING"
    }`,
    schedule.name,
    schedule.cron,
    schedule.timezone,
    schedule.catchUp,
    schedule.overlap,
    schedule.spec,
    schedule.nextAt,
    now,
  );
  if (inserted === 0) {
    throw new ConflictError(
      `There is a schedule ${schedule.name} already: to put this one in its place, give --replace`,
    );
  }
}

/**
 * Within a transaction: pauses or resumes a schedule; whether that changed anything.
 *
 * @param nextAt when it fires next; undefined: as before
 * @throws {NotFoundError} if there is no such schedule
 */
export function* pauseSchedule(
  name: string,
  paused: boolean,
  nextAt: number | null | undefined,
): Work<boolean> {
  const row = yield* get("SELECT paused FROM schedule WHERE name = ?", name);
  if (row === null) throw unknownSchedule(name);
  // A worker may have fired it since the caller looked: only what changes its state moves it.
  if (row.paused === (paused ? 1 : 0)) return false;
  yield* send("UPDATE schedule SET paused = ? WHERE name = ?", paused ? 1 : 0, name);
  if (nextAt !== undefined) {
    yield* send("UPDATE schedule SET next_at = ? WHERE name = ?", nextAt, name);
  }
  return true;
}

/**
 * Within a transaction: removes a schedule; its jobs stay.
 *
 * @throws {NotFoundError} if there is no such schedule
 */
export function* deleteSchedule(name: string): Work<void> {
  if ((yield* run("DELETE FROM schedule WHERE name = ?", name)) === 0) throw unknownSchedule(name);
}

/**
 * The schedules that are due, the longest first, at most a hundred, and where there are more, a hundred of
 * the others: those at the head may be such that nobody can work out their firings.
 */
export function* dueSchedules(now: number): Work<ScheduleInfo[]> {
  const first = yield* duePage(0, now);
  if (first.length < DUE_PER_TICK) return first;
  const count = (yield* get(`SELECT count(*) AS due ${DUE}`, now))!.due as number;
  const others = Math.ceil(count / DUE_PER_TICK) - 1;
  if (others === 0) return first;
  // Each page has its turn, also where ticks come at even intervals: a multiple of the golden ratio.
  const spread = now * 0.618034 % 1;
  return [...first, ...yield* duePage(1 + Math.floor(spread * others), now)];
}

const DUE = "FROM schedule INDEXED BY schedule_due WHERE paused = 0 AND next_at <= ?";

function* duePage(index: number, now: number): Work<ScheduleInfo[]> {
  const rows = yield* all(
    `SELECT ${COLUMNS} ${DUE} ORDER BY next_at, name LIMIT ${DUE_PER_TICK} OFFSET CAST(? AS INTEGER)`,
    now,
    index * DUE_PER_TICK,
  );
  return rows.map(scheduleFromRow);
}

/**
 * Milliseconds until another schedule is due, or null. What is due already does not count: the worker
 * that was told of it knows when to try.
 */
export function* nextFiringIn(now: number): Work<number | null> {
  const row = yield* get(
    `SELECT next_at FROM schedule INDEXED BY schedule_due
    WHERE paused = 0 AND next_at > ? ORDER BY next_at LIMIT 1`,
    now,
  );
  return row === null ? null : row.next_at as number - now;
}

/**
 * Within a transaction: enqueues what a schedule's firings are to enqueue, each once, and moves the
 * schedule on. Nothing happens if it has moved on since they were worked out, was paused or removed.
 *
 * @returns what became of each firing; one whose job is there already is left out
 */
export function* fire(firing: Firing, now: number): Work<Fired[]> {
  const { schedule, expected, jobs, nextAt } = firing;
  // Of two workers that bring it at once one changes the row, and the other finds that it has moved on.
  const row = yield* get(
    `UPDATE schedule SET next_at = ? WHERE name = ? AND paused = 0 AND next_at = ?
    RETURNING overlap`,
    nextAt,
    schedule,
    expected,
  );
  if (row === null) return [];
  const fired: Fired[] = [];
  for (const job of jobs) {
    if (yield* hasFired(job)) continue;
    const skipped = (row.overlap === "skip" ? yield* unended(schedule) : null) ??
      (yield* enqueue(job, now));
    const jobId = skipped === null ? job.id : null;
    fired.push({ schedule, fireTime: job.fireTime!, jobId, skipped });
  }
  return fired;
}

/** Why the firing is skipped: its unique key is taken; null if it is not. */
function* enqueue(job: NewJob, now: number): Work<string | null> {
  const [stored] = yield* insertJobs([job], { now, ifExists: "return" });
  const { id, isNew } = stored!;
  if (!isNew) return `the unique key ${job.uniqueKey} is held by job ${id}`;
  yield* send(
    "UPDATE schedule SET last_at = ?, last_job = ? WHERE name = ?",
    job.fireTime,
    id,
    job.schedule,
  );
  return null;
}

/** A schedule that was removed and added again may come to a time for which it has fired. */
function* hasFired({ schedule, fireTime }: NewJob): Work<boolean> {
  const row = yield* get(
    "SELECT 1 AS found FROM job WHERE schedule = ? AND fire_time = ?",
    schedule,
    fireTime,
  );
  return row !== null;
}

/** Why a firing is skipped that must not overlap with an earlier one; null if there is nothing. */
function* unended(schedule: string): Work<string | null> {
  const row = yield* get(
    `SELECT id FROM job INDEXED BY job_of_schedule WHERE schedule = ?
      AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled' LIMIT 1`,
    schedule,
  );
  return row === null ? null : `job ${row.id} of an earlier firing has not ended`;
}

function unknownSchedule(name: string): NotFoundError {
  return new NotFoundError(`There is no schedule ${name}`);
}

function scheduleFromRow(row: Row): ScheduleInfo {
  return {
    name: row.name as string,
    cron: row.cron as string,
    timezone: row.timezone as string,
    catchUp: row.catch_up as CatchUp,
    overlap: row.overlap as Overlap,
    spec: row.spec as string,
    nextAt: row.next_at as number | null,
    paused: row.paused === 1,
    createdAt: row.created_at as number,
    lastAt: row.last_at as number | null,
    lastJob: row.last_job as string | null,
  };
}
