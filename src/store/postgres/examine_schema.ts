/**
 * Whether the tables, indexes, triggers and functions of a store's version are there, and in use.
 *
 * @module
 */

import { type Check, type Finding, problem, unusable } from "../examination.ts";
import type { ServerPatient } from "./examine.ts";
import { MIGRATIONS } from "./migrations.ts";
import { quoteName } from "./psql.ts";

interface Thing {
  readonly kind: "table" | "view" | "index" | "function" | "trigger";
  readonly name: string;
  /** The statement that makes it. */
  readonly sql: string;
}

const THINGS =
  `SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' ELSE 'table' END AS kind,
    relname AS name, coalesce(indisvalid, true) AS is_in_use
  FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid
  WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p', 'v', 'i')
  UNION ALL SELECT 'function', proname, true FROM pg_proc
  WHERE pronamespace = quote_ident(current_schema())::regnamespace
  UNION ALL SELECT 'trigger', tgname, tgenabled IN ('O', 'A') FROM pg_trigger
  JOIN pg_class ON pg_class.oid = tgrelid
  WHERE relnamespace = quote_ident(current_schema())::regnamespace AND NOT tgisinternal`;

/** What is missing, and what the server does not use. */
export async function schemaCheck({ rows, schema, psql }: ServerPatient): Promise<Check> {
  const found = await rows(THINGS);
  const isInUse = new Map(
    found.map(({ kind, name, is_in_use }) => [`${kind} ${name}`, is_in_use === 1]),
  );
  const things = expected();
  const findings = things.flatMap((thing): Finding[] => {
    const { kind, name } = thing;
    const used = isInUse.get(`${kind} ${name}`);
    if (used === true) return [];
    const text = `The ${kind} ${name} is ${used === undefined ? "missing" : "not in use"}`;
    if (kind === "table") return [unusable(text, "Restore the database from a backup")];
    return [
      problem(text, `To set it right: ${psql(...mendOf(thing, used !== undefined, schema))}`),
    ];
  });
  const tables = things.filter(({ kind }) => kind === "table").length;
  return { name: "schema", text: `All ${tables} tables are there, with their indexes`, findings };
}

function mendOf({ kind, name, sql }: Thing, isThere: boolean, schema: string): string[] {
  const make = sql.replaceAll("@schema@", quoteName(schema));
  if (!isThere) return [make];
  // What was made without a pause for others, and did not succeed.
  return kind === "index"
    ? [`DROP INDEX ${name}`, make]
    : [`ALTER TABLE job ENABLE TRIGGER ${name}`];
}

const MADE = /^CREATE (?:UNIQUE |OR REPLACE )*(TABLE|VIEW|INDEX|FUNCTION|TRIGGER) (\w+)/;

/** All that the steps make. */
function expected(): Thing[] {
  return MIGRATIONS.flatMap((step) => step.split(/;\n+(?=--|CREATE|ALTER|\s*$)/)).flatMap(
    (written) => {
      const sql = written.replace(/^--.*$/gm, "").trim();
      const [, kind, name] = MADE.exec(sql) ?? [];
      if (kind === undefined || name === undefined) return [];
      return [{ kind: kind.toLowerCase() as Thing["kind"], name, sql }];
    },
  );
}
