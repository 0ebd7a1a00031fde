/**
 * The store of a campaign as an idle reader sees it: one connection that holds no snapshot.
 *
 * @module
 */

import type { Row, SqlValue } from "../../../src/store/sql/work.ts";
import type { Stage } from "../../flows/stage.ts";
import type { StoreReader } from "../../flows/stage_store.ts";

/** Looks into a store. */
export class Ledger implements AsyncDisposable {
  readonly #reader: StoreReader;

  private constructor(reader: StoreReader) {
    this.#reader = reader;
  }

  /** The stage must have a store already. */
  static async open(stage: Pick<Stage, "reader">): Promise<Ledger> {
    const ledger = new Ledger(await stage.reader());
    // From the first read on, whoever is the last to close a file leaves its log to this connection.
    await ledger.ask("SELECT count(*) FROM worker");
    return ledger;
  }

  /**
   * The rows of a question.
   *
   * @throws if a lock stands in the way for a second: who has it may be stopped
   */
  ask(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#reader.ask(sql, ...values);
  }

  /** The jobs that are not final. */
  unfinished(): Promise<readonly Row[]> {
    const final = "('completed', 'dead', 'cancelled')";
    return this.ask(`SELECT id, state, error FROM job WHERE state NOT IN ${final}`);
  }

  /** The number that is the answer to a question. */
  async count(sql: string, ...values: readonly SqlValue[]): Promise<number> {
    return Number(Object.values((await this.ask(sql, ...values))[0] ?? {})[0]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#reader[Symbol.asyncDispose]());
  }
}
