/**
 * What is done to many jobs at once, a short transaction at a time.
 *
 * @module
 */

import { ConflictError, QueuectlError } from "../../errors.ts";
import { sourcesOf, type State, STATES } from "../../job/state.ts";
import type { BulkAction, PageFilter, PagePosition } from "../paging.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Database } from "./database.ts";
import { ORDERS } from "./lanes.ts";
import { findKeys } from "./paging.ts";
import { clauses, selectJob } from "./queries.ts";
import { cancelJob, releaseJob, removeJob, retryJob } from "./steering.ts";
import { takeTurn } from "./turn.ts";

/** In which states of a job an action is of any use. */
const SOURCES: Readonly<Record<BulkAction, readonly State[]>> = {
  retry: sourcesOf("retry"),
  cancel: [...sourcesOf("cancel"), "processing"],
  release: sourcesOf("release"),
  delete: STATES.filter((state) => state !== "processing"),
};

/** A portion of the jobs that are to be acted on. */
export interface Portion {
  /** Their numbers of arrival, in the order in which they are to be acted on. */
  readonly seqs: readonly number[];
  /** The cursor of the next one; null: there is none. */
  readonly next: string | null;
}

/** What became of some jobs. */
export interface Turn {
  /** So many were gone through. */
  readonly done: number;
  readonly acted: number;
  readonly refused: number;
}

/** Within a snapshot: the next jobs to be acted on. */
export function findPortion(
  db: Database,
  action: BulkAction,
  given: PageFilter,
  { limit, cursor = null }: Pick<PagePosition, "limit" | "cursor">,
): Portion {
  // Who waits is deleted before whom it waits for; all else is done in order of arrival.
  const sort = action === "delete" ? "newest" : "oldest";
  const [after, until] = cursor === null
    ? [ORDERS[sort].start[0], lastArrival(db)]
    : decodeCursor(cursor, action, 2) as readonly [number, number];
  const { keys, next } = findKeys(db, within(given, action), {
    ...{ sort, limit, after: [after, after] },
  });
  // What has come since the first portion is left alone.
  const seqs = keys.map(([seq]) => seq).filter((seq) => seq <= until);
  const isDone = next === null || (sort === "oldest" && next[0] >= until);
  return {
    seqs,
    next: isDone ? null : encodeCursor({ kind: action, numbers: [next[0], until] }),
  };
}

/** Within a transaction: acts on jobs that still fit, for one turn. */
export function actOnFound(
  db: Database,
  action: BulkAction,
  { filter: given, seqs }: { readonly filter: PageFilter; readonly seqs: readonly number[] },
  now: number,
): Turn {
  const filter = within(given, action);
  let [acted, refused] = [0, 0];
  const done = takeTurn(seqs, (seq) => {
    const job = fitting(db, filter, "seq = ?", seq);
    if (job === null || (action === "retry" && comesWithParent(db, filter, job.cancelledBy))) {
      return;
    }
    if (tryTo(db, action, job.id, now) === null) acted++;
    else refused++;
  });
  return { done, acted, refused };
}

/** Within a transaction: acts on jobs, for one turn; why it could not, for each that was gone through. */
export function actOnSome(
  db: Database,
  action: BulkAction,
  ids: readonly string[],
  now: number,
): (QueuectlError | null)[] {
  const problems: (QueuectlError | null)[] = [];
  takeTurn(ids, (id) => problems.push(tryTo(db, action, id, now)));
  return problems;
}

/** What is refused has changed nothing: whether it is allowed is asked first. */
function tryTo(db: Database, action: BulkAction, id: string, now: number): QueuectlError | null {
  try {
    ACTIONS[action](db, id, now);
    return null;
  } catch (error) {
    if (error instanceof QueuectlError) return error;
    throw error;
  }
}

const ACTIONS: Readonly<Record<BulkAction, (db: Database, id: string, now: number) => void>> = {
  retry: (db, id, now) => retryJob(db, id, SOURCES.retry, now),
  cancel: cancelJob,
  release: releaseJob,
  delete: (db, id) => {
    if (selectJob(db, id)?.state === "processing") {
      throw new ConflictError(`Job ${id} runs: cancel it first`);
    }
    removeJob(db, id, SOURCES.delete);
  },
};

function within(filter: PageFilter, action: BulkAction): PageFilter {
  const sources = SOURCES[action];
  const states = filter.states?.filter((state) => sources.includes(state)) ?? sources;
  return { ...filter, states };
}

/** Whether a job comes back with its parent, which was cancelled, too, and is to be retried. */
function comesWithParent(db: Database, filter: PageFilter, parent: string | null): boolean {
  if (parent === null) return false;
  return fitting(db, filter, "state = 'cancelled' AND id = ?", parent) !== null;
}

function fitting(
  db: Database,
  filter: PageFilter,
  which: string,
  value: string | number,
): { readonly id: string; readonly cancelledBy: string | null } | null {
  const { parts, values } = clauses(filter, true);
  const row = db.get(
    `SELECT id, cancelled_by FROM job WHERE ${[which, ...parts].join(" AND ")}`,
    value,
    ...values,
  );
  return row && { id: row.id as string, cancelledBy: row.cancelled_by as string | null };
}

function lastArrival(db: Database): number {
  return (db.get("SELECT max(seq) AS seq FROM job")!.seq ?? 0) as number;
}
