/**
 * What users do to jobs that are there: cancel, release, edit, retry, delete.
 *
 * @module
 */

import { ConflictError, NotFoundError, UniqueKeyTakenError } from "../../errors.ts";
import type { Progress } from "../../job/job.ts";
import {
  isFinal,
  sourcesOf,
  type State,
  transition,
  WAITING_STATES,
  waitingState,
} from "../../job/state.ts";
import type { CancelResult, JobChanges } from "../store.ts";
import type { AttemptRef } from "../tick.ts";
import { cancelWaiting, countDependents } from "./parents.ts";
import { takeBackDependents } from "./taking_back.ts";
import { takeTurn } from "./turn.ts";
import { type Holder, holderOf } from "./unique_key.ts";
import { all, get, type Row, run, send, type Work } from "./work.ts";

/** Within a transaction: cancels a waiting job, or asks for the end of a running one. */
export function* cancelJob(id: string, now: number): Work<CancelResult> {
  const state = yield* stateOf(id);
  if (state === "cancelled") {
    // Somebody wants it: a retry of its parent does not bring it back.
    yield* send(
      `UPDATE job SET cancelled_by = NULL, was_waiting = NULL, run_at = NULL
      WHERE id = ? AND cancelled_by IS NOT NULL`,
      id,
    );
    return "already";
  }
  if (state === "processing") {
    yield* send("UPDATE job SET cancel_requested = 1, updated_at = ? WHERE id = ?", now, id);
    return "requested";
  }
  if (isFinal(state)) throw new ConflictError(`Job ${id} is ${state} already`);
  yield* cancelWaiting(id, "cancelled", now);
  return "cancelled";
}

/** Within a transaction: lets a held job go; its state now. */
export function* releaseJob(id: string, now: number): Work<State> {
  const state = yield* stateOf(id);
  if (!sourcesOf("release").includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}: only a job that is held can be released`);
  }
  const row = (yield* get(
    `SELECT run_at, EXISTS (SELECT 1 FROM dependency WHERE job = seq) AS blocked FROM job
    WHERE id = ?`,
    id,
  ))!;
  const runAt = row.run_at as number | null;
  const next = waitingState({ held: false, blocked: row.blocked === 1, runAt }, now);
  yield* send(
    "UPDATE job SET state = ?, run_at = ?, updated_at = ? WHERE id = ?",
    next,
    next === "pending" ? null : runAt,
    now,
    id,
  );
  return next;
}

/** Within a transaction: changes a job that waits. */
export function* editJob(id: string, changes: JobChanges, now: number): Work<void> {
  const state = yield* stateOf(id);
  if (!WAITING_STATES.includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}: only a job that waits can be edited`);
  }
  const row = (yield* get(
    "SELECT command, queue, priority, max_retries, timeout, run_at FROM job WHERE id = ?",
    id,
  ))!;
  const runAt = changes.delay === undefined
    ? changes.runAt ?? row.run_at as number | null
    : now + changes.delay;
  const next = state === "pending" || state === "scheduled"
    ? waitingState({ held: false, blocked: false, runAt }, now)
    : state;
  yield* send(
    `UPDATE job SET command = ?, queue = ?, priority = ?, max_retries = ?, timeout = ?, state = ?,
      run_at = ?, updated_at = ? WHERE id = ?`,
    changes.command ?? row.command!,
    changes.queue ?? row.queue!,
    changes.priority ?? row.priority!,
    changes.maxRetries ?? row.max_retries!,
    changes.timeout === undefined ? row.timeout! : changes.timeout,
    next,
    next === "pending" ? null : runAt,
    now,
    id,
  );
}

/** Within a transaction: how far a running attempt says that it is. */
export function* noteProgress(
  { jobId, token }: AttemptRef,
  { percent, message }: Progress,
  now: number,
): Work<void> {
  const changed = yield* run(
    `UPDATE job SET progress = ?, progress_message = ?, updated_at = ?
    WHERE id = ? AND token = ?`,
    percent,
    message,
    now,
    jobId,
    token,
  );
  if (changed === 0) throw new ConflictError(`This attempt of job ${jobId} does not run any more`);
}

const NEW_LIFE = `UPDATE job SET state = 'pending', attempts = 0, run_at = NULL, updated_at = ?,
  started_at = NULL, finished_at = NULL, exit_code = NULL, error = NULL, cancelled_by = NULL,
  was_waiting = NULL, progress = NULL, progress_message = NULL WHERE seq`;
const NEW_LIVES = `${NEW_LIFE} IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;

/** Within a transaction: gives a job a new life. */
export function* retryJob(id: string, from: readonly State[], now: number): Work<void> {
  const state = yield* stateOf(id);
  const allowed = from.filter((state) => sourcesOf("retry").includes(state));
  if (!allowed.includes(state)) {
    throw new ConflictError(
      sourcesOf("retry").includes(state)
        ? `Job ${id} is ${state}, not ${
          allowed.join(" or ")
        }; to run it again: queuectl retry ${id}`
        : `Job ${id} is ${state}: only jobs that are ${allowed.join(" or ")} can be retried`,
    );
  }
  const row = (yield* get("SELECT seq, id, unique_key FROM job WHERE id = ?", id))!;
  const holder = yield* otherHolder(row);
  if (holder) throw new UniqueKeyTakenError({ id, key: row.unique_key as string, holder });
  yield* giveNewLife(row, now);
}

/** So many jobs are read for one turn of retries, which rarely comes as far. */
const RETRIED = 1000;

/** So many take one statement, if nothing else comes of it. */
const TOGETHER = 100;

/**
 * Within a transaction: retries, for one turn, jobs of a state that arrived after a job, but for those
 * whose unique key is taken. Going on from `last`, a job that soon is in the state again is not met
 * twice.
 *
 * @returns how many are not in the state any more
 */
export function* retryBatch(
  { state, after }: { readonly state: State; readonly after: number },
  now: number,
): Work<{ retried: number; last: number | null }> {
  if (transition(state, "retry") === null) {
    throw new ConflictError(`Jobs that are ${state} cannot be retried`);
  }
  const rows = yield* all(
    "SELECT seq, id, unique_key FROM job WHERE state = ? AND seq > ? ORDER BY seq LIMIT ?",
    state,
    after,
    RETRIED,
  );
  const some = [];
  for (let i = 0; i < rows.length; i += TOGETHER) some.push(rows.slice(i, i + TOGETHER));
  let retried = 0;
  const done = yield* takeTurn(some, function* (rows) {
    const alone = new Set(state === "cancelled" ? rows : yield* whoBringOthers(rows));
    const plain = rows.filter((row) => row.unique_key === null && !alone.has(row));
    if (plain.length > 0) {
      yield* send(NEW_LIVES, now, JSON.stringify(plain.map(({ seq }) => String(seq))));
      retried += plain.length;
    }
    for (const row of rows) {
      if (row.unique_key === null && !alone.has(row)) continue;
      if (yield* otherHolder(row)) continue;
      if (state === "cancelled" && (yield* comesWithParent(row.seq as number))) continue;
      const others = yield* giveNewLife(row, now);
      retried += state === "cancelled" ? 1 + others : 1;
    }
  });
  const isDone = done === some.length && rows.length < RETRIED;
  return { retried, last: isDone ? null : some[done - 1]!.at(-1)!.seq as number };
}

/** Those of some jobs because of which others were cancelled. */
function* whoBringOthers(rows: readonly Row[]): Work<Row[]> {
  const found = yield* all(
    `SELECT value AS id FROM json_each(?) WHERE EXISTS
      (SELECT 1 FROM job WHERE cancelled_by = value)`,
    JSON.stringify(rows.map(({ id }) => id)),
  );
  const ids = new Set(found.map(({ id }) => id));
  return rows.filter(({ id }) => ids.has(id!));
}

/** Whether a cancelled job has come back with its parent, or will: that one is cancelled, too. */
function* comesWithParent(seq: number): Work<boolean> {
  const row = yield* get(
    `SELECT 1 AS found FROM job WHERE seq = ? AND (state <> 'cancelled' OR EXISTS (SELECT 1
      FROM job AS parent WHERE parent.id = job.cancelled_by AND parent.state = 'cancelled'))`,
    seq,
  );
  return row !== null;
}

/** The other job that holds the unique key by now. */
function* otherHolder(row: Row): Work<Holder | null> {
  const holder = row.unique_key === null ? null : yield* holderOf(row.unique_key as string);
  return holder?.id === row.id ? null : holder;
}

/** How many others come back with it, which were cancelled because of it. */
function* giveNewLife(row: Row, now: number): Work<number> {
  yield* send(`${NEW_LIFE} = ?`, now, row.seq!);
  return yield* takeBackDependents(row.id as string, now);
}

/** Within a transaction: deletes a job with its attempts and output. */
export function* removeJob(id: string, from: readonly State[]): Work<void> {
  const state = yield* stateOf(id);
  if (!from.includes(state)) {
    throw new ConflictError(`Job ${id} is ${state}, not ${from.join(" or ")}`);
  }
  const dependents = yield* countDependents(id);
  if (dependents > 0) {
    const waiting = dependents === 1 ? "1 job waits" : `${dependents} jobs wait`;
    throw new ConflictError(`Job ${id} cannot be deleted: ${waiting} for it`);
  }
  yield* send("DELETE FROM job WHERE id = ?", id);
}

/** Until the end of the transaction nobody claims it, or begins to wait for it. */
function* stateOf(id: string): Work<State> {
  const row = yield* get("SELECT state FROM job WHERE id = ? FOR UPDATE", id);
  if (!row) throw new NotFoundError(`There is no job ${id}`);
  return row.state as State;
}
