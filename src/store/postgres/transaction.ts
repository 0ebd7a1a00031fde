/**
 * One transaction on one connection. Statements may be sent without waiting for those before them, and then they go in
 * one round trip; a failed one fails all that follow.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import type { Answer, Row, SqlValue, Work } from "../sql/work.ts";
import type { Connection, Reply } from "./connections.ts";
import { inDialect } from "./dialect.ts";

/** What else may happen while a transaction lasts. */
export type Company =
  /** Everything; it sees one snapshot and changes nothing. */
  | "reading"
  /** Everything but what is done {@link Company alone}. */
  | "together"
  /** Nobody ticks or changes what is there; new jobs may be added. */
  | "alone"
  /** Everything: it only adds. */
  | "adding";

const BEGIN: Readonly<Record<Company, readonly string[]>> = {
  reading: ["BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"],
  together: ["BEGIN", "LOCK TABLE gate IN ROW EXCLUSIVE MODE"],
  alone: ["BEGIN", "LOCK TABLE gate IN EXCLUSIVE MODE"],
  // Whoever moves the store elsewhere waits until nobody adds anything.
  adding: ["BEGIN", "LOCK TABLE gate IN ACCESS SHARE MODE"],
};

/** A transaction that has been begun. */
export class Transaction {
  readonly #connection: Connection;
  readonly #sent: Promise<unknown>[] = [];
  #failure: unknown = null;

  /** Begins one; nothing is waited for. */
  constructor(connection: Connection, company: Company, now: number | null) {
    this.#connection = connection;
    for (const sql of BEGIN[company]) this.query(sql);
    if (now !== null) this.query("SELECT set_config('queuectl.now', $1, true)", String(now));
  }

  /** What has failed first: those statements that come after it say only that. Null if none has. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Sends a statement; its parameters are `$1` and so on. Who does not wait for it learns at the commit whether it failed. */
  query(sql: string, ...values: readonly SqlValue[]): Promise<Reply> {
    const reply = this.#connection.query(sql, values);
    reply.catch((error) => this.#failure ??= error);
    this.#sent.push(reply);
    return reply;
  }

  /** The rows of a statement. */
  async rows(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return (await this.query(sql, ...values)).rows;
  }

  /** Does work of `../sql/`. */
  async do<T>(work: Work<T>): Promise<T> {
    let step = work.next();
    while (!step.done) {
      let answer: Answer;
      try {
        const { sql, values, wants } = step.value;
        const reply = this.query(inDialect(sql), ...values.map(asText));
        answer = wants === "nothing"
          ? 0
          : wants === "rows"
          ? (await reply).rows
          : (await reply).changes;
      } catch (error) {
        step = work.throw(error);
        continue;
      }
      step = work.next(answer);
    }
    return step.value;
  }

  /** Waits for all that was sent, and for the commit. */
  async commit(): Promise<void> {
    this.query("COMMIT");
    await Promise.all(this.#sent);
  }

  /** Undoes all of it, as far as the connection still works. */
  async rollBack(): Promise<void> {
    await Promise.allSettled([...this.#sent, this.query("ROLLBACK")]);
  }
}

/**
 * No text here holds a NUL, and what the store keeps has none, but for input, which is bytes; somebody may look for one,
 * and finds nothing.
 */
function asText(value: SqlValue): SqlValue {
  return typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;
}

/** The moment of a transaction, and which version the store has. */
export const MOMENT = "SELECT clock_now() AS now, (SELECT max(version) FROM migration) AS version";

/** The same, in a statement that fails with {@link WRONG_VERSION} if the version is not `$1`. */
export const GUARDED_MOMENT =
  "SELECT clock_now() AS now, max(version) AS version, 1 / (max(version) = $1)::int AS guard FROM migration";

/** The SQLSTATE of a division by zero. */
export const WRONG_VERSION = "22012";

/** What {@link MOMENT} gives, where it must give one. */
export function momentOf({ rows }: Reply): { readonly now: number; readonly version: unknown } {
  const row = rows[0];
  if (row === undefined) throw new StoreError("The server gave no time");
  return { now: row.now as number, version: row.version };
}
