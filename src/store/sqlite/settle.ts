/**
 * Settles the attempts that a tick brings.
 *
 * @module
 */

import type { AttemptEnd, Settled } from "../tick.ts";
import { EndedAttempts } from "../sql/ended_attempts.ts";
import { settleAttempt } from "../sql/settle.ts";
import { addUp } from "../sql/statistics.ts";
import { completeAttempts } from "./complete.ts";
import type { Database } from "./database.ts";

/** Statistics are added up after so many ticks with ends at the latest. */
const LISTS = 250;

const STORE = "INSERT INTO ended_attempts (list) VALUES (?)";

/**
 * Within a transaction: settles attempts, and writes them down for the statistics.
 *
 * @returns what became of each, in their order; null if its job has moved on, or its worker is back that was
 * given up
 */
export function settleAttempts(
  db: Database,
  ends: readonly AttemptEnd[],
  now: number,
  random: () => number,
): (Settled | null)[] {
  const noted = new EndedAttempts();
  const completed = completeAttempts(db, ends, noted, now);
  const settled = ends.map((end) =>
    completed.get(end) ?? db.do(settleAttempt(end, noted, now, random))
  );
  const list = noted.text();
  // Numbers begin anew where all rows are gone.
  if (list !== null && db.insert(STORE, list) >= LISTS) db.do(addUp(now));
  return settled;
}
