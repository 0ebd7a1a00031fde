/**
 * The server of a store: its version, how one talks to it, whether it keeps what it is given, and how many it lets in.
 *
 * @module
 */

import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { ServerPatient } from "./examine.ts";
import { MIGRATIONS } from "./migrations.ts";

/** What the server is, and whether what is said to it can be overheard. */
export async function versionCheck({ rows }: ServerPatient): Promise<Check> {
  const [row = {}] = await rows(
    `SELECT current_setting('server_version') AS server, pg_is_in_recovery() AS is_standby,
      (SELECT max(version) FROM migration) AS version,
      (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS is_encrypted,
      inet_client_addr() IS NULL OR inet_client_addr() <<= '127.0.0.0/8'
        OR inet_client_addr() = '::1' AS is_near`,
  );
  const isEncrypted = row.is_encrypted === 1;
  const findings: Finding[] = [];
  if (row.is_standby === 1) {
    findings.push(problem(
      "The server is a standby, which can only be read",
      "Give the URL of the primary server, or promote this one: SELECT pg_promote()",
    ));
  }
  if (!isEncrypted && row.is_near !== 1) {
    findings.push(warning(
      "What is said to the server goes over the network as it is: commands, their output and input",
      "Add sslmode=require to the URL; verify-full also makes sure of the server",
    ));
  }
  const how = isEncrypted ? "encrypted (TLS)" : "not encrypted";
  const text = `PostgreSQL ${row.server}, ${how}, schema ${row.version} of ${MIGRATIONS.length}`;
  return { name: "versions", text, findings };
}

/** By which a power cut loses what was accepted, and what that would be. */
const LOSSES: readonly (readonly [string, string])[] = [
  ["fsync", "the whole database may be lost, when the server's machine dies"],
  ["full_page_writes", "pages of the database may be torn, when the server's machine dies"],
];

/**
 * Whether what is accepted survives the death of the server (promise 1). That a commit is waited for is for each
 * connection to say, and ours do.
 */
export async function durabilityCheck({ rows }: ServerPatient): Promise<Check> {
  const found = await rows(
    `SELECT name, setting FROM pg_settings WHERE setting = 'off'
      AND name IN ('fsync', 'full_page_writes')`,
  );
  const off = found.map(({ name }) => name as string);
  const findings = LOSSES.filter(([name]) => off.includes(name)).map(([name, loss]) =>
    problem(`${name} is off: ${loss}`, `To set it right: ALTER SYSTEM SET ${name} = on, and reload`)
  );
  return { name: "durable", text: "What the server has accepted survives its death", findings };
}

/** Fewer free connections are a warning; a worker needs two. */
const FEW = 10;

/** How many more the server lets in. */
export async function connectionsCheck({ rows }: ServerPatient): Promise<Check> {
  const [row = {}] = await rows(
    `SELECT current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int AS most,
      (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
      (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_most,
      (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS database_used,
      (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_most,
      (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user) AS role_used,
      (SELECT count(*) FROM worker) AS workers`,
  );
  const limits = [
    { of: "server", most: Number(row.most), used: Number(row.used) },
    { of: "database", most: Number(row.database_most), used: Number(row.database_used) },
    { of: "role", most: Number(row.role_most), used: Number(row.role_used) },
  ].filter(({ most }) => most >= 0);
  const findings = limits.filter(({ most, used }) => most - used < FEW).map(({ of, most, used }) =>
    warning(
      `The ${of} lets in ${most}, and ${used} are there: soon workers and commands are refused`,
      of === "server"
        ? "Raise max_connections, end what is idle, or put a pooler in front of others"
        : `Raise the connection limit of the ${of}`,
    )
  );
  const { most, used } = limits[0]!;
  return { name: "sessions", text: `${used} of ${most} are in use`, findings };
}
