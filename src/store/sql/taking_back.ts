/**
 * Jobs that were cancelled because of a parent come back with it.
 *
 * @module
 */

import type { Parent } from "../../job/job.ts";
import { verdictOf } from "../../job/parents.ts";
import { type State, waitingState } from "../../job/state.ts";
import { type Broken, cancelBroken, OpenParents, statesOf, type Waiting } from "./parents.ts";
import { all, type Row, send, type Work } from "./work.ts";

/** A job that was cancelled because of a parent. */
interface Child {
  readonly seq: number;
  readonly id: string;
  readonly key: string | null;
  readonly after: readonly Parent[];
  readonly was: Waiting;
}

/**
 * Within a transaction: a job has a new life. Those that were cancelled because of it, down the chain,
 * wait for it again, in order of arrival, unless another parent is in the way, or their unique key is
 * taken: of two with one key the first comes back.
 *
 * @returns how many wait again
 */
export function* takeBackDependents(parent: string, now: number): Work<number> {
  const retried = [parent];
  for (const id of retried) {
    const cancelled = yield* all(
      `SELECT seq, id, unique_key, after, was_waiting FROM job WHERE cancelled_by = ?
      ORDER BY seq`,
      id,
    );
    if (cancelled.length === 0) continue;
    for (const back of yield* takeBack(cancelled.map(childFromRow), now)) retried.push(back);
  }
  return retried.length - 1;
}

function childFromRow(row: Row): Child {
  return {
    seq: row.seq as number,
    id: row.id as string,
    key: row.unique_key as string | null,
    after: JSON.parse(row.after as string),
    was: row.was_waiting === null
      ? { held: false, open: [] }
      : JSON.parse(row.was_waiting as string),
  };
}

/** The ids of those that wait again. Those who wait for the others know already that these are cancelled. */
function* takeBack(children: readonly Child[], now: number): Work<string[]> {
  const states = yield* statesOf(
    new Set(children.flatMap(({ after }) => after.map(({ id }) => id))),
  );
  const taken = yield* takenKeys(children);
  const open = new OpenParents();
  const back: Child[] = [];
  const broken: Broken[] = [];
  for (const child of children) {
    const { seq, id, key, after, was } = child;
    if (key !== null && taken.has(key)) continue;
    const bad = after.find((parent) => isBroken(parent, states.get(parent.id), was));
    const waitsFor = after.filter((parent) => isOpen(parent, states.get(parent.id)));
    if (bad === undefined) {
      back.push(child);
      open.note(seq, waitsFor);
      states.set(id, stateOf(child, now));
      if (key !== null) taken.add(key);
      continue;
    }
    const parent = { ...bad, state: states.get(bad.id) ?? null };
    const stillOpen = after.filter((one) => was.open.includes(one.id) || waitsFor.includes(one));
    const waiting = { held: was.held, open: stillOpen.map(({ id }) => id) };
    broken.push({ seq, parent, waiting });
  }
  yield* cancelBroken(broken, now);
  for (const state of ["held", "blocked"] as const) {
    const some = back.filter((child) => stateOf(child, now) === state);
    if (some.length > 0) yield* revive(some, state, now);
  }
  yield* open.add();
  return back.map(({ id }) => id);
}

function stateOf({ was: { held } }: Child, now: number): State {
  return waitingState({ held, blocked: true, runAt: null }, now);
}

function* revive(children: readonly Child[], state: State, now: number): Work<void> {
  yield* send(
    `UPDATE job SET state = ?, cancelled_by = NULL, was_waiting = NULL, error = NULL, attempts = 0,
      updated_at = ?, started_at = NULL, finished_at = NULL, exit_code = NULL
    WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
    state,
    now,
    JSON.stringify(children.map(({ seq }) => seq)),
  );
}

function isOpen({ on }: Parent, state: State | undefined): boolean {
  return state !== undefined && verdictOf(on, state) === "open";
}

function isBroken({ id, on }: Parent, state: State | undefined, was: Waiting): boolean {
  if (state !== undefined) return verdictOf(on, state) === "broken";
  // While jobs wait for it a parent cannot be deleted: it had ended as it should, unless it was open.
  return on !== "any" && was.open.includes(id);
}

/** Those of their unique keys that others hold. */
function* takenKeys(children: readonly Child[]): Work<Set<string>> {
  const keys = children.map(({ key }) => key).filter((key) => key !== null);
  if (keys.length === 0) return new Set();
  const rows = yield* all(
    `SELECT unique_key FROM json_each(?) CROSS JOIN job
    WHERE unique_key = value AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled'`,
    JSON.stringify(keys),
  );
  return new Set(rows.map((row) => row.unique_key as string));
}
