/**
 * Unique keys: of the jobs that are not final, one index allows one holder.
 *
 * @module
 */

import type { State } from "../../job/state.ts";
import { all, get, type Work } from "./work.ts";

/** A job that holds a unique key. */
export interface Holder {
  readonly id: string;
  readonly state: State;
}

/** The condition of the partial index, word for word. */
export const UNFINISHED = "state <> 'completed' AND state <> 'dead' AND state <> 'cancelled'";

const HOLDER = `SELECT id, state FROM job WHERE unique_key = ? AND ${UNFINISHED}`;

/** The job that holds a unique key, and its state; null if it is free. */
export function* holderOf(key: string): Work<Holder | null> {
  const row = yield* get(HOLDER, key);
  return row && { id: row.id as string, state: row.state as State };
}

/** Those of unique keys that jobs hold, and by which. */
export function* holdersOf(keys: readonly string[]): Work<Map<string, Holder>> {
  const rows = keys.length === 0 ? [] : yield* all(
    `SELECT unique_key, job.id, state FROM json_each(?) CROSS JOIN job
    ON (unique_key = value AND ${UNFINISHED})`,
    JSON.stringify(keys),
  );
  return new Map(rows.map((row) => {
    return [row.unique_key as string, { id: row.id as string, state: row.state as State }];
  }));
}

/** {@linkcode holderOf} within a transaction, to whose end nobody else claims or changes that job. */
export function* holderToReplace(key: string): Work<Holder | null> {
  const row = yield* get(`${HOLDER} FOR UPDATE`, key);
  return row && { id: row.id as string, state: row.state as State };
}
