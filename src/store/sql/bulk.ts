/**
 * What is done to many jobs at once, a short transaction at a time.
 *
 * @module
 */

import { ConflictError, NotFoundError, type QueuectlError } from "../../errors.ts";
import { sourcesOf, type State, STATES } from "../../job/state.ts";
import type { BulkAction, BulkPortion, PageFilter, PagePosition } from "../paging.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Engine } from "./engine.ts";
import { ORDERS } from "./lanes.ts";
import { findKeys } from "./paging.ts";
import { clauses, selectJob } from "./queries.ts";
import { cancelJob, releaseJob, removeJob, retryJob } from "./steering.ts";
import { takeTurn } from "./turn.ts";
import { get, type Work } from "./work.ts";

/** In which states of a job an action is of any use. */
const SOURCES: Readonly<Record<BulkAction, readonly State[]>> = {
  retry: sourcesOf("retry"),
  cancel: [...sourcesOf("cancel"), "processing"],
  release: sourcesOf("release"),
  delete: STATES.filter((state) => state !== "processing"),
};

/** See `Store.actOnAll`; those who wait for the jobs are not told yet. */
export async function actOnAll(
  engine: Engine,
  action: BulkAction,
  filter: PageFilter,
  position: PagePosition,
): Promise<BulkPortion> {
  const { seqs, next } = await engine.read(() => findPortion(action, filter, position));
  let [acted, refused] = [0, 0];
  for (let left = seqs; left.length > 0;) {
    const found = { filter, seqs: left };
    const turn = await engine.writeMuch((now) => actOnFound(action, found, now));
    acted += turn.acted;
    refused += turn.refused;
    left = left.slice(turn.done);
  }
  return { acted, refused, next };
}

/** See `Store.actOnEach`; those who wait for the jobs are not told yet. */
export async function actOnEach(
  engine: Pick<Engine, "writeMuch">,
  action: BulkAction,
  ids: readonly string[],
): Promise<(QueuectlError | null)[]> {
  const problems: (QueuectlError | null)[] = [];
  while (problems.length < ids.length) {
    const left = ids.slice(problems.length);
    problems.push(...await engine.writeMuch((now) => actOnSome(action, left, now)));
  }
  return problems;
}

/** A portion of the jobs that are to be acted on. */
interface Portion {
  /** Their numbers of arrival, in the order in which they are to be acted on. */
  readonly seqs: readonly number[];
  /** The cursor of the next one; null: there is none. */
  readonly next: string | null;
}

/** What became of some jobs. */
interface Turn {
  /** So many were gone through. */
  readonly done: number;
  readonly acted: number;
  readonly refused: number;
}

/** Within a snapshot: the next jobs to be acted on. */
function* findPortion(
  action: BulkAction,
  given: PageFilter,
  { limit, cursor = null }: Pick<PagePosition, "limit" | "cursor">,
): Work<Portion> {
  // Who waits is deleted before whom it waits for; all else is done in order of arrival.
  const sort = action === "delete" ? "newest" : "oldest";
  const [after, until] = cursor === null
    ? [ORDERS[sort].start[0], yield* lastArrival()]
    : decodeCursor(cursor, action, 2) as readonly [number, number];
  const { keys, next } = yield* findKeys(within(given, action), {
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
function* actOnFound(
  action: BulkAction,
  { filter: given, seqs }: { readonly filter: PageFilter; readonly seqs: readonly number[] },
  now: number,
): Work<Turn> {
  const filter = within(given, action);
  let [acted, refused] = [0, 0];
  const done = yield* takeTurn(seqs, function* (seq) {
    const job = yield* fitting(filter, "seq = ?", seq);
    if (job === null || (action === "retry" && (yield* comesWithParent(filter, job.cancelledBy)))) {
      return;
    }
    if ((yield* tryTo(action, job.id, now)) === null) acted++;
    else refused++;
  });
  return { done, acted, refused };
}

/** Within a transaction: acts on jobs, for one turn; why it could not, for each that was gone through. */
function* actOnSome(
  action: BulkAction,
  ids: readonly string[],
  now: number,
): Work<(QueuectlError | null)[]> {
  const problems: (QueuectlError | null)[] = [];
  yield* takeTurn(ids, function* (id) {
    problems.push(yield* tryTo(action, id, now));
  });
  return problems;
}

/** What is refused has changed nothing: whether it is allowed is asked first. */
function* tryTo(action: BulkAction, id: string, now: number): Work<QueuectlError | null> {
  try {
    yield* ACTIONS[action](id, now);
    return null;
  } catch (error) {
    // No others: where a statement has failed, nothing more is done in its transaction.
    if (error instanceof ConflictError || error instanceof NotFoundError) return error;
    throw error;
  }
}

const ACTIONS: Readonly<Record<BulkAction, (id: string, now: number) => Work<unknown>>> = {
  retry: (id, now) => retryJob(id, SOURCES.retry, now),
  cancel: cancelJob,
  release: releaseJob,
  *delete(id) {
    if ((yield* selectJob(id))?.state === "processing") {
      throw new ConflictError(`Job ${id} runs: cancel it first`);
    }
    yield* removeJob(id, SOURCES.delete);
  },
};

function within(filter: PageFilter, action: BulkAction): PageFilter {
  const sources = SOURCES[action];
  const states = filter.states?.filter((state) => sources.includes(state)) ?? sources;
  return { ...filter, states };
}

/** Whether a job comes back with its parent, which was cancelled, too, and is to be retried. */
function* comesWithParent(filter: PageFilter, parent: string | null): Work<boolean> {
  if (parent === null) return false;
  return (yield* fitting(filter, "state = 'cancelled' AND id = ?", parent)) !== null;
}

function* fitting(
  filter: PageFilter,
  which: string,
  value: string | number,
): Work<{ readonly id: string; readonly cancelledBy: string | null } | null> {
  const { parts, values } = clauses(filter, true);
  const row = yield* get(
    `SELECT id, cancelled_by FROM job WHERE ${[which, ...parts].join(" AND ")}`,
    value,
    ...values,
  );
  return row && { id: row.id as string, cancelledBy: row.cancelled_by as string | null };
}

function* lastArrival(): Work<number> {
  return ((yield* get("SELECT max(seq) AS seq FROM job"))!.seq ?? 0) as number;
}
