/**
 * Tells those who wait for jobs that have ended, in portions, so that no transaction lasts for long.
 *
 * @module
 */

import type { Condition } from "../../job/job.ts";
import { verdictOf } from "../../job/parents.ts";
import { isFinal, type State } from "../../job/state.ts";
import { cancelLines } from "./lines.ts";
import { type Broken, cancelBroken, detachParents, noteEnded, readyIfFree } from "./parents.ts";
import { all, type Row, send, type Work } from "./work.ts";

/** How far the dependents of ended jobs have been told. */
export interface Told {
  /** So many jobs can run now. */
  readonly ready: number;
  /** Whether all have been told. */
  readonly isDone: boolean;
}

/** The dependents of so many ended jobs are told together, where there are not too many. */
const TOGETHER = 100;

/**
 * Within a transaction: tells about `limit` dependents of jobs that have ended. Only one may do so at a time.
 */
export function* tellDependents(now: number, limit: number): Work<Told> {
  let ready = 0;
  const portion = new Portion(limit, now);
  while (portion.left > 0) {
    const parents = yield* all(
      `SELECT id, (SELECT state FROM job WHERE job.id = ended_parent.id) AS state
      FROM ended_parent ORDER BY id LIMIT ${TOGETHER}`,
    );
    if (parents.length === 0) return { ready, isDone: true };
    const news = yield* nextNews(parents as unknown as Ended[], portion.left);
    portion.left -= Math.max(news.parents.length, news.dependents.length);
    ready += yield* tell(news, portion);
    if (news.isWhole) yield* forgetEnded(news.parents);
  }
  return { ready, isDone: false };
}

/** Within a transaction: tells all dependents of jobs that have ended, and those of theirs. */
export function* tellAllDependents(now: number): Work<void> {
  while (!(yield* tellDependents(now, 1000)).isDone);
}

/** What is told within one transaction. */
class Portion {
  /** About so many may still be told. */
  left: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether all who are cancelled have waited for one job alone, as far as is known. */
  isOfLines = true;

  constructor(limit: number, now: number) {
    this.left = limit;
    this.now = now;
  }
}

/** A job that has ended; its state is another one if it was retried meanwhile, or null if it is gone. */
interface Ended {
  readonly id: string;
  readonly state: State | null;
}

/** Who is to be told of whom. */
interface News {
  readonly parents: readonly Ended[];
  readonly dependents: readonly Row[];
  /** These are all dependents of theirs. */
  readonly isWhole: boolean;
}

const DEPENDENTS = `SELECT parent, job.seq, job.id, job.state, condition FROM dependency
  CROSS JOIN job ON (job.seq = dependency.job)`;

/**
 * At most `limit` dependents of the first of some parents; in order of arrival, if they are cancelled: who was
 * cancelled may have dependents of its own, which come before those of the next parent.
 */
function* nextNews(parents: readonly Ended[], limit: number): Work<News> {
  const states = new Map(parents.map(({ id, state }) => [id, state]));
  const ended = parents.filter(hasEnded);
  const found = ended.length === 0 ? [] : yield* all(
    `${DEPENDENTS} WHERE parent IN (SELECT value FROM json_each(?)) LIMIT CAST(? AS INTEGER)`,
    JSON.stringify(ended.map(({ id }) => id)),
    limit + 1,
  );
  const unhappy = new Set(
    found.filter((row) => !isMet(row, states)).map(({ parent }) => parent as string),
  );
  const bad = parents.findIndex(({ id }) => unhappy.has(id));
  if (found.length <= limit && bad !== 0) {
    const happy = bad < 0 ? parents : parents.slice(0, bad);
    const ids = new Set(happy.map(({ id }) => id));
    const dependents = bad < 0 ? found : found.filter(({ parent }) => ids.has(parent as string));
    return { parents: happy, dependents, isWhole: true };
  }
  const first = ended[0]!;
  if (found.length <= limit) {
    const own = found.filter(({ parent }) => parent === first.id);
    return { parents: [first], dependents: own.sort(byArrival), isWhole: true };
  }
  const dependents = yield* all(
    `${DEPENDENTS} WHERE parent = ? ORDER BY dependency.job LIMIT CAST(? AS INTEGER)`,
    first.id,
    limit,
  );
  return { parents: [first], dependents, isWhole: dependents.length < limit };
}

function byArrival(a: Row, b: Row): number {
  return (a.seq as number) - (b.seq as number);
}

function hasEnded({ state }: Ended): boolean {
  return state !== null && isFinal(state);
}

function isMet({ parent, condition }: Row, states: ReadonlyMap<string, State | null>): boolean {
  return verdictOf(condition as Condition, states.get(parent as string)!) === "met";
}

/** How many jobs are pending now. */
function* tell({ parents, dependents, isWhole }: News, portion: Portion): Work<number> {
  const states = new Map(parents.map(({ id, state }) => [id, state]));
  const met = dependents.filter((row) => isMet(row, states)).map(({ seq }) => seq as number);
  if (met.length < dependents.length) {
    // Then there is but one parent.
    const { id, state } = parents[0]!;
    const unhappy = dependents.filter((row) => !isMet(row, states));
    yield* cancelChildren(unhappy, { id, state: state! }, portion);
  }
  if (met.length === 0) return 0;
  if (isWhole && met.length === dependents.length) {
    yield* send(
      "DELETE FROM dependency WHERE parent IN (SELECT value FROM json_each(?))",
      // One that was retried before it was told of is waited for again.
      JSON.stringify(parents.filter(hasEnded).map(({ id }) => id)),
    );
  } else {
    yield* send(
      `DELETE FROM dependency
      WHERE parent = ? AND job IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
      parents[0]!.id,
      JSON.stringify(met),
    );
  }
  return yield* readyIfFree(met, portion.now);
}

/** A parent has ended otherwise than it should for these, which are in order of arrival. */
function* cancelChildren(
  children: readonly Row[],
  parent: { readonly id: string; readonly state: State },
  portion: Portion,
): Work<void> {
  const seqs = children.map(({ seq }) => seq as number);
  const waits = yield* all(
    `SELECT dependency.job, dependency.parent, condition,
      (SELECT state FROM job WHERE job.id = dependency.parent) AS state
    FROM json_each(?) CROSS JOIN dependency ON (dependency.job = CAST(value AS INTEGER))`,
    JSON.stringify(seqs),
  );
  const states = new Map(waits.map((row) => [row.parent as string, row.state as State | null]));
  const waitsOf = Map.groupBy(waits, ({ job }) => job as number);
  const broken = children.map((row): Broken => {
    const seq = row.seq as number;
    // One that has ended as it should, and has yet to tell so, is not waited for any more.
    const open = waitsOf.get(seq)!
      .filter((wait) => states.get(wait.parent as string) === null || !isMet(wait, states))
      .map((wait) => wait.parent as string);
    // Those that come after it may wait for it.
    states.set(row.id as string, "cancelled");
    const on = row.condition as Condition;
    return { seq, parent: { ...parent, on }, waiting: { held: row.state === "held", open } };
  });
  yield* cancelBroken(broken, portion.now);
  yield* detachParents(...seqs);
  const ids = children.map(({ id }) => id as string);
  yield* noteEnded(...ids, ...yield* goDown(ids, portion));
}

/** Those who are cancelled because of jobs that were. Where one of them waits for several, the others come by and by. */
function* goDown(ids: readonly string[], portion: Portion): Work<readonly string[]> {
  if (!portion.isOfLines || portion.left <= 0) return [];
  const cancelled = yield* cancelLines(ids, portion.left, portion.now);
  // To look at the same jobs once for each of them would take long.
  if (cancelled === null) portion.isOfLines = false;
  else portion.left -= cancelled.length;
  return cancelled ?? [];
}

function* forgetEnded(parents: readonly Ended[]): Work<void> {
  yield* send(
    "DELETE FROM ended_parent WHERE id IN (SELECT value FROM json_each(?))",
    JSON.stringify(parents.map(({ id }) => id)),
  );
}
