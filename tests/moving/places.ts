/**
 * Two places between which a store is moved, by a process that may be killed on the way.
 *
 * @module
 */

import { ok } from "node:assert/strict";
import { type Moved, moveStore } from "../../src/moving/move_store.ts";
import type { Cells, Mark, Relocation } from "../../src/store/relocation.ts";
import type { Store } from "../../src/store/store.ts";
import { type Kind, moveAll, newPlace, type Place } from "./place.ts";
import { makeStore } from "./template.ts";

/** The steps that change a store. */
const STEPS: ReadonlySet<PropertyKey> = new Set([
  "begin",
  "proceed",
  "end",
  "write",
  "complete",
]);

/** The mark of a source. */
export const MARK: Mark = {
  ...{ id: "move", role: "source", other: "elsewhere", at: 0 },
  ...{ isDone: false, place: null, rows: 0 },
};

/** A process was killed after so many steps. */
export class Killed extends Error {}

/** As if it were asked itself: it may have private fields. */
function memberOf(target: object, name: PropertyKey): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? value.bind(target) : value;
}

/** From where to where. */
export type Way = readonly [from: Kind, to: Kind];

export const WAYS: readonly Way[] = [
  ["sqlite", "sqlite"],
  ["sqlite", "postgres"],
  ["postgres", "sqlite"],
];

/** Two places, in the first of which a store is. */
export class Places implements AsyncDisposable {
  readonly from: Place;
  readonly to: Place;
  readonly #others: Place[] = [];
  #left = Infinity;
  /** How many steps were taken. */
  steps = 0;
  /** The rows of each portion that was stored. */
  readonly portions: (readonly Cells[])[] = [];

  private constructor(from: Place, to: Place) {
    this.from = from;
    this.to = to;
  }

  static async make([from, to]: Way, make = makeStore): Promise<Places> {
    const places = new Places(await newPlace(from), await newPlace(to));
    await fill(places.from, from, make);
    return places;
  }

  /** One more place, of the kind of the second one. */
  async another([, kind]: Way): Promise<Place> {
    const place = await newPlace(kind);
    this.#others.push(place);
    return place;
  }

  /** Moves the store, or goes on with that; killed right behind so many steps. */
  async move(
    { steps = Infinity, from = this.from, to = this.to, ids = ["move"] }: {
      readonly steps?: number;
      readonly from?: Place;
      readonly to?: Place;
      readonly ids?: string[];
    } = {},
  ): Promise<Moved> {
    this.#left = steps;
    await using source = this.#mortal(await from.open({ create: false, marked: true }));
    return await moveStore(
      source,
      async ({ create }) => this.#mortal(await to.open({ create, marked: true })),
      { now: Date.now, newId: () => ids.shift()!, progress: () => {} },
    );
  }

  #mortal(store: Store): Store {
    return new Proxy(store, {
      get: (_, name) => {
        if (name !== "relocation") return memberOf(store, name);
        return async () => this.#counted(await store.relocation());
      },
    });
  }

  #counted(relocation: Relocation): Relocation {
    return new Proxy(relocation, {
      get: (_, name) => {
        const member = memberOf(relocation, name);
        if (!STEPS.has(name)) return member;
        return async (...args: unknown[]) => {
          await (member as (...args: unknown[]) => Promise<void>)(...args);
          this.steps++;
          if (name === "write") this.portions.push(args[0] as readonly Cells[]);
          if (--this.#left === 0) throw new Killed();
        };
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of [this.from, this.to, ...this.#others]) await place[Symbol.asyncDispose]();
  }
}

/** Makes a store of some kind. */
export async function fill(place: Place, kind: Kind, make: typeof makeStore): Promise<void> {
  if (kind === "sqlite") return await make(place.location);
  await using file = await newPlace("sqlite");
  await make(file.location);
  await moveAll(file, place);
}

/** A look at a store by a command that knows nothing of moves. */
export async function look(place: Place): Promise<void> {
  await using store = await place.open({ create: false });
  await store.status();
}

/** An error of the command, in which these texts are. */
export function says(kind: new (message?: string) => Error, ...texts: readonly string[]) {
  return (error: Error): boolean => {
    ok(error instanceof kind, error.stack);
    for (const text of texts) ok(error.message.includes(text), error.message);
    return true;
  };
}

/** Registers tests. */
export type RegisterWays = (
  title: string,
  body: (way: Way) => Promise<void>,
  others?: readonly Way[],
) => void;

/** A test for each way, and for others. */
export const testEachWay: RegisterWays = (title, body, others = []) => {
  for (const way of [...WAYS, ...others]) {
    Deno.test(`${title} (${way.join(" to ")})`, () => body(way));
  }
};

/** A test for each target: of what is found out on its side, and told there. */
export const testEachTarget: RegisterWays = (title, body) => {
  for (const way of WAYS) {
    if (way[0] === "sqlite") Deno.test(`${title} (${way.join(" to ")})`, () => body(way));
  }
};
