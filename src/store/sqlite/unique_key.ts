/**
 * Unique keys: of the jobs that are not final, one index allows one holder.
 *
 * @module
 */

import type { State } from "../../job/state.ts";
import type { Database } from "./database.ts";

/** The job that holds a unique key, and its state; null if it is free. */
export function holderOf(db: Database, key: string): { id: string; state: State } | null {
  // The condition is that of the partial index, word for word.
  const row = db.get(
    `SELECT id, state FROM job WHERE unique_key = ?
      AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled'`,
    key,
  );
  return row && { id: row.id as string, state: row.state as State };
}
