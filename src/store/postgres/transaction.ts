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
import type { Stand } from "./migrate.ts";
import type { Company, Preamble } from "./preamble.ts";

/** A transaction that has been begun. */
export class Transaction {
  readonly #connection: Connection;
  readonly #preamble: Preamble;
  readonly #sent: Promise<unknown>[] = [];
  #failure: unknown = null;
  #isOver = false;

  /** Begins one; nothing is waited for. */
  constructor(
    connection: Connection,
    preamble: Preamble,
    { company, now = null }: { readonly company: Company; readonly now?: number | null },
  ) {
    this.#connection = connection;
    this.#preamble = preamble;
    this.#note(connection.script(preamble.begin[company]));
    if (now !== null) this.query("SELECT set_config('queuectl.now', $1, true)", String(now));
  }

  /** What has failed first: those statements that come after it say only that. Null if none has. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The moment of it. Asked for before all else, it fails all that follows if the session is not the store's. */
  async moment(): Promise<Moment> {
    const row = await this.#first(this.#preamble.moment);
    return { now: row.now as number, stand: row, isReserved: row.is_reserved === 1 };
  }

  /**
   * The moment for a worker, and what the store has of that one; null: nothing. Asked for before all else, it fails all that
   * follows also if the store does not stand so.
   */
  async momentOf(
    worker: string,
    { version, madeAt }: Stand,
  ): Promise<{ readonly now: number; readonly self: Row | null }> {
    const row = await this.#first(this.#preamble.guardedMoment, version, madeAt, worker);
    return { now: row.now as number, self: row.id === null ? null : row };
  }

  async #first(sql: string, ...values: readonly SqlValue[]): Promise<Row> {
    const [row] = await this.rows(sql, ...values);
    if (row === undefined) throw new StoreError("The server gave no time");
    return row;
  }

  /** Sends a statement; its parameters are `$1` and so on. Who does not wait for it learns at the commit whether it failed. */
  query(sql: string, ...values: readonly SqlValue[]): Promise<Reply> {
    return this.#note(this.#connection.query(sql, values));
  }

  #note<T>(reply: Promise<T>): Promise<T> {
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
    this.#isOver = true;
    await Promise.all(this.#sent);
  }

  /** Undoes all of it, as far as the connection still works; a commit that was sent does that itself if it fails. */
  async rollBack(): Promise<void> {
    if (!this.#isOver) this.query("ROLLBACK");
    await Promise.allSettled(this.#sent);
  }
}

/**
 * No text here holds a NUL, and what the store keeps has none, but for input, which is bytes; somebody may look for one,
 * and finds nothing.
 */
function asText(value: SqlValue): SqlValue {
  return typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;
}

/** What the server says of the moment of a transaction. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Of the store's schema, as the server has it. */
  readonly stand: Row;
  /** There are reservations. */
  readonly isReserved: boolean;
}
