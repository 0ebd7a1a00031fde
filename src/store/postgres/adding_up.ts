/**
 * What many workers write down in rows of their own, added up now and then by one of them.
 *
 * @module
 */

import { addUp } from "../sql/statistics.ts";
import { get, run, type Work } from "../sql/work.ts";

/** So many rows are left as they are: whoever reads adds them up in no time. */
const FEW = 200;

/** Longer than so many milliseconds, after the minute in which it ended, nothing waits. */
const LONG = 120_000;

/** Whether there is enough to be added up, or it has waited for long enough; a look at so many rows at the most. */
export const IS_MUCH = `((SELECT count(*) FROM (SELECT FROM counter_part LIMIT ${FEW}) AS few)
    + (SELECT count(*) FROM (SELECT FROM ended_attempts LIMIT ${FEW}) AS few) >= ${FEW}
    OR (SELECT split_part(list, ' ', 1)::bigint FROM ended_attempts ORDER BY number LIMIT 1)
      < clock_now() - ${LONG})`;

/** So that one does it at a time; the others go on. */
const TRY = "SELECT pg_try_advisory_xact_lock('gate'::regclass::oid::int, 1) AS has_lock";

/** A counter that has come to nothing stays: its queue has held jobs. */
const COUNT = `WITH parts AS (DELETE FROM counter_part RETURNING state, queue, jobs)
  INSERT INTO counter_sum (state, queue, jobs)
  SELECT state, queue, sum(jobs) FROM parts GROUP BY state, queue ORDER BY state, queue
  ON CONFLICT (state, queue) DO UPDATE SET jobs = counter_sum.jobs + excluded.jobs`;

/** Within a transaction: adds up the counters and the statistics, unless another worker is at it. */
export function* addUpAll(now: number): Work<void> {
  if ((yield* get(TRY))!.has_lock !== 1) return;
  yield* run(COUNT);
  yield* addUp(now);
}
