/**
 * Which statements take a server the longest.
 *
 * @module
 */

import type { PostgresServer } from "../../toolchain/postgres.ts";
import { PostgresSession } from "../../toolchain/postgres_session.ts";

/** So many of them. */
const MOST = 14;

/** Counts from here on. */
export async function forgetStatements(server: PostgresServer): Promise<void> {
  await using session = await PostgresSession.open(server.adminUrl, "public");
  await session.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
  await session.ask("SELECT pg_stat_statements_reset()");
}

/** A table of those that took the longest since then: calls, all of their time, seconds, and one's, milliseconds. */
export async function slowestStatements(server: PostgresServer): Promise<string> {
  await using session = await PostgresSession.open(server.adminUrl, "public");
  const rows = await session.ask(
    `SELECT calls, round((total_exec_time / 1000)::numeric, 1) AS seconds,
      round(mean_exec_time::numeric, 2) AS mean, round(max_exec_time::numeric, 1) AS slowest,
      left(regexp_replace(query, '\\s+', ' ', 'g'), 90) AS text
    FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT ?`,
    MOST,
  );
  const line = (row: Record<string, unknown>) =>
    [row.calls, row.seconds, row.mean, row.slowest].map((cell) => String(cell).padStart(9)).join(
      "",
    ) +
    `  ${row.text}`;
  const names = {
    calls: "calls",
    seconds: "s",
    mean: "mean",
    slowest: "slowest",
    text: "statement",
  };
  return [names, ...rows].map(line).join("\n");
}
