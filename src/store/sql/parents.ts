/**
 * Jobs that wait for other jobs, in the store. `dependency` holds the parents that have yet to end;
 * `ended_parent` those that have, while not all of their dependents have been told.
 *
 * @module
 */

import type { Condition, Parent } from "../../job/job.ts";
import { describeBroken } from "../../job/parents.ts";
import { type State, waitingState } from "../../job/state.ts";
import { all, get, send, type Work } from "./work.ts";

/** What else a job waited for when it was cancelled because of a parent. */
export interface Waiting {
  /** Somebody had yet to release it. */
  readonly held: boolean;
  /** The other parents that had yet to end. */
  readonly open: readonly string[];
}

/** So many are added by one statement. */
const ADDED = 10_000;

/** Parents that have yet to end, and who waits for them, gathered to be added together. */
export class OpenParents {
  readonly #all = new Map<Condition, string[]>();

  /** A job waits for those of its parents that have yet to end. */
  note(seq: number, parents: readonly Parent[]): void {
    for (const { id, on } of parents) {
      let list = this.#all.get(on);
      if (list === undefined) this.#all.set(on, list = []);
      list.push(`${String(seq).padStart(16, "0")}${id}`);
    }
  }

  /** Within a transaction: writes them down. */
  *add(): Work<void> {
    for (const [on, list] of this.#all) {
      for (let from = 0; from < list.length; from += ADDED) {
        yield* send(
          `INSERT INTO dependency (parent, job, condition)
          SELECT substr(value, 17), CAST(substr(value, 1, 16) AS INTEGER), CAST(? AS TEXT)
          FROM json_each(?)`,
          on,
          JSON.stringify(list.slice(from, from + ADDED)),
        );
      }
    }
  }
}

/** Within a transaction: jobs have ended, and others may wait for them. */
export function* noteEnded(...ids: readonly string[]): Work<void> {
  yield* send(
    `INSERT INTO ended_parent (id) SELECT value FROM json_each(?) WHERE EXISTS
      (SELECT 1 FROM dependency WHERE parent = value) ON CONFLICT DO NOTHING`,
    JSON.stringify(ids),
  );
}

/** Within a transaction: waiting jobs do not wait for their parents any more. */
export function* detachParents(...seqs: readonly number[]): Work<void> {
  yield* send(
    "DELETE FROM dependency WHERE job IN (SELECT CAST(value AS INTEGER) FROM json_each(?))",
    JSON.stringify(seqs),
  );
}

/** How many jobs wait for a job. */
export function* countDependents(id: string): Work<number> {
  return (yield* get("SELECT count(*) AS jobs FROM dependency WHERE parent = ?", id))!
    .jobs as number;
}

/**
 * Within a transaction: blocked jobs whose parents have all ended as they should are pending, or scheduled.
 *
 * @param jobs their numbers of arrival
 * @returns how many are pending
 */
export function* readyIfFree(jobs: readonly number[], now: number): Work<number> {
  const rows = yield* all(
    // The state is no condition: PostgreSQL would go through all that are blocked.
    `SELECT seq, run_at, state, EXISTS (SELECT 1 FROM dependency WHERE dependency.job = job.seq) AS waits
    FROM json_each(?) CROSS JOIN job ON (seq = CAST(value AS INTEGER)) FOR UPDATE OF job`,
    JSON.stringify(jobs),
  );
  const free = rows.filter(({ state, waits }) => state === "blocked" && waits === 0);
  const due: number[] = [];
  const later: number[] = [];
  for (const { seq, run_at: runAt } of free) {
    const waits = { held: false, blocked: false, runAt: runAt as number | null };
    (waitingState(waits, now) === "pending" ? due : later).push(seq as number);
  }
  if (due.length > 0) {
    yield* send(
      `UPDATE job SET state = 'pending', run_at = NULL, updated_at = ?
      WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
      now,
      JSON.stringify(due),
    );
  }
  if (later.length > 0) {
    yield* send(
      `UPDATE job SET state = 'scheduled', updated_at = ?
      WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
      now,
      JSON.stringify(later),
    );
  }
  return due.length;
}

/** Within a transaction: cancels jobs that wait; those who wait for them have yet to be told. */
export function* cancelWaiting(ids: readonly string[], error: string, now: number): Work<void> {
  const rows = yield* all(
    `UPDATE job SET state = 'cancelled', run_at = NULL, error = ?, updated_at = ?, finished_at = ?
    WHERE id IN (SELECT value FROM json_each(?)) RETURNING seq`,
    error,
    now,
    now,
    JSON.stringify(ids),
  );
  yield* detachParents(...rows.map(({ seq }) => seq as number));
  yield* noteEnded(...ids);
}

/** A job that is cancelled because of a parent. */
export interface Broken {
  /** Its number of arrival. */
  readonly seq: number;
  /** What it waits for; the state is null if that is gone. */
  readonly parent: Parent & { readonly state: State | null };
  /** What else it waits for. */
  readonly waiting: Waiting;
}

/**
 * Within a transaction: cancels jobs because of parents. What else they wait for, and their time of day, stay
 * written down, for the case that the parent is retried. Those who wait for them have yet to be told.
 */
export function* cancelBroken(jobs: readonly Broken[], now: number): Work<void> {
  // Most have one parent and wait for nothing else, and are changed together.
  for (const alike of Map.groupBy(jobs, (job) => JSON.stringify(traceOf(job))).values()) {
    yield* send(
      `UPDATE job SET state = 'cancelled', cancelled_by = ?, error = ?, was_waiting = ?, updated_at = ?,
        finished_at = ? WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
      ...traceOf(alike[0]!),
      now,
      now,
      JSON.stringify(alike.map(({ seq }) => seq)),
    );
  }
}

/**
 * The same for jobs that wait for one job each, which was cancelled; after it they wait for none.
 *
 * @param seqs their numbers of arrival
 */
export function* cancelWithParents(seqs: readonly number[], now: number): Work<void> {
  const list = JSON.stringify(seqs);
  const [before, behind] = describeBroken({ id: "\n", on: "ok" }, "cancelled").split("\n");
  yield* send(
    `UPDATE job SET state = 'cancelled', cancelled_by = dependency.parent,
      error = CAST(? AS TEXT) || dependency.parent || CAST(? AS TEXT),
      was_waiting = CASE WHEN job.state = 'held' THEN CAST(? AS TEXT) END, updated_at = ?, finished_at = ?
    FROM dependency WHERE dependency.job = job.seq
      AND job.seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
    before!,
    behind!,
    traceOfWaiting({ held: true, open: [] }),
    now,
    now,
    list,
  );
  yield* detachParents(...seqs);
}

/** What stays written down: the parent, why that is one, and what else it waited for. */
function traceOf({ parent, waiting: { held, open } }: Broken): (string | null)[] {
  const others = open.filter((other) => other !== parent.id);
  return [
    parent.id,
    describeBroken(parent, parent.state),
    held || others.length > 0 ? traceOfWaiting({ held, open: others }) : null,
  ];
}

function traceOfWaiting({ held, open }: Waiting): string {
  return JSON.stringify({ held, open });
}

/** The states of those jobs that are there. */
export function* statesOf(ids: Iterable<string>): Work<Map<string, State>> {
  const rows = yield* all(
    "SELECT id, state FROM job WHERE id IN (SELECT value FROM json_each(?))",
    JSON.stringify([...ids]),
  );
  return new Map(rows.map((row) => [row.id as string, row.state as State]));
}
