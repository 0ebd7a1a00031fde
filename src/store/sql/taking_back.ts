/**
 * Jobs that were cancelled because of a parent come back with it.
 *
 * @module
 */

import type { Parent } from "../../job/job.ts";
import { verdictOf } from "../../job/parents.ts";
import { type State, waitingState } from "../../job/state.ts";
import { type Broken, cancelBroken, OpenParents, statesOf, type Waiting } from "./parents.ts";
import { holdersOf } from "./unique_key.ts";
import { all, type Row, send, type Work } from "./work.ts";

/** A job that was cancelled because of a parent. */
interface Child {
  readonly seq: number;
  readonly id: string;
  readonly key: string | null;
  readonly after: readonly Parent[];
  readonly cancelledBy: string;
  readonly was: Waiting;
}

/** All who were cancelled because of a job, or because of one of them. */
const DESCENDANTS = `WITH RECURSIVE child (seq, id) AS (
    SELECT seq, id FROM job WHERE cancelled_by = ?
    UNION SELECT job.seq, job.id FROM child CROSS JOIN job ON (job.cancelled_by = child.id)
  ) SELECT job.seq, job.id, unique_key, after, cancelled_by, was_waiting
  FROM child CROSS JOIN job ON (job.seq = child.seq)`;

/**
 * Within a transaction: a job has a new life. Those that were cancelled because of it, down the chain,
 * wait for it again, in order of arrival, unless another parent is in the way, or their unique key is
 * taken: of two with one key the first comes back.
 *
 * @returns how many wait again
 */
export function* takeBackDependents(parent: string, now: number): Work<number> {
  const rows = yield* all(DESCENDANTS, parent);
  if (rows.length === 0) return 0;
  const children = rows.map(childFromRow);
  const parents = new Set(children.flatMap(({ after }) => after.map(({ id }) => id)));
  const states = yield* statesOf(parents);
  const keys = children.map(({ key }) => key).filter((key) => key !== null);
  const taken = new Set((yield* holdersOf(keys)).keys());
  const { back, broken, open } = takeBack(parent, { children, states, taken, now });
  yield* cancelBroken(broken, now);
  for (const state of ["held", "blocked"] as const) {
    const some = back.filter((child) => stateOf(child, now) === state);
    if (some.length > 0) yield* revive(some, state, now);
  }
  yield* open.add();
  return back.length;
}

function childFromRow(row: Row): Child {
  return {
    seq: row.seq as number,
    id: row.id as string,
    key: row.unique_key as string | null,
    after: JSON.parse(row.after as string),
    cancelledBy: row.cancelled_by as string,
    was: row.was_waiting === null
      ? { held: false, open: [] }
      : JSON.parse(row.was_waiting as string),
  };
}

/** What becomes of those who were cancelled because of a job that has a new life. */
interface TakenBack {
  /** They wait again, */
  readonly back: readonly Child[];
  /** for these. */
  readonly open: OpenParents;
  /** Another parent is in the way. Those who wait for them know already that they are cancelled. */
  readonly broken: readonly Broken[];
}

/** `states` and `taken` are the states of parents and the unique keys that are held; they are brought up to date. */
function takeBack(
  parent: string,
  { children, states, taken, now }: {
    readonly children: readonly Child[];
    readonly states: Map<string, State>;
    readonly taken: Set<string>;
    readonly now: number;
  },
): TakenBack {
  const childrenOf = Map.groupBy(children, ({ cancelledBy }) => cancelledBy);
  const open = new OpenParents();
  const back: Child[] = [];
  const broken = new Map<number, Broken>();
  const retried = [parent];
  for (const id of retried) {
    for (const child of (childrenOf.get(id) ?? []).toSorted((a, b) => a.seq - b.seq)) {
      const { seq, id, key, after, was } = child;
      if (key !== null && taken.has(key)) continue;
      const bad = after.find((parent) => isBroken(parent, states.get(parent.id), was));
      const waitsFor = after.filter((parent) => isOpen(parent, states.get(parent.id)));
      if (bad === undefined) {
        back.push(child);
        retried.push(id);
        broken.delete(seq);
        open.note(seq, waitsFor);
        states.set(id, stateOf(child, now));
        if (key !== null) taken.add(key);
        continue;
      }
      const stillOpen = after.filter((one) => was.open.includes(one.id) || waitsFor.includes(one));
      const waiting = { held: was.held, open: stillOpen.map(({ id }) => id) };
      broken.set(seq, { seq, parent: { ...bad, state: states.get(bad.id) ?? null }, waiting });
      // That one may come back after it.
      const others = waiting.open.filter((id) => id !== bad.id);
      const moved = { ...child, cancelledBy: bad.id, was: { held: was.held, open: others } };
      childrenOf.set(bad.id, [...childrenOf.get(bad.id) ?? [], moved]);
    }
  }
  return { back, open, broken: [...broken.values()] };
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
