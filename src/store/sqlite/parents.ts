/**
 * Jobs that wait for other jobs, in the store. `dependency` holds the parents that have yet to end;
 * `ended_parent` those that have, while not all of their dependents have been told.
 *
 * @module
 */

import { UnknownParentError } from "../../errors.ts";
import type { Condition, Parent } from "../../job/job.ts";
import { describeBroken, verdictOf } from "../../job/parents.ts";
import { isFinal, type State, waitingState } from "../../job/state.ts";
import type { Database, Row } from "./database.ts";
import { holderOf } from "./unique_key.ts";

/** A job with parents, as far as they matter. */
export interface Dependent {
  readonly seq: number;
  readonly id: string;
  readonly after: readonly Parent[];
}

/** How far the dependents of ended jobs have been told. */
export interface Told {
  /** So many jobs can run now. */
  readonly ready: number;
  /** Whether all have been told. */
  readonly isDone: boolean;
}

/** What else a job waited for when it was cancelled because of a parent. */
interface Waiting {
  /** Somebody had yet to release it. */
  readonly held: boolean;
  /** The other parents that had yet to end. */
  readonly open: readonly string[];
}

const ADD = "INSERT INTO dependency (parent, job, condition) VALUES (?, ?, ?)";

/**
 * Within a transaction: lets a job that was stored as blocked, or held, wait for its parents. Those that
 * have ended count at once.
 *
 * @throws {UnknownParentError} if there is no such parent
 */
export function attachParents(db: Database, job: Dependent, now: number): void {
  const states = job.after.map((parent) => {
    const state = stateOf(db, parent.id);
    if (state === null) throw new UnknownParentError(job.id, parent.id);
    return state;
  });
  // A later one of its list may have replaced it.
  if (stateOf(db, job.id) === "cancelled") return;
  const broken = job.after.findIndex(({ on }, i) => verdictOf(on, states[i]!) === "broken");
  addOpen(db, job, (_, i) => states[i]!);
  if (broken >= 0) {
    const parent = job.after[broken]!;
    return cancelDependent(
      db,
      job,
      { ...parent, state: states[broken]! },
      waitingNow(db, job),
      now,
    );
  }
  readyIfFree(db, job.seq, now);
}

/** Within a transaction: jobs have ended, and others may wait for them. */
export function noteEnded(db: Database, ...ids: readonly string[]): void {
  const parents = db.all(
    `SELECT value AS id FROM json_each(?) WHERE EXISTS
      (SELECT 1 FROM dependency WHERE parent = value)`,
    JSON.stringify(ids),
  );
  for (const { id } of parents) {
    db.run("INSERT INTO ended_parent (id) VALUES (?) ON CONFLICT DO NOTHING", id!);
  }
}

/** Within a transaction: tells up to `limit` dependents of jobs that have ended. */
export function tellDependents(db: Database, now: number, limit: number): Told {
  let ready = 0;
  for (let left = limit; left > 0;) {
    const parent = db.get(
      `SELECT ended_parent.id, state FROM ended_parent
      LEFT JOIN job ON job.id = ended_parent.id ORDER BY ended_parent.id LIMIT 1`,
    );
    if (parent === null) return { ready, isDone: true };
    const id = parent.id as string;
    const state = parent.state as State | null;
    // One that was retried meanwhile is open again.
    const open = state === null || !isFinal(state) ? [] : db.all(
      `SELECT seq, job.id, condition FROM dependency JOIN job ON seq = job
      WHERE parent = ? ORDER BY job LIMIT ?`,
      id,
      left,
    );
    for (const row of open) if (tell(db, row, { id, state: state! }, now)) ready++;
    if (open.length < left) db.run("DELETE FROM ended_parent WHERE id = ?", id);
    left -= Math.max(1, open.length);
  }
  return { ready, isDone: false };
}

/** Within a transaction: tells all dependents of jobs that have ended, and those of theirs. */
export function tellAllDependents(db: Database, now: number): void {
  while (!tellDependents(db, now, 1000).isDone);
}

/** Whether the job is pending now. */
function tell(db: Database, row: Row, parent: { id: string; state: State }, now: number): boolean {
  const seq = row.seq as number;
  const on = row.condition as Condition;
  if (verdictOf(on, parent.state) === "broken") {
    const child = { seq, id: row.id as string };
    cancelDependent(db, child, { ...parent, on }, waitingNow(db, child), now);
    return false;
  }
  db.run("DELETE FROM dependency WHERE parent = ? AND job = ?", parent.id, seq);
  return readyIfFree(db, seq, now);
}

/** Within a transaction: a waiting job does not wait for its parents any more. */
export function detachParents(db: Database, seq: number): void {
  db.run("DELETE FROM dependency WHERE job = ?", seq);
}

/** How many jobs wait for a job. */
export function countDependents(db: Database, id: string): number {
  return db.get("SELECT count(*) AS jobs FROM dependency WHERE parent = ?", id)!.jobs as number;
}

/**
 * Within a transaction: a job has a new life. Those that were cancelled because of it, down the chain,
 * wait for it again, in order of arrival, unless another parent is in the way, or their unique key is
 * taken: of two with one key the first comes back.
 */
export function takeBackDependents(db: Database, parent: string, now: number): void {
  const retried = [parent];
  for (const id of retried) {
    const cancelled = db.all(
      `SELECT seq, id, unique_key, after, was_waiting FROM job WHERE cancelled_by = ?
      ORDER BY seq`,
      id,
    );
    for (const row of cancelled) if (takeBack(db, row, now)) retried.push(row.id as string);
  }
}

function takeBack(db: Database, row: Row, now: number): boolean {
  const child: Dependent = {
    seq: row.seq as number,
    id: row.id as string,
    after: JSON.parse(row.after as string),
  };
  if (row.unique_key !== null && holderOf(db, row.unique_key as string) !== null) return false;
  const was = row.was_waiting === null ? null : JSON.parse(row.was_waiting as string) as Waiting;
  const states = child.after.map((parent) => stateOf(db, parent.id));
  const isOpen = (on: Condition, state: State | null) =>
    state !== null && verdictOf(on, state) === "open";
  const broken = child.after.findIndex(({ id, on }, i) => {
    const state = states[i]!;
    if (state !== null) return verdictOf(on, state) === "broken";
    // While jobs wait for it a parent cannot be deleted: it had ended as it should, unless it was open.
    return on !== "any" && was?.open.includes(id) === true;
  });
  const held = was?.held ?? false;
  if (broken >= 0) {
    const open = child.after
      .filter(({ id, on }, i) => was?.open.includes(id) || isOpen(on, states[i]!))
      .map(({ id }) => id);
    const parent = { ...child.after[broken]!, state: states[broken]! };
    cancelDependent(db, child, parent, { held, open }, now);
    return false;
  }
  db.run(
    `UPDATE job SET state = ?, cancelled_by = NULL, was_waiting = NULL, error = NULL, attempts = 0,
      updated_at = ?, started_at = NULL, finished_at = NULL, exit_code = NULL WHERE seq = ?`,
    waitingState({ held, blocked: true, runAt: null }, now),
    now,
    child.seq,
  );
  addOpen(db, child, (_, i) => states[i] ?? null);
  return true;
}

function addOpen(
  db: Database,
  { seq, after }: Dependent,
  state: (parent: Parent, i: number) => State | null,
): void {
  for (const [i, parent] of after.entries()) {
    const now = state(parent, i);
    if (now !== null && verdictOf(parent.on, now) === "open") {
      db.run(ADD, parent.id, seq, parent.on);
    }
  }
}

/** A job whose parents have all ended as they should is pending, or scheduled; whether it is pending. */
function readyIfFree(db: Database, seq: number, now: number): boolean {
  const row = db.get(
    `SELECT run_at FROM job WHERE seq = ? AND state = 'blocked'
      AND NOT EXISTS (SELECT 1 FROM dependency WHERE job = seq)`,
    seq,
  );
  if (row === null) return false;
  const runAt = row.run_at as number | null;
  const state = waitingState({ held: false, blocked: false, runAt }, now);
  db.run(
    "UPDATE job SET state = ?, run_at = ?, updated_at = ? WHERE seq = ?",
    state,
    state === "pending" ? null : runAt,
    now,
    seq,
  );
  return state === "pending";
}

/** What a job waits for at this moment. */
function waitingNow(db: Database, { seq, id }: Omit<Dependent, "after">): Waiting {
  const parents = db.all("SELECT parent, condition FROM dependency WHERE job = ?", seq);
  // One that has ended as it should, and has yet to tell so, is not waited for any more.
  const open = parents.filter(({ parent, condition }) => {
    const state = stateOf(db, parent as string);
    return state === null || verdictOf(condition as Condition, state) !== "met";
  });
  return { held: stateOf(db, id) === "held", open: open.map(({ parent }) => parent as string) };
}

/**
 * What else it waits for, and its time of day, stay written down, for the case that the parent is retried.
 */
function cancelDependent(
  db: Database,
  { seq, id }: Omit<Dependent, "after">,
  parent: Parent & { readonly state: State | null },
  { held, open }: Waiting,
  now: number,
): void {
  const others = open.filter((other) => other !== parent.id);
  db.run(
    `UPDATE job SET state = 'cancelled', cancelled_by = ?, was_waiting = ?, error = ?, updated_at = ?,
      finished_at = ? WHERE seq = ?`,
    parent.id,
    held || others.length > 0 ? JSON.stringify({ held, open: others }) : null,
    describeBroken(parent, parent.state),
    now,
    now,
    seq,
  );
  detachParents(db, seq);
  noteEnded(db, id);
}

function stateOf(db: Database, id: string): State | null {
  return (db.get("SELECT state FROM job WHERE id = ?", id)?.state ?? null) as State | null;
}
