/**
 * How large the table of jobs is.
 *
 * @module
 */

import type { PostgresSession } from "../../toolchain/postgres_session.ts";

/** Bytes, and what the server believes to be dead. */
export interface TableSize {
  readonly table: number;
  readonly indexes: number;
  readonly dead: number;
}

/** Looks at the table `job`; the dead rows are those of a second ago. */
export async function tableSize(session: PostgresSession): Promise<TableSize> {
  const [row] = await session.ask(
    `SELECT pg_table_size('job') AS table, pg_indexes_size('job') AS indexes,
      pg_stat_get_dead_tuples('job'::regclass) AS dead`,
  );
  return row as unknown as TableSize;
}
