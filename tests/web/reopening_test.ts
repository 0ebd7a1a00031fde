import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { StoreError, StoreGoneError } from "../../src/errors.ts";
import type { Store } from "../../src/store/store.ts";
import { reopening } from "../../src/web/reopening.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A store of which a test says what it does. */
class FakeStore {
  readonly location: string;
  readonly isShared: boolean;
  looks = 0;
  problem: Error | null = null;
  isClosed = false;
  readonly slow = Promise.withResolvers<void>();

  constructor(name: string, isShared = false) {
    this.location = name;
    this.isShared = isShared;
  }

  revision(): Promise<string> {
    this.looks++;
    return this.problem === null ? Promise.resolve("1") : Promise.reject(this.problem);
  }

  settings(): Promise<ReadonlyMap<string, string>> {
    if (this.isShared && this.problem !== null) return Promise.reject(this.problem);
    if (this.isClosed) throw new TypeError("The store is closed");
    return Promise.resolve(new Map([["name", this.location]]));
  }

  async *portions(): AsyncGenerator<readonly string[]> {
    yield ["first"];
    await this.slow.promise;
    if (this.isClosed) throw new TypeError("The store is closed");
    yield ["second"];
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.isClosed) throw new TypeError("It is closed twice");
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** A store that opens `next` in the place of the first one. */
function fake(
  next: () => FakeStore,
  isShared = false,
): { readonly first: FakeStore; readonly store: Store } {
  const first = new FakeStore("first", isShared);
  const open = () => Promise.resolve().then(() => next() as unknown as Store);
  return { first, store: reopening(first as unknown as Store, open) };
}

const nameOf = async (store: Store) => (await store.settings()).get("name");

Deno.test("reopening() opens what is in the place of a store that is gone, once", async () => {
  const opened: FakeStore[] = [];
  const { first, store } = fake(() => {
    opened.push(new FakeStore(`next${opened.length}`));
    return opened.at(-1)!;
  });
  deepStrictEqual([await nameOf(store), await store.revision()], ["first", "0-1"]);
  first.problem = new StoreGoneError("gone");
  const names = await Promise.all(Array.from({ length: 5 }, () => nameOf(store)));
  deepStrictEqual([new Set(names), opened.length, first.isClosed], [new Set(["next0"]), 1, true]);
  // The same revision of another store is another one.
  deepStrictEqual([await store.revision(), store.location], ["1-1", "next0"]);
  await store[Symbol.asyncDispose]();
  strictEqual(opened[0]!.isClosed, true);
});

Deno.test("reopening() keeps a store that is only away", async () => {
  const { first, store } = fake(() => {
    throw new Error("It is opened");
  });
  first.problem = new StoreError("away");
  await rejects(nameOf(store), /away/);
  first.problem = null;
  strictEqual(await nameOf(store), "first");
  await store[Symbol.asyncDispose]();
});

Deno.test("reopening() says why nothing can be opened, and tries again later", async () => {
  let tries = 0;
  const { first, store } = fake(() => {
    if (++tries < 2) throw new StoreError("There is none");
    return new FakeStore("next");
  });
  first.problem = new StoreGoneError("gone");
  for (let ask = 0; ask < 3; ask++) await rejects(nameOf(store), /There is none/);
  strictEqual(tries, 1);
  await waitFor(() => nameOf(store).then((name) => name === "next", () => false));
  strictEqual(tries, 2);
  await store[Symbol.asyncDispose]();
});

Deno.test("reopening() closes a store after what is under way in it", async () => {
  const { first, store } = fake(() => new FakeStore("next"));
  const portions = store.portions({})[Symbol.asyncIterator]();
  await portions.next();
  first.problem = new StoreGoneError("gone");
  deepStrictEqual([await nameOf(store), first.isClosed], ["next", false]);
  first.slow.resolve();
  deepStrictEqual((await portions.next()).value, ["second"]);
  strictEqual((await portions.next()).done, true);
  strictEqual(first.isClosed, true);
  await store[Symbol.asyncDispose]();
});

Deno.test("reopening() asks a server nothing before a call, and opens another store after one that says so", async () => {
  const { first, store } = fake(() => new FakeStore("next", true), true);
  deepStrictEqual([await nameOf(store), first.looks], ["first", 0]);
  first.problem = new StoreError("away");
  await rejects(nameOf(store), StoreError);
  first.problem = null;
  strictEqual(await nameOf(store), "first");
  first.problem = new StoreGoneError("gone");
  await rejects(nameOf(store), StoreGoneError);
  deepStrictEqual([await nameOf(store), first.isClosed], ["next", true]);
  strictEqual(await store.revision(), "1-1");
});
