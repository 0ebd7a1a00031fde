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
import { clauses } from "./queries.ts";
import { retryJob, retryPlain } from "./retrying.ts";
import { cancelJob, find, releaseJob, removeJob } from "./steering.ts";
import {
  cancelJobs,
  crowdsOf,
  deleteUnlessWaitedFor,
  FOUND,
  type Found,
  foundFrom,
  inStates,
  releaseJobs,
  waitedFor,
} from "./together.ts";
import { takeTurn } from "./turn.ts";
import { all, get, type Work } from "./work.ts";

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
  const crowds = crowdsOf(seqs);
  let [acted, refused] = [0, 0];
  const count = (problem: QueuectlError | null) => problem === null ? acted++ : refused++;
  const done = yield* takeTurn(crowds, function* (crowd) {
    const jobs = yield* fitting(filter, crowd);
    const problems = yield* actTogether(action, jobs, now);
    for (const job of jobs) {
      const problem = problems.get(job);
      if (problem !== undefined) count(problem);
      // What was done to another one may have moved it.
      else if (action !== "retry" || (yield* isForItself(filter, job.seq))) {
        count(yield* tryTo(action, job.id, now));
      }
    }
  });
  return { done: crowds.slice(0, done).flat().length, acted, refused };
}

/** Within a transaction: acts on jobs, for one turn; why it could not, for each that was gone through. */
function* actOnSome(
  action: BulkAction,
  ids: readonly string[],
  now: number,
): Work<(QueuectlError | null)[]> {
  const problems: (QueuectlError | null)[] = [];
  yield* takeTurn(crowdsOf(ids), function* (crowd) {
    const jobs = new Map((yield* withIds(crowd)).map((job) => [job.id, job]));
    const found = crowd.map((id) => jobs.get(id)).filter((job) => job !== undefined);
    const known = yield* actTogether(action, found, now);
    for (const id of crowd) {
      const job = jobs.get(id);
      const problem = job && known.get(job);
      problems.push(problem === undefined ? yield* tryTo(action, id, now) : problem);
    }
  });
  return problems;
}

/** What became of jobs; those that are not named are to be acted on one by one, in order. */
type Problems = ReadonlyMap<Found, QueuectlError | null>;

/** Acts on jobs as one by one, in order. */
function* actTogether(
  action: BulkAction,
  jobs: readonly Found[],
  now: number,
): Work<Problems> {
  const able = inStates(jobs, TOGETHER[action].states);
  return able.length === 0 ? new Map() : yield* TOGETHER[action].act(able, now);
}

/** What is done to many jobs together, and in which states of theirs. */
const TOGETHER: Readonly<
  Record<BulkAction, {
    readonly states: readonly State[];
    readonly act: (jobs: readonly Found[], now: number) => Work<Problems>;
  }>
> = {
  retry: {
    states: SOURCES.retry,
    *act(jobs, now) {
      const left = new Set(yield* retryPlain(jobs, now));
      return allDone(jobs.filter((job) => !left.has(job)));
    },
  },
  cancel: {
    states: [...SOURCES.cancel, "cancelled"],
    *act(jobs, now) {
      yield* cancelJobs(jobs, now);
      return allDone(jobs);
    },
  },
  release: {
    states: SOURCES.release,
    *act(jobs, now) {
      yield* releaseJobs(jobs, now);
      return allDone(jobs);
    },
  },
  delete: {
    states: SOURCES.delete,
    *act(jobs) {
      const left = yield* deleteUnlessWaitedFor(jobs);
      return new Map(jobs.map((job) => {
        const dependents = left.get(job);
        return [job, dependents === undefined ? null : waitedFor(job.id, dependents)];
      }));
    },
  },
};

function allDone(jobs: readonly Found[]): Problems {
  return new Map(jobs.map((job) => [job, null]));
}

/** What is refused has changed nothing: whether it is allowed is asked first. */
function* tryTo(action: BulkAction, id: string, now: number): Work<QueuectlError | null> {
  try {
    yield* ALONE[action](id, now);
    return null;
  } catch (error) {
    // No others: where a statement has failed, nothing more is done in its transaction.
    if (error instanceof ConflictError || error instanceof NotFoundError) return error;
    throw error;
  }
}

const ALONE: Readonly<Record<BulkAction, (id: string, now: number) => Work<unknown>>> = {
  retry: (id, now) => retryJob(id, SOURCES.retry, now),
  cancel: cancelJob,
  release: releaseJob,
  *delete(id) {
    if ((yield* find(id)).state === "processing") {
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

/** Whether a job is still to be retried, and does not come back with its parent, which is cancelled, too, and to be retried. */
function* isForItself(filter: PageFilter, seq: number): Work<boolean> {
  const [job] = yield* fitting(filter, [seq]);
  if (job === undefined) return false;
  if (job.cancelledBy === null) return true;
  const { parts, values } = clauses(filter, true);
  const parent = yield* get(
    `SELECT 1 AS found FROM job WHERE ${
      ["state = 'cancelled' AND id = ?", ...parts].join(" AND ")
    }`,
    job.cancelledBy,
    ...values,
  );
  return parent === null;
}

/** Those of some jobs, by their numbers of arrival, that a filter finds; in order. */
function* fitting(filter: PageFilter, seqs: readonly number[]): Work<Found[]> {
  const { parts, values } = clauses(filter, true);
  // Not among the conditions: PostgreSQL would take an index of states and read all that are in them.
  const rows = yield* all(
    `SELECT ${FOUND}, ${parts.join(" AND ")} AS fits FROM job
    WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
    ...values,
    JSON.stringify(seqs),
  );
  const fits = rows.filter((row) => row.fits === 1).map(foundFrom);
  const jobs = new Map(fits.map((job) => [job.seq, job]));
  return seqs.map((seq) => jobs.get(seq)).filter((job) => job !== undefined);
}

function* withIds(ids: readonly string[]): Work<Found[]> {
  const sql = `SELECT ${FOUND} FROM job WHERE id IN (SELECT value FROM json_each(?))`;
  return (yield* all(sql, JSON.stringify(ids))).map(foundFrom);
}

function* lastArrival(): Work<number> {
  return ((yield* get("SELECT max(seq) AS seq FROM job"))!.seq ?? 0) as number;
}
