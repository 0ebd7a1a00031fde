/**
 * The transactions of a process on its store, each on a connection that is lent for it.
 *
 * @module
 */

import { sleep } from "../../worker/sleep.ts";
import { StoreLockedError } from "../../errors.ts";
import type { Deed } from "../sql/engine.ts";
import type { Connection, Connections } from "./connections.ts";
import { ChangedMeanwhile } from "./enqueue.ts";
import { isForbidden, isRetriable } from "./failure.ts";
import type { Schema } from "./migrate.ts";
import type { Company, Preamble } from "./preamble.ts";
import { writeOut } from "./reservations.ts";
import { Transaction } from "./transaction.ts";

/** A transaction that stands in the way of another one is tried again so often. */
const TRIES = 10;

/** How a deed finds jobs that are reserved. */
export type Sight =
  /** As claimed. */
  | "all"
  /** The same, unless somebody is in the way of that: then as pending. */
  | "most"
  /** It has nothing to do with them. */
  | "blind"
  /** It has to do with those of one worker, and is done {@link Company alone}. */
  | { readonly of: string };

/** Milliseconds for which it is not tried again to have reserved jobs written out, for whoever only looks. */
const LATER = 10_000;

/** Somebody has reserved jobs, which is to be written out first. */
class ReservedError extends Error {}

/** Does work within transactions. */
export class Transactions {
  readonly #connections: Connections;
  readonly #schema: Schema;
  #looksAgainAt = -Infinity;
  readonly #preamble: Preamble;
  readonly #now: (() => number) | null;

  /** @param now milliseconds since the epoch, for tests; null: the clock of the server */
  constructor(connections: Connections, schema: Schema, now: (() => number) | null) {
    this.#connections = connections;
    this.#schema = schema;
    this.#preamble = schema.preamble;
    this.#now = now;
  }

  /** Lends a connection to work, which is done again if it stood in the way of somebody else's. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return again(() => this.#connections.use(work));
  }

  /**
   * Does a deed within one transaction; what it throws undoes all of it. Before it all reservations are written out,
   * unless it is {@link Sight blind}.
   */
  async do<T>(company: Company, deed: Deed<T>, sight: Sight = "all"): Promise<T> {
    try {
      return await this.use((connection) => this.doOn(connection, company, deed, sight));
    } catch (error) {
      if (!(error instanceof ReservedError)) throw error;
    }
    const isLook = sight === "most";
    try {
      const isTime = !isLook || performance.now() >= this.#looksAgainAt;
      if (isTime) await this.do(isLook ? "alone soon" : "alone", function* () {});
    } catch (error) {
      // Whoever may only look sees these jobs as pending, and so does who would have to wait for long.
      const isLate = isLook && error instanceof StoreLockedError;
      if (!isLate && !(isForbidden(error) && company === "reading")) throw error;
      this.#looksAgainAt = performance.now() + LATER;
    }
    return await this.use((connection) => this.doOn(connection, company, deed, "blind"));
  }

  /** The same, once, on a connection that was lent already. */
  async doOn<T>(
    connection: Connection,
    company: Company,
    deed: Deed<T>,
    sight: Sight = "all",
  ): Promise<T> {
    return await this.within(connection, company, async (transaction) => {
      const { now, stand, isReserved } = await transaction.moment();
      await this.#schema.require(stand, connection);
      const isInTheWay = isReserved && sight !== "blind";
      if (isInTheWay && !company.startsWith("alone")) throw new ReservedError();
      if (isInTheWay) writeOut(transaction, typeof sight === "string" ? null : sight.of);
      const result = await transaction.do(deed(now));
      await transaction.commit();
      return result;
    });
  }

  /** Lends a transaction to work that commits it; it is taken back if the work throws. */
  async within<T>(
    connection: Connection,
    company: Company,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    const transaction = new Transaction(connection, this.#preamble, {
      ...{ company, now: this.#now?.() ?? null },
    });
    try {
      return await work(transaction);
    } catch (error) {
      await transaction.rollBack();
      throw transaction.failure ?? error;
    }
  }
}

/** Does work again if it stood in the way of somebody else's. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES || !(error instanceof ChangedMeanwhile || isRetriable(error))) {
        throw error;
      }
      await sleep(Math.random() * 10 * tries);
    }
  }
}
