/**
 * The store of a campaign as an idle reader sees it: one connection that holds no snapshot.
 *
 * @module
 */

import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** Looks into a store file. */
export class Ledger implements Disposable {
  readonly #database: DatabaseSync;

  /** The file must be a store already. */
  constructor(store: string) {
    this.#database = new DatabaseSync(store, { readOnly: true });
    // Nobody keeps readers out for long, but one who puts the log in order after a crash.
    this.#database.exec("PRAGMA busy_timeout = 1000");
    // From the first read on, whoever is the last to close the store leaves the log to this connection.
    this.ask("SELECT count(*) FROM worker");
  }

  /**
   * The rows of a question.
   *
   * @throws if a lock stands in the way for a second: who has it may be stopped
   */
  ask(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    return this.#database.prepare(sql).all(...values);
  }

  /** The jobs that are not final. */
  unfinished(): Record<string, unknown>[] {
    const final = "('completed', 'dead', 'cancelled')";
    return this.ask(`SELECT id, state, error FROM job WHERE state NOT IN ${final}`);
  }

  /** The number that is the answer to a question. */
  count(sql: string, ...values: SQLInputValue[]): number {
    return Number(Object.values(this.ask(sql, ...values)[0] ?? {})[0]);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
