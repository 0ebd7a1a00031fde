/**
 * Whether the server gets rid of what was deleted and changed: each job leaves several old versions of its rows
 * behind, and claims get slower with each of them.
 *
 * @module
 */

import { formatElapsed } from "../../elapsed.ts";
import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { ServerPatient } from "./examine.ts";
import { quoteName } from "./psql.ts";

/** Milliseconds; what is open for longer keeps old versions from going. */
const LONG = 600_000;

/** Whoever still may look at old versions: sessions, transactions that were prepared, and standbys. */
const HOLDERS = `SELECT 'session' AS kind, pid::text AS name, application_name AS program,
    (extract(epoch FROM clock_timestamp() - coalesce(xact_start, backend_start)) * 1000)::bigint AS held
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND backend_type = 'client backend'
    AND xact_start < clock_timestamp() - interval '${LONG} milliseconds'
  UNION ALL SELECT 'prepared', gid, owner,
    (extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint
  FROM pg_prepared_xacts WHERE database = current_database()
    AND prepared < clock_timestamp() - interval '${LONG} milliseconds'
  UNION ALL SELECT 'slot', slot_name, slot_type, age(coalesce(xmin, catalog_xmin))::bigint
  FROM pg_replication_slots WHERE NOT active AND age(coalesce(xmin, catalog_xmin)) > 1000000
  ORDER BY 1, 2`;

/** Who keeps the server from clearing up. */
export async function holdersCheck({ rows, psql }: ServerPatient): Promise<Check> {
  const findings = (await rows(HOLDERS)).map(({ kind, name, program, held }): Finding => {
    const since = formatElapsed(Number(held));
    const harm = "what was changed since cannot be cleared up, so claims get slower";
    switch (kind) {
      case "session":
        return warning(
          `Session ${name} (${
            program || "a program without a name"
          }) has been in one transaction for ` +
            `${since}: ${harm}`,
          `To end it: ${psql(`SELECT pg_terminate_backend(${name})`)}`,
        );
      case "prepared":
        return warning(
          `Transaction ${name} of role ${program} was prepared ${since} ago, and not ended: ${harm}`,
          `To give it up: ${psql(`ROLLBACK PREPARED '${String(name).replaceAll("'", "''")}'`)}`,
        );
      default:
        return warning(
          `Nobody uses the replication slot ${name} any more: ${harm}`,
          `To remove it: ${
            psql(`SELECT pg_drop_replication_slot('${String(name).replaceAll("'", "''")}')`)
          }`,
        );
    }
  });
  return { name: "holders", text: "Nobody keeps the server from clearing up", findings };
}

/** So many dead rows, and more than living ones, are more than the upkeep can do. */
const MANY = 100_000;

/** At 2,000,000,000 the server stops. */
const OLD = 1_500_000_000;

const TABLES = `SELECT stat.relname AS name, n_live_tup AS live, n_dead_tup AS dead,
    pg_total_relation_size(relid) AS bytes,
    coalesce('autovacuum_enabled=false' = ANY (reloptions) OR 'autovacuum_enabled=off' = ANY (reloptions), false)
      AS is_left
  FROM pg_stat_user_tables AS stat JOIN pg_class ON pg_class.oid = relid
  WHERE schemaname = current_schema() ORDER BY stat.relname`;

/** How far the server is behind. */
export async function upkeepCheck({ rows, psql, schema }: ServerPatient): Promise<Check> {
  const [server = {}] = await rows(
    `SELECT current_setting('autovacuum') AS autovacuum, current_setting('track_counts') AS counts,
      (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()) AS age`,
  );
  const tables = await rows(TABLES);
  const findings: Finding[] = [];
  if (server.autovacuum === "off" || server.counts === "off") {
    findings.push(problem(
      "The server does not clear up by itself (autovacuum or track_counts is off), so claims get slower and slower",
      "To have it do so: ALTER SYSTEM SET autovacuum = on, the same for track_counts, and reload",
    ));
  }
  if (Number(server.age) > OLD) {
    findings.push(problem(
      `The database has not been vacuumed for ${server.age} transactions: at 2 billion the server stops`,
      `To do so: ${psql("VACUUM")}`,
    ));
  }
  for (const { name, live, dead, is_left } of tables) {
    const table = `${quoteName(schema)}.${quoteName(String(name))}`;
    if (is_left === 1) {
      findings.push(problem(
        `The server does not clear up the table ${name}`,
        `To have it do so: ${psql(`ALTER TABLE ${table} RESET (autovacuum_enabled)`)}`,
      ));
    }
    if (Number(dead) > MANY && Number(dead) > Number(live)) {
      findings.push(warning(
        `The table ${name} has ${dead} dead rows and ${live} living ones: the server does not keep up`,
        `To help it: ${psql(`VACUUM (ANALYZE) ${table}`)}`,
      ));
    }
  }
  const bytes = tables.reduce((sum, table) => sum + Number(table.bytes), 0);
  const dead = tables.reduce((sum, table) => sum + Number(table.dead), 0);
  const size = `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  return { name: "upkeep", text: `${size}, and ${dead} dead rows to clear up`, findings };
}
