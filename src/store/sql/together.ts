/**
 * What users do to jobs, done to many of them by a few statements: where each is a round trip, one job after the other
 * takes long.
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import { sourcesOf, type State, waitingState } from "../../job/state.ts";
import { cancelWaiting } from "./parents.ts";
import { all, type Row, send, type Work } from "./work.ts";

/** A job, as far as it has to be known to do something to it. */
export interface Found {
  /** Its number of arrival. */
  readonly seq: number;
  readonly id: string;
  readonly state: State;
  readonly runAt: number | null;
  readonly uniqueKey: string | null;
  readonly cancelledBy: string | null;
}

/** The columns of `job` that {@linkcode foundFrom} reads. */
export const FOUND = "seq, id, state, run_at, unique_key, cancelled_by";

/** A row of `job`. */
export function foundFrom(row: Row): Found {
  return {
    seq: row.seq as number,
    id: row.id as string,
    state: row.state as State,
    runAt: row.run_at as number | null,
    uniqueKey: row.unique_key as string | null,
    cancelledBy: row.cancelled_by as string | null,
  };
}

/** So many things make a crowd. */
const CROWD = 100;

/** Different things, as many as are worth a few statements: they come in their order, in crowds without doubles. */
export function crowdsOf<T>(things: readonly T[]): T[][] {
  const crowds: T[][] = [];
  let crowd = new Set<T>();
  for (const thing of things) {
    if (crowds.length === 0 || crowd.size === CROWD || crowd.has(thing)) {
      crowds.push([]);
      crowd = new Set();
    }
    crowd.add(thing);
    crowds.at(-1)!.push(thing);
  }
  return crowds;
}

const AMONG = "seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))";

/** The numbers of arrival of jobs, as text of JSON. */
export function seqsOf(jobs: readonly Pick<Found, "seq">[]): string {
  return JSON.stringify(jobs.map(({ seq }) => seq));
}

/** Those of some jobs that are in one of these states. */
export function inStates(jobs: readonly Found[], states: readonly State[]): Found[] {
  return jobs.filter(({ state }) => states.includes(state));
}

/** Within a transaction: cancels jobs that wait, and asks for the end of those that run; the others are cancelled. */
export function* cancelJobs(jobs: readonly Found[], now: number): Work<void> {
  const waiting = inStates(jobs, sourcesOf("cancel"));
  if (waiting.length > 0) yield* cancelWaiting(waiting.map(({ id }) => id), "cancelled", now);
  const running = inStates(jobs, ["processing"]);
  if (running.length > 0) {
    const sql = `UPDATE job SET cancel_requested = 1, updated_at = ? WHERE ${AMONG}`;
    yield* send(sql, now, seqsOf(running));
  }
  // Somebody wants it: a retry of its parent does not bring it back.
  const alone = jobs.filter(({ cancelledBy }) => cancelledBy !== null);
  if (alone.length > 0) {
    const sql =
      `UPDATE job SET cancelled_by = NULL, was_waiting = NULL, run_at = NULL WHERE ${AMONG}`;
    yield* send(sql, seqsOf(alone));
  }
}

/** Within a transaction: lets held jobs go; the states that they have now. */
export function* releaseJobs(
  jobs: readonly Found[],
  now: number,
): Work<ReadonlyMap<Found, State>> {
  const rows = yield* all(
    `SELECT DISTINCT job FROM dependency WHERE job IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
    seqsOf(jobs),
  );
  const blocked = new Set(rows.map(({ job }) => job as number));
  const states = new Map(jobs.map((job): [Found, State] => {
    const { seq, runAt } = job;
    return [job, waitingState({ held: false, blocked: blocked.has(seq), runAt }, now)];
  }));
  for (const [state, some] of Map.groupBy(jobs, (job) => states.get(job)!)) {
    const runAt = state === "pending" ? ", run_at = NULL" : "";
    const sql = `UPDATE job SET state = ?, updated_at = ?${runAt} WHERE ${AMONG}`;
    yield* send(sql, state, now, seqsOf(some));
  }
  return states;
}

/**
 * Within a transaction: deletes jobs with their attempts and output, in order: one for which others wait is left, unless
 * these were deleted before it. How many wait for those that are left.
 */
export function* deleteUnlessWaitedFor(
  jobs: readonly Found[],
): Work<ReadonlyMap<Found, number>> {
  const ids = JSON.stringify(jobs.map(({ id }) => id));
  const counts = yield* all(
    `SELECT parent, count(*) AS jobs FROM dependency
    WHERE parent IN (SELECT value FROM json_each(?)) GROUP BY parent`,
    ids,
  );
  const dependents = new Map(counts.map(({ parent, jobs }) => [parent as string, jobs as number]));
  const among = counts.length === 0 ? [] : yield* all(
    `SELECT parent, job FROM dependency WHERE parent IN (SELECT value FROM json_each(?))
      AND job IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
    ids,
    seqsOf(jobs),
  );
  const parentsOf = Map.groupBy(among, ({ job }) => job as number);
  const left = new Map<Found, number>();
  for (const job of jobs) {
    const waiting = dependents.get(job.id) ?? 0;
    if (waiting > 0) {
      left.set(job, waiting);
      continue;
    }
    for (const { parent } of parentsOf.get(job.seq) ?? []) {
      dependents.set(parent as string, dependents.get(parent as string)! - 1);
    }
  }
  yield* deleteJobs(jobs.filter((job) => !left.has(job)));
  return left;
}

/** Within a transaction: deletes jobs with their attempts and output. */
export function* deleteJobs(jobs: readonly Pick<Found, "seq">[]): Work<void> {
  if (jobs.length > 0) yield* send(`DELETE FROM job WHERE ${AMONG}`, seqsOf(jobs));
}

/** Why a job for which others wait is not deleted. */
export function waitedFor(id: string, dependents: number): ConflictError {
  const waiting = dependents === 1 ? "1 job waits" : `${dependents} jobs wait`;
  return new ConflictError(`Job ${id} cannot be deleted: ${waiting} for it`);
}
