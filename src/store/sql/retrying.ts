/**
 * Jobs that get a new life.
 *
 * @module
 */

import { ConflictError, UniqueKeyTakenError } from "../../errors.ts";
import type { Parent } from "../../job/job.ts";
import { sourcesOf, type State, transition } from "../../job/state.ts";
import { find } from "./steering.ts";
import { takeBackDependents } from "./taking_back.ts";
import { crowdsOf, FOUND, type Found, foundFrom, seqsOf } from "./together.ts";
import { takeTurn } from "./turn.ts";
import { type Holder, holderOf, holdersOf } from "./unique_key.ts";
import { all, get, send, type Work } from "./work.ts";

/** Within a transaction: gives a job a new life. */
export function* retryJob(id: string, from: readonly State[], now: number): Work<void> {
  const job = yield* find(id);
  const { state } = job;
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
  const holder = yield* otherHolder(job);
  if (holder) throw new UniqueKeyTakenError({ id, key: job.uniqueKey!, holder });
  yield* giveNewLife(job, now);
}

/** So many jobs are read for one turn of retries, which rarely comes as far. */
const RETRIED = 1000;

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
    `SELECT ${FOUND} FROM job WHERE state = ? AND seq > ? ORDER BY seq LIMIT ?`,
    state,
    after,
    RETRIED,
  );
  const crowds = crowdsOf(rows.map(foundFrom));
  let retried = 0;
  const done = yield* takeTurn(crowds, function* (jobs) {
    const left = yield* retryPlain(jobs, now);
    retried += jobs.length - left.length;
    for (const job of left) {
      if (yield* otherHolder(job)) continue;
      if (state === "cancelled" && (yield* comesWithParent(job.seq))) continue;
      const others = yield* giveNewLife(job, now);
      retried += state === "cancelled" ? 1 + others : 1;
    }
  });
  const isDone = done === crowds.length && rows.length < RETRIED;
  return { retried, last: isDone ? null : crowds[done - 1]!.at(-1)!.seq };
}

const NEW_LIFE = `UPDATE job SET state = 'pending', attempts = 0, run_at = NULL, updated_at = ?,
  started_at = NULL, finished_at = NULL, exit_code = NULL, error = NULL, cancelled_by = NULL,
  was_waiting = NULL, progress = NULL, progress_message = NULL
  WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;

/**
 * Within a transaction: of jobs that may be retried gives those a new life of which nothing else comes.
 *
 * @returns the others, to be retried one by one, in order: what becomes of one may depend on those before it
 */
export function* retryPlain(jobs: readonly Found[], now: number): Work<readonly Found[]> {
  const bringing = yield* whoBringOthers(jobs);
  const isFamily = (job: Found) => job.cancelledBy !== null || bringing.has(job.id);
  let plain = jobs.filter((job) => !isFamily(job));
  if (plain.length < jobs.length) {
    // A job that comes back with another one may take a unique key.
    plain = plain.filter(({ uniqueKey }) => uniqueKey === null);
    // It also looks at all its parents: whether one of them has a new life by then makes a difference.
    const watched = plain.length === 0 ? new Set() : yield* whomTheyWaitFor(bringing);
    plain = plain.filter(({ id }) => !watched.has(id));
  } else plain = yield* withFreeKeys(plain);
  if (plain.length > 0) yield* send(NEW_LIFE, now, seqsOf(plain));
  const retried = new Set(plain);
  return jobs.filter((job) => !retried.has(job));
}

/** Those of some jobs that have no unique key, or the first of them whose key no other job holds. */
function* withFreeKeys(jobs: readonly Found[]): Work<Found[]> {
  const keys = jobs.map(({ uniqueKey }) => uniqueKey).filter((key) => key !== null);
  const holders = new Map([...yield* holdersOf(keys)].map(([key, { id }]) => [key, id]));
  return jobs.filter(({ id, uniqueKey: key }) => {
    if (key === null) return true;
    const holder = holders.get(key) ?? id;
    holders.set(key, holder);
    return holder === id;
  });
}

/** The ids of those of some jobs because of which others were cancelled. */
function* whoBringOthers(jobs: readonly Found[]): Work<Set<string>> {
  const found = yield* all(
    `SELECT value AS id FROM json_each(?) WHERE EXISTS
      (SELECT 1 FROM job WHERE cancelled_by = value)`,
    JSON.stringify(jobs.map(({ id }) => id)),
  );
  return new Set(found.map(({ id }) => id as string));
}

/** The parents of all who were cancelled because of some jobs, or because of one of them. */
function* whomTheyWaitFor(ids: ReadonlySet<string>): Work<Set<string>> {
  const rows = ids.size === 0 ? [] : yield* all(
    `WITH RECURSIVE child (seq, id) AS (
      SELECT job.seq, job.id FROM json_each(?) CROSS JOIN job ON (cancelled_by = value)
      UNION SELECT job.seq, job.id FROM child CROSS JOIN job ON (job.cancelled_by = child.id)
    ) SELECT after FROM child CROSS JOIN job ON (job.seq = child.seq)`,
    JSON.stringify([...ids]),
  );
  return new Set(
    rows.flatMap(({ after }) => (JSON.parse(after as string) as Parent[]).map(({ id }) => id)),
  );
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
function* otherHolder({ id, uniqueKey }: Found): Work<Holder | null> {
  const holder = uniqueKey === null ? null : yield* holderOf(uniqueKey);
  return holder?.id === id ? null : holder;
}

/** How many others come back with it, which were cancelled because of it. */
function* giveNewLife(job: Found, now: number): Work<number> {
  yield* send(NEW_LIFE, now, seqsOf([job]));
  return yield* takeBackDependents(job.id, now);
}
