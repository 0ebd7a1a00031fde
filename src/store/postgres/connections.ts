/**
 * The few connections of a process to the server of its store.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import type { Address } from "./address.ts";
import { sleep, within } from "../../worker/sleep.ts";
import { isPassing } from "./failure.ts";
import { listen } from "./listener.ts";
import { Recovery } from "./recovery.ts";
import { type Connection, Session } from "./session.ts";

export type { Connection, Reply } from "./session.ts";

/** How to connect. */
export interface ConnectionsOptions {
  /** The longest wait for the server, and for locks, milliseconds. */
  readonly patience?: number | undefined;
  /** Nothing can be changed. */
  readonly readOnly?: boolean;
}

/** As with SQLite. */
const PATIENCE = 10_000;

/** A process has no more of them; a worker needs one for its ticks and one that listens, and now and then one more. */
const MOST = 4;

/** About so long it is waited before a server that is starting is asked again, milliseconds. */
const FIRST_PAUSE = 200;

/** So long a connection is kept that nobody needs, milliseconds. */
const KEPT = 30_000;

/** So long is waited for what is done besides, milliseconds. */
const LAST_WORK = 1000;

/** Lends connections. */
export class Connections implements AsyncDisposable {
  readonly #address: Address;
  readonly #patience: number;
  readonly #readOnly: boolean;
  /** Those that nobody uses, the one used last at the end. */
  readonly #idle: { readonly session: Session; since: number }[] = [];
  readonly #waiting: (() => void)[] = [];
  /** How many are lent or being opened. */
  #lent = 0;
  readonly #besides = new Set<Promise<void>>();
  readonly #recovery = new Recovery();
  #sweep: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  private constructor(
    address: Address,
    { patience = PATIENCE, readOnly = false }: ConnectionsOptions,
  ) {
    this.#address = address;
    this.#patience = patience;
    this.#readOnly = readOnly;
  }

  /**
   * Connects to a server.
   *
   * @throws {StoreError} if that cannot be done
   */
  static async open(address: Address, options: ConnectionsOptions = {}): Promise<Connections> {
    const connections = new Connections(address, options);
    const end = performance.now() + connections.#patience;
    while (true) {
      try {
        await connections.use(() => Promise.resolve());
        return connections;
      } catch (error) {
        if (!isPassing(error) || performance.now() > end) throw error;
      }
      await sleep(FIRST_PAUSE * (0.5 + Math.random()));
    }
  }

  /** The schema that its sessions work in. */
  get schema(): string {
    return this.#address.schema;
  }

  /**
   * Lends a connection to some work. A transaction that the work leaves open is taken back.
   *
   * @throws {StoreError} if there is none to be had
   */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    await this.#turn();
    let session: Session | null = null;
    try {
      session = await this.#take();
      return await work(session);
    } finally {
      if (session !== null) await this.#giveBack(session);
      this.#lent--;
      this.#waiting.shift()?.();
    }
  }

  /**
   * Listens to a channel, on a connection of its own, until that is disposed of.
   *
   * @param heard is told what somebody has sent; null: it can be heard from now on, at first or since the connection was
   * lost, and something may have been missed before
   */
  listen(channel: string, heard: (payload: string | null) => void): AsyncDisposable {
    return listen(this.#address, channel, { heard, patience: this.#patience });
  }

  /** Does work for which nobody waits, and whose failure hurts nobody; what is begun is ended before all is closed. */
  besides(work: () => Promise<void>): void {
    const done = work().catch((error) => {
      if (!(error instanceof StoreError || this.#closed)) throw error;
    }).finally(() => this.#besides.delete(done));
    this.#besides.add(done);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#besides.size > 0) await within(LAST_WORK, Promise.all(this.#besides));
    this.#closed = true;
    if (this.#sweep !== null) clearTimeout(this.#sweep);
    await Promise.all(this.#idle.splice(0).map(({ session }) => session.close()));
  }

  /** Waits until it may have a connection. */
  async #turn(): Promise<void> {
    if (this.#closed) throw new TypeError("The store is closed");
    if (this.#lent < MOST) {
      this.#lent++;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const next = () => {
      clearTimeout(timer);
      this.#lent++;
      resolve();
    };
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      reject(
        new StoreError(`All connections to ${this.#address.location} are busy: try again later`),
      );
    }, this.#patience);
    this.#waiting.push(next);
    await promise;
  }

  async #take(): Promise<Session> {
    while (true) {
      const session = this.#idle.pop()?.session;
      if (session === undefined) break;
      if (session.isIdle) return session;
      await session.close();
    }
    return await this.#recovery.try(() =>
      Session.open(this.#address, { patience: this.#patience, readOnly: this.#readOnly })
    );
  }

  async #giveBack(session: Session): Promise<void> {
    if (!await session.settle() || this.#closed) {
      await session.close();
      return;
    }
    this.#idle.push({ session, since: performance.now() });
    if (this.#sweep === null) this.#sweepLater();
  }

  /** Closes what was not needed for a while; the last one stays. */
  #sweepLater(): void {
    const timer = setTimeout(() => {
      this.#sweep = null;
      const before = performance.now() - KEPT;
      while (this.#idle.length > 1 && this.#idle[0]!.since < before) {
        this.#idle.shift()!.session.close();
      }
      if (this.#idle.length > 1) this.#sweepLater();
    }, KEPT);
    Deno.unrefTimer(timer);
    this.#sweep = timer;
  }
}
