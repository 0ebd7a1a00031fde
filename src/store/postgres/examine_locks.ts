/**
 * Whether somebody keeps others waiting.
 *
 * @module
 */

import { formatElapsed } from "../../elapsed.ts";
import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { ServerPatient } from "./examine.ts";

/** Whoever has waited for less, milliseconds, waits his turn. */
const LONG = 5000;

/** Who waits for locks on the store's tables, and the first of those who hold what they wait for. */
const WAITING = `SELECT min(waiting.pid) AS pid, count(*) AS waiting, holder.pid AS holder,
    holder.application_name AS program, holder.usename AS role, holder.state = 'idle in transaction' AS is_idle,
    max(extract(epoch FROM clock_timestamp() - waiting.query_start) * 1000)::bigint AS waited
  FROM pg_stat_activity AS waiting
  JOIN pg_stat_activity AS holder ON holder.pid = (pg_blocking_pids(waiting.pid))[1]
  WHERE waiting.datname = current_database() AND waiting.wait_event_type = 'Lock'
    AND waiting.query_start < clock_timestamp() - interval '${LONG} milliseconds'
    AND EXISTS (SELECT 1 FROM pg_locks JOIN pg_class ON pg_class.oid = relation
      WHERE pg_locks.pid = waiting.pid AND relnamespace = quote_ident(current_schema())::regnamespace)
  GROUP BY holder.pid, holder.application_name, holder.usename, holder.state`;

/** Who holds a lock for long, for which others wait. */
export async function locksCheck({ rows, psql }: ServerPatient): Promise<Check> {
  const findings = (await rows(WAITING)).map((row): Finding => {
    const who = `Session ${row.holder} (${
      row.program || "a program without a name"
    }, role ${row.role})`;
    const waited = formatElapsed(Number(row.waited));
    const others = row.waiting === 1 ? "1 other waits" : `${row.waiting} others wait`;
    const mend = `To end it: ${psql(`SELECT pg_terminate_backend(${row.holder})`)}`;
    return row.is_idle === 1
      ? problem(
        `${who} does nothing within a transaction, and ${others} for it, for ${waited}`,
        mend,
      )
      : warning(`${who} works, and ${others} for it, for ${waited}`, mend);
  });
  return { name: "locks", text: "Nobody waits for long for anybody", findings };
}
