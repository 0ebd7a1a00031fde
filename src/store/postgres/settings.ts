/**
 * What a session asks of the server, and how its answers are read.
 *
 * @module
 */

import type { SqlValue } from "../sql/work.ts";
import type { Address } from "./address.ts";

/** Statements that set something up. */
export interface Setting {
  readonly sql: string;
  /** A server that does not know it, or not on its system, does without. */
  readonly isOptional: boolean;
}

/** A statement that takes longer is given up by the server, milliseconds: a bulk enqueue takes two seconds. */
export const STATEMENT_TIMEOUT = 60_000;

/**
 * A client that is cut off in the middle of a transaction keeps others out for so long, milliseconds. Between two
 * statements of one, nothing of ours takes a second.
 */
const CUT_OFF = 10_000;

/** What a session is told at its beginning. */
export function settingsOf(
  { schema }: Pick<Address, "schema">,
  { patience, readOnly }: { readonly patience: number; readonly readOnly: boolean },
): Setting[] {
  const needed = [
    `SET search_path = "${schema}", pg_temp`,
    `SET statement_timeout = ${STATEMENT_TIMEOUT}`,
    `SET lock_timeout = ${Math.max(1, Math.round(patience))}`,
    `SET idle_in_transaction_session_timeout = ${CUT_OFF}`,
    // What the administrator may have made the default for a role or a database.
    "SET default_transaction_isolation = 'read committed'",
    "SET bytea_output = 'hex'",
    // Every query has an index that it is written for. A plan that was made while a table was small would go
    // through all of it when it has grown: a chain of 20,000 jobs took minutes to be cancelled.
    "SET enable_seqscan = off",
    // It reads the whole of an index even where a few rows are asked for, and skips no dead ones the next time.
    "SET enable_bitmapscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    // Promise 1. More than "on" may stay.
    "SELECT set_config('synchronous_commit', 'on', false) " +
    "WHERE current_setting('synchronous_commit') IN ('off', 'local')",
    ...readOnly ? ["SET default_transaction_read_only = on"] : [],
  ];
  // Each of them alone: one that fails takes back those in the same message.
  const optional = [
    [
      // Compiling takes longer than any query of ours.
      "SET jit = off",
      // A client whose machine is gone is noticed also while a statement of it runs, or waits.
      `SET tcp_user_timeout = ${CUT_OFF}`,
      "SET tcp_keepalives_idle = 5",
      "SET tcp_keepalives_interval = 2",
      "SET tcp_keepalives_count = 3",
    ],
    ["SET client_connection_check_interval = 2000"],
  ];
  return [
    { sql: needed.join("; "), isOptional: false },
    ...optional.map((sqls) => ({ sql: sqls.join("; "), isOptional: true })),
  ];
}

/** The OIDs of types, as they stand in pg_type.dat. */
const BOOL = 16;
const BYTEA = 17;
/** int8, int2, int4, oid, float4, float8, numeric. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

/** How a value of a type is read, from its text. */
export function typeParser(type: number): (text: string) => SqlValue {
  if (NUMBERS.has(type)) return Number;
  if (type === BOOL) return (text) => text === "t" ? 1 : 0;
  return type === BYTEA ? bytesFrom : (text) => text;
}

function bytesFrom(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = digit(text.charCodeAt(2 * i + 2)) << 4 | digit(text.charCodeAt(2 * i + 3));
  }
  return bytes;
}

/** Of `0` to `9` and `a` to `f`. */
function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
