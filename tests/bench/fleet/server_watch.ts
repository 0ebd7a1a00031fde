/**
 * What a fleet asks of a PostgreSQL server.
 *
 * @module
 */

import { PostgresSession } from "../../toolchain/postgres_session.ts";
import type { PostgresServer } from "../../toolchain/postgres.ts";
import { processesOf, serverTime } from "../postgres/server_time.ts";

/** Milliseconds between two looks at the processes of the server. */
const LOOK = 50;

/** The setting with which a server counts statements. */
export const COUNTS_STATEMENTS = { shared_preload_libraries: "pg_stat_statements" };

/** What a server was asked for in a while. */
export interface Demand {
  /** How many statements a second, but for those that begin and end transactions. */
  readonly statements: number;
  /** How many transactions; a session says so a second later at the most. */
  readonly transactions: number;
  /** How much of a core it used, percent. */
  readonly cpu: number;
  /** The most processes that it had at once: a few of its own, and one for each connection. */
  readonly processes: number;
}

/** Watches a server while something happens. */
export async function demandDuring(
  server: PostgresServer,
  happening: () => Promise<void>,
): Promise<Demand & { readonly seconds: number }> {
  let processes = 0;
  const look = () => {
    try {
      processes = Math.max(processes, processesOf(server.pid).length);
    } catch {
      // It is being restarted.
    }
  };
  const timer = setInterval(look, LOOK);
  const { pid } = server;
  const [cpuBefore, before, begin] = [serverTime(pid), await counts(server), performance.now()];
  await happening();
  const seconds = (performance.now() - begin) / 1000;
  const after = await counts(server);
  clearInterval(timer);
  const isSame = server.pid === pid;
  const cpu = serverTime(server.pid) - (isSame ? cpuBefore : 0);
  // A restart keeps these counts.
  const statements = after.statements - before.statements;
  const transactions = after.transactions - before.transactions;
  return {
    seconds,
    processes,
    statements: statements / seconds,
    transactions: transactions / seconds,
    cpu: cpu / seconds / 10,
  };
}

/** So far, but for what this itself asks. */
async function counts(
  server: PostgresServer,
): Promise<{ statements: number; transactions: number }> {
  await using session = await PostgresSession.open(server.adminUrl, "public");
  await session.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
  const [row] = await session.ask(
    `SELECT (SELECT sum(calls) FROM pg_stat_statements) AS statements,
      (SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database) AS transactions`,
  );
  return row as { statements: number; transactions: number };
}
