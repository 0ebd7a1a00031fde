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

/** The same in transactions, where the server does not say since when: of sessions of other roles. */
const FAR = 10_000;

/**
 * Whoever still may look at old versions: sessions, transactions that were prepared, standbys, and slots. `held` is for
 * how many milliseconds, `age` for how many transactions.
 */
export const HOLDERS =
  `SELECT CASE backend_type WHEN 'walsender' THEN 'standby' ELSE 'session' END AS kind,
    pid::text AS name, application_name AS program,
    (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::bigint AS held,
    greatest(age(backend_xmin), age(backend_xid))::bigint AS age
  FROM pg_stat_activity WHERE pid <> pg_backend_pid()
    AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    AND CASE WHEN backend_type = 'walsender' THEN age(backend_xmin) > ${FAR}
      WHEN backend_type <> 'client backend' OR datname <> current_database() THEN false
      WHEN xact_start IS NULL THEN greatest(age(backend_xmin), age(backend_xid)) > ${FAR}
      ELSE xact_start < clock_timestamp() - interval '${LONG} milliseconds' END
  UNION ALL SELECT 'prepared', gid, owner,
    (extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint, age(transaction)::bigint
  FROM pg_prepared_xacts WHERE database = current_database()
    AND prepared < clock_timestamp() - interval '${LONG} milliseconds'
  UNION ALL SELECT 'slot', slot_name, slot_type, NULL, age(coalesce(xmin, catalog_xmin))::bigint
  FROM pg_replication_slots WHERE NOT active AND age(coalesce(xmin, catalog_xmin)) > 1000000
  ORDER BY 1, 2`;

/** What comes of it. */
const HARM =
  "what was changed since cannot be cleared up, so the store grows, and looks at it get slower";

/** Who keeps the server from clearing up. */
export async function holdersCheck(
  { rows, psql }: Pick<ServerPatient, "rows" | "psql">,
): Promise<Check> {
  const findings = (await rows(HOLDERS)).map((row): Finding => {
    const { kind, name } = row;
    const text = `'${String(name).replaceAll("'", "''")}'`;
    const program = row.program === "" || row.program === null
      ? "a program without a name"
      : row.program;
    const long = row.held === null ? `${row.age} transactions` : formatElapsed(Number(row.held));
    switch (kind) {
      case "session":
        return warning(
          `Session ${name} (${program}) has been in one transaction for ${long}: ${HARM}`,
          `To end it, as its role or as a superuser: ${
            psql(`SELECT pg_terminate_backend(${name})`)
          }`,
        );
      case "standby":
        return warning(
          `Somebody on the standby ${program} has been reading for ${long}: ${HARM}`,
          "To end it there: SELECT pid, query FROM pg_stat_activity ORDER BY xact_start, and " +
            "pg_terminate_backend(pid); to have it no effect here: hot_standby_feedback = off there",
        );
      case "prepared":
        return warning(
          `Transaction ${name} of role ${program} was prepared ${long} ago, and not ended: ${HARM}`,
          `To give it up: ${psql(`ROLLBACK PREPARED ${text}`)}`,
        );
      default:
        return warning(
          `Nobody uses the replication slot ${name} any more: ${HARM}`,
          `To remove it: ${psql(`SELECT pg_drop_replication_slot(${text})`)}`,
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
