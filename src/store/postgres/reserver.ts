/**
 * Makes the reservations of the workers of this process, each in a transaction of its own, and does their ticks so that
 * nothing is forgotten of which nobody knows whether it was committed.
 *
 * @module
 */

import { StoreError, StoreLockedError, UnknownOutcomeError } from "../../errors.ts";
import type { TickRequest } from "../tick.ts";
import { Beginnings } from "./beginnings.ts";
import type { Connection } from "./connections.ts";
import type { Doubts } from "./doubts.ts";
import { ChangedMeanwhile } from "./enqueue.ts";
import { isRetriable, sqlState } from "./failure.ts";
import type { Schema } from "./migrate.ts";
import { WRONG_VERSION } from "./preamble.ts";
import { GONE, type Reservation, Reservations, reserve } from "./reservations.ts";
import type { Surroundings, Ticked } from "./tick.ts";
import type { Transactions } from "./transactions.ts";

/** What it works with. */
export interface ReserverOptions {
  readonly transactions: Transactions;
  readonly schema: Schema;
  readonly env: Surroundings;
  readonly doubts: Doubts;
}

/** Reserves, and knows what is reserved. */
export class Reserver {
  readonly #transactions: Transactions;
  readonly #schema: Schema;
  readonly #env: Surroundings;
  readonly #doubts: Doubts;
  /** Where its workers look for jobs. */
  readonly beginnings = new Beginnings(() => performance.now());
  /** What its workers have reserved. */
  readonly reservations: Reservations;

  constructor({ transactions, schema, env, doubts }: ReserverOptions) {
    this.#transactions = transactions;
    this.#schema = schema;
    this.#env = env;
    this.#doubts = doubts;
    this.reservations = new Reservations(() => performance.now(), env.reserving);
  }

  /** It does not take long to look for jobs everywhere, as whoever reserves does. */
  get looksAreShort(): boolean {
    return this.beginnings.look() === null;
  }

  /**
   * Fills the places of a worker at once, as far as there are jobs that can be reserved; they may not stay so.
   *
   * @param how `own`: on this connection, behind what was sent; null: at the same time, on another one
   */
  async reserve(
    request: TickRequest,
    { own, isKept = true }: { readonly own: Connection | null; readonly isKept?: boolean },
  ): Promise<Reservation> {
    const work = (connection: Connection) => this.#reserveOn(connection, request, isKept);
    try {
      return await (own === null ? this.#transactions.use(work) : work(own));
    } catch (error) {
      this.reservations.pause();
      throw error;
    }
  }

  /** What the server does not do by reserving, it does perhaps job by job. */
  async orOtherwise(ticked: Promise<Ticked>): Promise<Ticked> {
    try {
      return await ticked;
    } catch (error) {
      const isFinal = error instanceof UnknownOutcomeError || error instanceof StoreLockedError;
      if (!(error instanceof StoreError) || isFinal) throw error;
      this.reservations.pause();
      throw new ChangedMeanwhile("Nothing was reserved", { cause: error });
    }
  }

  async #reserveOn(
    connection: Connection,
    request: TickRequest,
    isKept: boolean,
  ): Promise<Reservation> {
    const { worker } = request;
    const { stand, preamble } = this.#schema;
    const { beginnings } = this;
    const session = this.#doubts.sessionOf(worker);
    const reservation = await this.try(
      connection,
      { ended: [] },
      (newToken) =>
        this.#transactions.within(connection, "reserving soon", async (transaction) => {
          transaction.momentOf(worker, stand).catch(() => {});
          const terms = { session, newToken, beginnings, isKept };
          const reserved = reserve(transaction, request, terms);
          reserved.catch(() => {});
          const committed = transaction.commit();
          // Those who wait to reserve do not wait for the disk as well.
          const flushed = connection.query(preamble.flush, [], true);
          await Promise.all([committed, flushed]);
          return await reserved;
        }),
    );
    this.reservations.note(reservation.jobs);
    return reservation;
  }

  /** Does what settles and claims, and remembers what nobody knows whether it was done. */
  async try<T>(
    connection: Connection,
    { ended }: Pick<TickRequest, "ended">,
    work: (newToken: () => string) => Promise<T>,
  ): Promise<T> {
    const tokens: string[] = [];
    try {
      return await work(() => {
        const token = this.#env.newToken();
        tokens.push(token);
        return token;
      });
    } catch (error) {
      // What it found is still there.
      this.beginnings.forget();
      if (sqlState(error) === WRONG_VERSION) {
        const { rows } = await connection.query(this.#schema.preamble.moment);
        await this.#schema.require(rows[0]!, connection);
      }
      if (sqlState(error) === GONE) {
        this.reservations.doubt();
        throw new ChangedMeanwhile("Reservations were written out", { cause: error });
      }
      if (error instanceof UnknownOutcomeError) this.#doubts.addEnds(ended);
      // Unless the server took it back, it may have been committed all the same.
      if (!isRetriable(error)) this.#doubts.add(tokens);
      throw error;
    }
  }
}
