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
import type { Database, Row } from "./database.ts";
import { insertJobs } from "./producing.ts";
import { holderOf } from "./unique_key.ts";

/** So many schedules a worker gets in one tick at the most; the others are due still at the next. */
const DUE_PER_TICK = 100;

const COLUMNS = "name, cron, timezone, catch_up, overlap, spec, paused, next_at, created_at, " +
  "last_at, last_job";

/** Every schedule, by name. */
export function selectSchedules(db: Database): ScheduleInfo[] {
  return db.all(`SELECT ${COLUMNS} FROM schedule ORDER BY name`).map(scheduleFromRow);
}

/**
 * Within a transaction: stores a schedule.
 *
 * @param replace whether it may take the place of one of the same name; its pause and its past stay
 * @throws {ConflictError} if the name is taken
 */
export function insertSchedule(
  db: Database,
  schedule: NewSchedule,
  replace: boolean,
  now: number,
): void {
  const inserted = db.run(
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
export function pauseSchedule(
  db: Database,
  name: string,
  paused: boolean,
  nextAt: number | null | undefined,
): boolean {
  const row = db.get("SELECT paused FROM schedule WHERE name = ?", name);
  if (row === null) throw unknownSchedule(name);
  // A worker may have fired it since the caller looked: only what changes its state moves it.
  if (row.paused === (paused ? 1 : 0)) return false;
  db.run("UPDATE schedule SET paused = ? WHERE name = ?", paused ? 1 : 0, name);
  if (nextAt !== undefined) {
    db.run("UPDATE schedule SET next_at = ? WHERE name = ?", nextAt, name);
  }
  return true;
}

/**
 * Within a transaction: removes a schedule; its jobs stay.
 *
 * @throws {NotFoundError} if there is no such schedule
 */
export function deleteSchedule(db: Database, name: string): void {
  if (db.run("DELETE FROM schedule WHERE name = ?", name) === 0) throw unknownSchedule(name);
}

/**
 * The schedules that are due, the longest first, at most a hundred, and where there are more, a hundred of
 * the others: those at the head may be such that nobody can work out their firings.
 */
export function dueSchedules(db: Database, now: number): ScheduleInfo[] {
  const due = "FROM schedule INDEXED BY schedule_due WHERE paused = 0 AND next_at <= ?";
  const page = (index: number) =>
    db.all(
      `SELECT ${COLUMNS} ${due} ORDER BY next_at LIMIT ${DUE_PER_TICK} OFFSET ? + 0`,
      now,
      index * DUE_PER_TICK,
    ).map(scheduleFromRow);
  const first = page(0);
  if (first.length < DUE_PER_TICK) return first;
  const count = db.get(`SELECT count(*) AS due ${due}`, now)!.due as number;
  const others = Math.ceil(count / DUE_PER_TICK) - 1;
  if (others === 0) return first;
  // Each page has its turn, also where ticks come at even intervals: a multiple of the golden ratio.
  const spread = now * 0.618034 % 1;
  return [...first, ...page(1 + Math.floor(spread * others))];
}

/**
 * Milliseconds until another schedule is due, or null. What is due already does not count: the worker
 * that was told of it knows when to try.
 */
export function nextFiringIn(db: Database, now: number): number | null {
  const row = db.get(
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
export function fire(db: Database, firing: Firing, now: number): Fired[] {
  const { schedule, expected, jobs, nextAt } = firing;
  const row = db.get(
    "SELECT overlap FROM schedule WHERE name = ? AND paused = 0 AND next_at = ?",
    schedule,
    expected,
  );
  if (row === null) return [];
  db.run("UPDATE schedule SET next_at = ? WHERE name = ?", nextAt, schedule);
  return jobs.filter((job) => !hasFired(db, job)).map((job) => {
    const skipped = (row.overlap === "skip" ? unended(db, schedule) : null) ?? taken(db, job);
    if (skipped === null) enqueue(db, job, now);
    const jobId = skipped === null ? job.id : null;
    return { schedule, fireTime: job.fireTime!, jobId, skipped };
  });
}

function enqueue(db: Database, job: NewJob, now: number): void {
  insertJobs(db, [job], { now, ifExists: "fail" });
  db.run(
    "UPDATE schedule SET last_at = ?, last_job = ? WHERE name = ?",
    job.fireTime,
    job.id,
    job.schedule,
  );
}

/** A schedule that was removed and added again may come to a time for which it has fired. */
function hasFired(db: Database, { schedule, fireTime }: NewJob): boolean {
  return db.get("SELECT 1 FROM job WHERE schedule = ? AND fire_time = ?", schedule, fireTime) !==
    null;
}

/** Why a firing is skipped that must not overlap with an earlier one; null if there is nothing. */
function unended(db: Database, schedule: string): string | null {
  const row = db.get(
    `SELECT id FROM job INDEXED BY job_of_schedule WHERE schedule = ?
      AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled' LIMIT 1`,
    schedule,
  );
  return row === null ? null : `job ${row.id} of an earlier firing has not ended`;
}

/** Why a firing is skipped whose unique key is taken; null if it is not. */
function taken(db: Database, { uniqueKey }: NewJob): string | null {
  const holder = uniqueKey === null ? null : holderOf(db, uniqueKey);
  return holder === null ? null : `the unique key ${uniqueKey} is held by job ${holder.id}`;
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
