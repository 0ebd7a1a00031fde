/**
 * A store that is opened anew when another file has taken its place. A command opens the store each time it
 * is called; the dashboard stays for weeks, and must not show, or write to, a file that nobody else sees.
 *
 * @module
 */

import { StoreGoneError } from "../errors.ts";
import type { Store } from "../store/store.ts";

/** Where opening has failed it is tried again after so long, milliseconds. */
const PAUSE = 500;

/** Methods that give their results one by one. */
const ITERATING: ReadonlySet<PropertyKey> = new Set(["examine", "portions", "keptPortions"]);

/** A store that is open, and how many calls are under way in it. */
interface Held {
  readonly store: Store;
  readonly number: number;
  uses: number;
  isRetired: boolean;
}

/**
 * The same store, for as long as it is there; then the one that is in its place.
 *
 * @param first is closed with the result, or once it is gone
 * @param open opens the one that is there
 */
export function reopening(first: Store, open: () => Promise<Store>): Store {
  const keeper = new Keeper(first, open);
  return new Proxy(first, {
    get(_, name) {
      if (name === Symbol.asyncDispose) return () => keeper.close();
      if (name === "revision") return () => keeper.revision();
      const value: unknown = Reflect.get(keeper.latest, name);
      if (typeof value !== "function") return value;
      return ITERATING.has(name)
        ? (...args: unknown[]) => keeper.iterate(name, args)
        : (...args: unknown[]) => keeper.call(name, args);
    },
  });
}

/** Knows which store is there. */
class Keeper {
  readonly #open: () => Promise<Store>;
  #held: Held;
  #opening: Promise<void> | null = null;
  #failure: { readonly error: unknown; readonly at: number } | null = null;

  constructor(first: Store, open: () => Promise<Store>) {
    this.#open = open;
    this.#held = { store: first, number: 0, uses: 0, isRetired: false };
  }

  /** The store that was there the last time; it may be closed. */
  get latest(): Store {
    return this.#held.store;
  }

  async call(name: PropertyKey, args: readonly unknown[]): Promise<unknown> {
    await using use = await this.#use();
    try {
      return await invoke(use.store, name, args);
    } catch (error) {
      await this.#hear(error, use);
      throw error;
    }
  }

  async *iterate(name: PropertyKey, args: readonly unknown[]): AsyncGenerator<unknown> {
    await using use = await this.#use();
    try {
      yield* invoke(use.store, name, args) as AsyncIterable<unknown>;
    } catch (error) {
      await this.#hear(error, use);
      throw error;
    }
  }

  /** The number of the store stands before its revision: that of another one may be the same. */
  async revision(): Promise<string> {
    await using use = await this.#use();
    try {
      return `${use.held.number}-${await use.store.revision()}`;
    } catch (error) {
      await this.#hear(error, use);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#retire(this.#held);
  }

  async #use(): Promise<Use> {
    const held = this.#held;
    if (!held.isRetired) {
      // Counted before the look: another call may find that the store is gone.
      held.uses++;
      try {
        // What a server says of itself comes with each answer; that a file was replaced has to be looked for.
        if (!held.store.isShared) await held.store.revision();
        return {
          store: held.store,
          held,
          [Symbol.asyncDispose]: () => this.#release(held),
        };
      } catch (error) {
        await this.#release(held);
        if (!(error instanceof StoreGoneError)) throw error;
        await this.#retire(held);
      }
    }
    await (this.#opening ??= this.#reopen().finally(() => this.#opening = null));
    return await this.#use();
  }

  /** A store that has gone under a call: the next one opens what is in its place. */
  async #hear(error: unknown, { held }: Use): Promise<void> {
    if (error instanceof StoreGoneError) await this.#retire(held);
  }

  async #reopen(): Promise<void> {
    const { number, isRetired } = this.#held;
    // Another call has done it meanwhile.
    if (!isRetired) return;
    if (this.#failure !== null && performance.now() - this.#failure.at < PAUSE) {
      throw this.#failure.error;
    }
    try {
      const store = await this.#open();
      this.#failure = null;
      this.#held = { store, number: number + 1, uses: 0, isRetired: false };
    } catch (error) {
      this.#failure = { error, at: performance.now() };
      throw error;
    }
  }

  async #release(held: Held): Promise<void> {
    held.uses--;
    if (held.isRetired && held.uses === 0) await held.store[Symbol.asyncDispose]();
  }

  async #retire(held: Held): Promise<void> {
    if (held.isRetired) return;
    held.isRetired = true;
    if (held.uses === 0) await held.store[Symbol.asyncDispose]();
  }
}

/** One call into a store, which is not closed before it ends. */
interface Use extends AsyncDisposable {
  readonly store: Store;
  readonly held: Held;
}

function invoke(store: Store, name: PropertyKey, args: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(store, name);
  if (typeof method !== "function") throw new TypeError(`The store has no ${String(name)}()`);
  return Reflect.apply(method, store, args);
}
