/**
 * A store of which equal questions at one revision are asked once: a hundred open pages that want the same
 * list cost no more than one.
 *
 * @module
 */

import type { OutputPiece, Store } from "../store/store.ts";

/** What is shared: it depends on what is stored and on the question, and on no clock. */
const SHARED = [
  "settings",
  "resolve",
  "job",
  "jobs",
  "count",
  "page",
  "running",
  "errorGroups",
  "statistics",
  "totals",
  "attempts",
  "output",
  "status",
  "workers",
  "queues",
  "schedules",
] as const satisfies readonly (keyof Store)[];

/** So many answers are kept. */
const KEPT = 32;

/** Output of more bytes is shared only while it is read: it may have megabytes. */
const KEPT_OUTPUT = 65_536;

/** The same store. Its answers must not be changed, since others get the same ones. */
export function sharedReads(store: Store): Store {
  const shared = new Set<PropertyKey>(SHARED);
  const answers = new Answers(store);
  return new Proxy(store, {
    get(_, name) {
      if (shared.has(name)) return (...args: unknown[]) => answers.ask(name, args);
      const value: unknown = Reflect.get(store, name);
      return typeof value === "function" ? value.bind(store) : value;
    },
  });
}

/** The answers of one revision. */
class Answers {
  readonly #store: Store;
  readonly #known = new Map<string, Promise<unknown>>();
  #revision = "";

  constructor(store: Store) {
    this.#store = store;
  }

  async ask(name: PropertyKey, args: readonly unknown[]): Promise<unknown> {
    const revision = await this.#store.revision();
    if (revision !== this.#revision) {
      // What was read meanwhile may be newer than its revision said, never older.
      this.#known.clear();
      this.#revision = revision;
    }
    const key = `${String(name)} ${JSON.stringify(args)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return await known;
    const answer = Reflect.apply(Reflect.get(this.#store, name) as Question, this.#store, args);
    this.#keep(key, answer);
    try {
      const value = await answer;
      if (name === "output" && sizeOf(value as readonly OutputPiece[]) > KEPT_OUTPUT) {
        this.#drop(key, answer);
      }
      return value;
    } catch (error) {
      this.#drop(key, answer);
      throw error;
    }
  }

  #keep(key: string, answer: Promise<unknown>): void {
    if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, answer);
  }

  #drop(key: string, answer: Promise<unknown>): void {
    if (this.#known.get(key) === answer) this.#known.delete(key);
  }
}

type Question = (...args: readonly unknown[]) => Promise<unknown>;

function sizeOf(pieces: readonly OutputPiece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
