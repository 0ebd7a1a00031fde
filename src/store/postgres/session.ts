/**
 * One connection to the server: how it is opened, and that nothing waits for ever for what a dead one would say.
 *
 * @module
 */

import { StoreError, UnknownOutcomeError } from "../../errors.ts";
import type { Row, SqlValue } from "../sql/work.ts";
import type { Address } from "./address.ts";
import { isAtWork } from "./at_work.ts";
import { concatenate } from "../../bytes.ts";
import { type Client, isServerError, type Result } from "./driver.ts";
import { lossFrom, SilenceError, storeErrorFrom } from "./failure.ts";
import { openClient } from "./opening.ts";
import { settingsOf, STATEMENT_TIMEOUT } from "./settings.ts";

/** What a statement gives. */
export interface Reply {
  /** Truth values are 0 and 1, numbers of any kind numbers, BYTEA bytes; all else is text. */
  readonly rows: Row[];
  /** How many rows it changed, or found. */
  readonly changes: number;
}

/** A connection that is lent to some work. */
export interface Connection {
  /**
   * Sends a statement; its parameters are `$1` and so on. What is sent without waiting for the answer before goes
   * in the same round trip, and is done in that order.
   *
   * @param isCommit if its answer is lost, nobody knows what was changed
   */
  query(sql: string, values?: readonly SqlValue[], isCommit?: boolean): Promise<Reply>;
  /** Sends several statements without parameters, as one. */
  script(sql: string): Promise<void>;
}

/** How a session is to be. */
export interface SessionOptions {
  /** Milliseconds for which it waits for locks, and for a sign of life of the server. */
  readonly patience: number;
  /** Nothing can be changed. */
  readonly readOnly: boolean;
  /** What somebody has sent by NOTIFY. */
  readonly heard?: (payload: string) => void;
  /** The connection is lost; told once. */
  readonly lost?: () => void;
}

/** So many statements are kept prepared: those of ticks are some twenty, lists have one for each kind of filter. */
const MOST_PREPARED = 200;

/** Milliseconds for which the server is waited for when it is taken leave of. */
const CLOSING = 1000;

/** Bytes in a millisecond: if a large statement goes out more slowly, the network counts as broken. */
const SLOWEST = 250;

/** A statement that was sent. */
interface Sent {
  /** When it must have gone out at the latest. */
  readonly at: number;
  readonly isCommit: boolean;
  reject(error: StoreError): void;
}

/** An open connection. */
export class Session implements Connection {
  readonly #client: Client;
  readonly #address: Address;
  readonly #options: SessionOptions;
  /** The names of the statements that the server has parsed. */
  readonly #prepared = new Map<string, string>();
  /** What was sent and has not been answered, oldest first. */
  readonly #sent: Sent[] = [];
  /** When the server has last sent anything. */
  #heardAt = 0;
  #isGathering = false;
  #watch: ReturnType<typeof setTimeout> | null = null;
  #failure: StoreError | null = null;

  private constructor(client: Client, address: Address, options: SessionOptions) {
    this.#client = client;
    this.#address = address;
    this.#options = options;
    client.on("error", (error) => this.#lose(error));
    client.on("end", () => this.#lose(new Error("Connection terminated unexpectedly")));
    client.connection.stream.on("data", () => this.#heardAt = performance.now());
    client.on("notification", ({ payload = "" }) => options.heard?.(payload));
  }

  /**
   * Opens a connection.
   *
   * @throws {StoreError} if that cannot be done
   */
  static async open(address: Address, options: SessionOptions): Promise<Session> {
    const client = await openClient(address, options.patience);
    const session = new Session(client, address, options);
    session.#begin();
    return session;
  }

  /** Whether it can be lent: it is there, and nothing is going on. */
  get isIdle(): boolean {
    return this.#failure === null && this.#sent.length === 0 &&
      this.#client.getTransactionStatus() === "I";
  }

  async query(
    sql: string,
    values: readonly SqlValue[] = [],
    isCommit = sql === "COMMIT",
  ): Promise<Reply> {
    const name = this.#nameOf(sql);
    const named = name === null ? {} : { name };
    const result = await this.#send({ text: sql, values, ...named }, isCommit);
    const { rows, rowCount } = result as Result;
    return { rows, changes: rowCount ?? 0 };
  }

  async script(sql: string): Promise<void> {
    await this.#send({ text: sql }, false);
  }

  /** Waits for what was sent, and takes back a transaction that was left open; whether it can be lent again. */
  async settle(): Promise<boolean> {
    if (this.isIdle) return true;
    if (this.#failure !== null) return false;
    try {
      // Comes after all that was sent.
      await this.query("ROLLBACK");
    } catch {
      return false;
    }
    return this.isIdle;
  }

  /** Takes leave of the server, or, where it does not answer, of the connection. */
  async close(): Promise<void> {
    if (this.#failure !== null) return;
    this.#failure = new StoreError("The store is closed");
    this.#stopWatching();
    const deadline = setTimeout(() => this.#client.connection.stream.destroy(), CLOSING);
    await this.#client.end().catch(() => {});
    clearTimeout(deadline);
  }

  /** What every session is told at its beginning, in one round trip with what comes next. */
  #begin(): void {
    for (const { sql, isOptional } of settingsOf(this.#address, this.#options)) {
      this.script(sql).catch((error) => {
        if (!isOptional) this.#lose(error);
      });
    }
  }

  #nameOf(sql: string): string | null {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= MOST_PREPARED) return null;
    const name = `q${this.#prepared.size}`;
    this.#prepared.set(sql, name);
    return name;
  }

  async #send(
    statement: Parameters<Client["query"]>[0],
    isCommit: boolean,
  ): Promise<Result | readonly Result[]> {
    if (this.#failure !== null) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<Result | readonly Result[]>();
    const at = performance.now() + sizeOf(statement) / SLOWEST;
    const sent: Sent = { at, isCommit, reject };
    this.#sent.push(sent);
    this.#watch ??= this.#watchFor(this.#silence);
    this.#gather();
    this.#client.query(statement).then(resolve, (error) => {
      if (!isServerError(error) || isFatal(error.severity)) this.#lose(error);
      reject(this.#failure ?? storeErrorFrom(error, this.#address));
    });
    try {
      return await promise;
    } finally {
      this.#sent.splice(this.#sent.indexOf(sent), 1);
    }
  }

  /** What is sent in one go leaves as one message: a quarter of the CPU of this end, and a fifth of the server's. */
  #gather(): void {
    if (this.#isGathering) return;
    const { stream } = this.#client.connection;
    const messages: Uint8Array[] = [];
    let sent: (() => void) | undefined;
    this.#isGathering = true;
    stream.write = (message, whenSent) => {
      messages.push(message);
      sent = whenSent ?? sent;
    };
    queueMicrotask(() => {
      this.#isGathering = false;
      Reflect.deleteProperty(stream, "write");
      stream.write(concatenate(messages), sent);
    });
  }

  #watchFor(milliseconds: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#look(), milliseconds);
    Deno.unrefTimer(timer);
    return timer;
  }

  /** Ends a connection on which the server has been silent for too long without a reason. */
  async #look(): Promise<void> {
    this.#watch = null;
    const [oldest] = this.#sent;
    if (oldest === undefined) return;
    const now = performance.now();
    const silentSince = Math.max(oldest.at, this.#heardAt);
    let left = silentSince + this.#silence - now;
    if (left <= 0 && now - oldest.at < STATEMENT_TIMEOUT + this.#options.patience) {
      const isAlive = await isAtWork(this.#address, this.#client.processID, this.#silence);
      if (isAlive || this.#heardAt > silentSince) left = this.#silence;
    }
    if (left <= 0) this.#lose(new SilenceError());
    else if (this.#failure === null) this.#watch ??= this.#watchFor(left);
  }

  /** After so many milliseconds without a word it is asked whether the server is at work. */
  get #silence(): number {
    return this.#options.patience / 2;
  }

  #lose(error: unknown): void {
    if (this.#failure !== null) return;
    const reason = lossFrom(error, this.#address);
    // The server does one after the other: it has not come to the commit if it says goodbye before.
    const isBefore = isServerError(error) && !this.#sent[0]?.isCommit;
    const isUnknown = !isBefore && this.#sent.some(({ isCommit }) => isCommit);
    this.#failure = isUnknown ? new UnknownOutcomeError(reason) : reason;
    this.#stopWatching();
    this.#client.connection.stream.destroy();
    // On Deno 2.4.2 nobody says that an encrypted connection has ended where the other end is silent.
    for (const { reject } of this.#sent) reject(this.#failure);
    this.#options.lost?.();
  }

  #stopWatching(): void {
    if (this.#watch !== null) clearTimeout(this.#watch);
    this.#watch = null;
  }
}

/** After it the server ends the connection. */
function isFatal(severity: string): boolean {
  return severity === "FATAL" || severity === "PANIC";
}

/** About so many bytes. */
function sizeOf({ text, values = [] }: Parameters<Client["query"]>[0]): number {
  return values.reduce<number>((sum, value) => {
    const isLong = typeof value === "string" || value instanceof Uint8Array;
    return sum + (isLong ? value.length : 0);
  }, text.length);
}
