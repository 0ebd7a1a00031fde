/**
 * A connection that listens to a channel, and comes back when it was lost.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import { within } from "../../worker/sleep.ts";
import type { Address } from "./address.ts";
import { isServerError } from "./driver.ts";
import { Session } from "./session.ts";

/** How to listen. */
export interface ListenOptions {
  /** What somebody has sent; null: from now on it is listened, and something may have been missed before. */
  readonly heard: (payload: string | null) => void;
  /** The longest wait for the server, milliseconds. */
  readonly patience: number;
}

/** The first pause before it connects anew, at most, milliseconds: all that a server has lost come back at once. */
const FIRST_PAUSE = 1000;
/** The longest one. Who cannot listen polls. */
const LONGEST_PAUSE = 30_000;

/** So often it is made sure that the server is there: silence is usual on this connection. */
const CHECK_INTERVAL = 60_000;

/** Milliseconds for which a connection that is being made is waited for at the end. */
const LAST_WAIT = 1000;

/** Listens as soon as it can, until it is disposed of; where that cannot be done now, it is tried again. */
export function listen(address: Address, channel: string, options: ListenOptions): AsyncDisposable {
  const listener = new Listener(address, channel, options);
  listener.connect();
  return listener;
}

class Listener implements AsyncDisposable {
  readonly #address: Address;
  readonly #channel: string;
  readonly #options: ListenOptions;
  #session: Session | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #pause = FIRST_PAUSE;
  #connecting = Promise.resolve();
  #closed = false;

  constructor(address: Address, channel: string, options: ListenOptions) {
    this.#address = address;
    this.#channel = channel;
    this.#options = options;
  }

  /** Connects, or will do so later. */
  connect(): void {
    this.#connecting = this.#connect();
  }

  async #connect(): Promise<void> {
    let session: Session | null = null;
    let isLost = false;
    try {
      session = await Session.open(this.#address, {
        patience: this.#options.patience,
        readOnly: false,
        heard: this.#options.heard,
        lost: () => {
          isLost = true;
          this.#lost();
        },
      });
      await session.script(`LISTEN "${this.#channel}"`);
      if (this.#closed) return await session.close();
      // It may end before this goes on with what it has answered.
      if (isLost) return this.#connectLater();
      this.#session = session;
      this.#pause = FIRST_PAUSE;
      this.#checkLater();
      this.#options.heard(null);
    } catch (error) {
      // A standby lets nobody listen, and who knows what lies between does.
      await session?.close();
      if (!(error instanceof StoreError || isServerError(error))) throw error;
      this.#connectLater();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#clearTimer();
    await within(LAST_WAIT, this.#connecting);
    await this.#session?.close();
  }

  #lost(): void {
    // One that is being opened says so by its error.
    if (this.#session === null) return;
    this.#session = null;
    this.#connectLater();
  }

  #connectLater(): void {
    if (this.#closed) return;
    const pause = Math.random() * this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    this.#after(pause, () => this.connect());
  }

  #checkLater(): void {
    this.#after(CHECK_INTERVAL * (0.5 + Math.random()), async () => {
      // What is wrong with it, the session says itself.
      await this.#session?.script("SELECT 1").catch(() => {});
      if (this.#session !== null && !this.#closed) this.#checkLater();
    });
  }

  #after(milliseconds: number, work: () => unknown): void {
    this.#clearTimer();
    const timer = setTimeout(work, milliseconds);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
