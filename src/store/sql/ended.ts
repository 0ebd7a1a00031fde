/**
 * Finds and deletes jobs that have ended, a portion at a time.
 *
 * @module
 */

import type { State } from "../../job/state.ts";
import type { EndedFilter } from "../store.ts";
import type { Engine } from "./engine.ts";
import { crowdsOf, deleteJobs } from "./together.ts";
import { takeTurn } from "./turn.ts";
import { all, type SqlValue, type Work } from "./work.ts";

/** See `Store.removeEnded`. */
export async function removeEnded(
  engine: Engine,
  { states, ...filter }: EndedFilter,
  limit: number,
): Promise<number> {
  let total = 0;
  for (const state of states) {
    if (total >= limit) break;
    let last: EndedJob | null = null;
    do {
      const from: EndedFrom = { after: last, limit: limit - total };
      // Looked for without the lock, for what a filter leaves out may be many.
      const look = await engine.read(() => findEnded(state, filter, from));
      last = look.last;
      for (let left = look.found; left.length > 0;) {
        const found = left;
        const turn = await engine.writeMuch(() => removeFound(state, found));
        total += turn.removed;
        left = left.slice(turn.done);
      }
    } while (last !== null && total < limit);
  }
  return total;
}

/** A job that has ended, as far as its removal needs it. */
interface EndedJob {
  readonly seq: number;
  readonly finishedAt: number;
}

/** Of one look at the jobs that have ended. */
interface EndedLook {
  /** Those that the filter finds and for which nobody waits, oldest end first. */
  readonly found: readonly EndedJob[];
  /** The last one that was looked at; null if there are no more. */
  readonly last: EndedJob | null;
}

/** At most so many are looked at in one go: 5 ms. */
const LOOKED_AT = 5000;

const NOBODY_WAITS = "NOT EXISTS (SELECT 1 FROM dependency WHERE parent = job.id)";

/** Where a look at the jobs that have ended begins. */
interface EndedFrom {
  /** The last one of the look before. */
  readonly after: EndedJob | null;
  /** At most so many, one or more. */
  readonly limit: number;
}

/** Within a snapshot: the next jobs of a state that ended before a time. */
function* findEnded(
  state: State,
  { before, queue, error }: Omit<EndedFilter, "states">,
  { after, limit }: EndedFrom,
): Work<EndedLook> {
  const fits = queue === undefined ? [] : ["queue = ?"];
  const fitValues: SqlValue[] = queue === undefined ? [] : [queue];
  const alike = error === null ? "error IS NULL" : "error = ?";
  const errors = error === undefined || error === null ? [] : [error];
  const hasIndex = state === "dead" && error !== undefined;
  if (error !== undefined && !hasIndex) {
    fits.push(alike);
    fitValues.push(...errors);
  }
  const most = Math.min(limit, LOOKED_AT);
  const { seq, finishedAt } = after ?? { seq: -1, finishedAt: Number.MIN_SAFE_INTEGER };
  const rows = yield* all(
    `SELECT seq, finished_at, ${[...fits, NOBODY_WAITS].join(" AND ")} AS fits
    FROM job INDEXED BY ${hasIndex ? "job_error" : "job_ended"}
    WHERE ${hasIndex ? `state = 'dead' AND ${alike}` : "state = ?"}
      AND finished_at < ? AND (finished_at, seq) > (?, ?)
    ORDER BY finished_at, seq LIMIT ?`,
    ...fitValues,
    ...hasIndex ? errors : [state],
    before,
    finishedAt,
    seq,
    most,
  );
  const jobs = rows.map((row) => ({
    seq: row.seq as number,
    finishedAt: row.finished_at as number,
    fits: row.fits === 1,
  }));
  return {
    found: jobs.filter(({ fits }) => fits),
    last: jobs.length < most ? null : jobs.at(-1)!,
  };
}

/** Within a transaction: deletes what still is as it was found, for one turn. */
function* removeFound(
  state: State,
  found: readonly EndedJob[],
): Work<{ readonly done: number; readonly removed: number }> {
  const crowds = crowdsOf(found);
  let removed = 0;
  const done = yield* takeTurn(crowds, function* (crowd) {
    const ends = new Map(crowd.map(({ seq, finishedAt }) => [seq, finishedAt]));
    const rows = yield* all(
      `SELECT seq, state, finished_at, ${NOBODY_WAITS} AS fits FROM job
      WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
      JSON.stringify([...ends.keys()]),
    );
    const same = rows.filter((row) =>
      row.fits === 1 && row.state === state && row.finished_at === ends.get(row.seq as number)
    );
    yield* deleteJobs(same.map(({ seq }) => ({ seq: seq as number })));
    removed += same.length;
  });
  return { done: crowds.slice(0, done).flat().length, removed };
}
