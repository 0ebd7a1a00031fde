/**
 * Jobs that wait for one other job each, down the line: all of them are cancelled with the first.
 *
 * @module
 */

import { cancelWithParents } from "./parents.ts";
import { all, type Work } from "./work.ts";

/** Of a dependent: whether it waits for nobody else, and for the parent to end well. */
const IS_PLAIN = `condition = 'ok' AND NOT EXISTS (SELECT 1 FROM dependency AS other
    WHERE other.job = dependency.job AND other.parent <> dependency.parent)`;

/** Who waits for some jobs, and who waits for those that are plain. */
const LINES = `WITH RECURSIVE line (seq, id, is_plain) AS (
    SELECT job.seq, job.id, ${IS_PLAIN} FROM dependency
    CROSS JOIN job ON (job.seq = dependency.job) WHERE parent IN (SELECT value FROM json_each(?))
    UNION ALL
    SELECT job.seq, job.id, ${IS_PLAIN} FROM line
    CROSS JOIN dependency ON (dependency.parent = line.id) CROSS JOIN job ON (job.seq = dependency.job)
    WHERE line.is_plain
  ) SELECT seq, id, CASE WHEN is_plain THEN 1 ELSE 0 END AS is_plain FROM line
  LIMIT CAST(? AS INTEGER)`;

/**
 * Within a transaction: cancels those who wait for jobs that were cancelled, and so on, about `limit` of them. It makes no
 * difference in which order that is done where each waits for one job alone; else nothing is done.
 *
 * @returns the ids of those that were cancelled; null if there is one who waits for more
 */
export function* cancelLines(
  ids: readonly string[],
  limit: number,
  now: number,
): Work<string[] | null> {
  const rows = yield* all(LINES, JSON.stringify(ids), limit);
  if (rows.some(({ is_plain: isPlain }) => isPlain === 0)) return null;
  if (rows.length === 0) return [];
  yield* cancelWithParents(rows.map(({ seq }) => seq as number), now);
  return rows.map(({ id }) => id as string);
}
