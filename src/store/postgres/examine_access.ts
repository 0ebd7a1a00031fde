/**
 * Who may touch a store in PostgreSQL: whoever may add jobs can run commands as its workers.
 *
 * @module
 */

import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { ServerPatient } from "./examine.ts";
import { quoteName } from "./psql.ts";

/** What everybody who can log in may do with the schema and its tables. */
const PUBLIC = `SELECT DISTINCT privilege_type AS privilege FROM pg_class, aclexplode(relacl)
  WHERE relnamespace = quote_ident(current_schema())::regnamespace AND grantee = 0 AND relkind IN ('r', 'v')
  UNION SELECT 'CREATE' FROM pg_namespace, aclexplode(nspacl)
  WHERE pg_namespace.oid = quote_ident(current_schema())::regnamespace AND grantee = 0 AND privilege_type = 'CREATE'
  ORDER BY 1`;

/** Whether anybody who can log in may look at the store, or change it. */
export async function accessCheck({ rows, psql, schema }: ServerPatient): Promise<Check> {
  const [row = {}] = await rows(
    `SELECT EXISTS (SELECT 1 FROM pg_namespace, aclexplode(nspacl)
      WHERE pg_namespace.oid = quote_ident(current_schema())::regnamespace AND grantee = 0) AS is_open`,
  );
  const privileges = row.is_open === 1
    ? (await rows(PUBLIC)).map(({ privilege }) => privilege as string)
    : [];
  const name = quoteName(schema);
  const mend = `To close it: ${
    psql(
      `REVOKE ALL ON ALL TABLES IN SCHEMA ${name} FROM PUBLIC; REVOKE ALL ON SCHEMA ${name} FROM PUBLIC`,
    )
  }`;
  const findings: Finding[] = [];
  if (privileges.some((privilege) => privilege !== "SELECT")) {
    const may = privileges.filter((privilege) => privilege !== "SELECT").join(", ");
    findings.push(problem(
      `Everybody who can log in to the database may change the store (${may}), and so run commands`,
      mend,
    ));
  } else if (privileges.length > 0) {
    findings.push(
      warning("Everybody who can log in to the database may look into the store", mend),
    );
  }
  return { name: "access", text: "Only roles that were let in may touch the store", findings };
}
