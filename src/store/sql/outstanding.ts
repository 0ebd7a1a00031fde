/**
 * How much there is to do, which a worker that is to end asks at each tick.
 *
 * @module
 */

import { get, type SqlValue, type Work } from "./work.ts";

/** Of the jobs that are due soon at most so many are counted: it is enough to know that there are many. */
const MOST_DUE = 1000;

/** See `Store.outstanding`. */
export function* countOutstanding(
  queues: readonly string[] | null,
  dueBefore: number,
  except: string | null,
): Work<number> {
  // SQLite takes the last two conditions away for an empty list, and then finds no use for the index.
  if (queues?.length === 0) return 0;
  const served = queues === null ? "" : `queue IN (${queues.map(() => "?").join(", ")}) AND`;
  const values = queues ?? [];
  const active = "queue NOT IN (SELECT name FROM queue WHERE paused = 1)";
  const later = "(state = 'scheduled' OR state = 'failed')";
  const ready = yield* count(
    `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter
    WHERE ${served} (state = 'processing' OR (state = 'pending' AND ${active}))`,
    ...values,
  );
  const due = yield* countDue();
  // Of parents that have ended the dependents may be pending in a moment.
  const told = (yield* get("SELECT 1 FROM ended_parent LIMIT 1")) === null ? 0 : 1;
  const own = except === null ? 0 : yield* count(
    `SELECT count(*) AS jobs FROM job WHERE ${served} id = ? AND state = 'processing'`,
    ...values,
    except,
  );
  return ready + due + told - own;

  /** A drained worker asks at each tick, and there may be a million of them, also of paused queues. */
  function* countDue(): Work<number> {
    const own = yield* count(
      `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter WHERE ${served} ${later} AND ${active}`,
      ...values,
    );
    if (own === 0) return 0;
    const everyones = yield* count(
      `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter WHERE ${later}`,
    );
    // Where nobody's are left out the index is enough, without a look at each job.
    const [filter, filterValues] = own === everyones
      ? ["", []]
      : [`${served} ${active} AND`, values];
    return yield* count(
      `SELECT count(*) AS jobs FROM (SELECT 1 FROM job INDEXED BY job_due
        WHERE ${filter} ${later} AND run_at <= ? LIMIT ${MOST_DUE}) AS due`,
      ...filterValues,
      dueBefore,
    );
  }

  function* count(sql: string, ...values: SqlValue[]): Work<number> {
    return (yield* get(sql, ...values))!.jobs as number;
  }
}
