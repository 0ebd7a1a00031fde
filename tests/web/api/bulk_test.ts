import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Store } from "../../../src/store/store.ts";
import { Contract } from "./contract.ts";

/** Calls `before` with the number of each portion before it is acted on. */
function portionwise(before: (portion: number) => Promise<void>): (store: Store) => Store {
  let portion = 0;
  return (store) =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name !== "actOnAll") return value.bind(target);
        return async (...args: unknown[]) => {
          await before(++portion);
          return await value.apply(target, args);
        };
      },
    });
}

const BODY = JSON.stringify({ action: "cancel", filter: { state: "pending" } });

Deno.test("POST /api/jobs/bulk goes on in portions, and leaves alone what comes meanwhile", async () => {
  let portions = 0;
  const through = portionwise(async (portion) => {
    portions = portion;
    await api.queue.add(`late${portion}`);
  });
  await using api: Contract = await Contract.open({ through });
  await api.queue.add(...Array.from({ length: 1200 }, (_, i) => `job${i}`));
  const result = await api.want(200, "POST", "/jobs/bulk", BODY);
  // The job that came before the first portion is one of them.
  deepStrictEqual([result.acted, result.more], [1201, false]);
  // There may be more: a portion that takes long is cut short.
  ok(portions >= 3, `${portions}`);
  strictEqual(await api.queue.store.count({ states: ["pending"] }), portions - 1);
});

Deno.test("POST /api/dlq/purge lets others be served between its portions", async () => {
  const portions: number[] = [];
  let isOtherServed = false;
  const through = (store: Store) =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== "removeEnded") return typeof value === "function" ? value.bind(target) : value;
        return (_: unknown, most: number) => {
          if (portions.length === 0) setTimeout(() => isOtherServed = true);
          const removed = isOtherServed || portions.length > 2 ? 5 : most;
          portions.push(removed);
          return Promise.resolve(removed);
        };
      },
    });
  await using api: Contract = await Contract.open({ through });
  const { purged } = await api.want(200, "POST", "/dlq/purge", JSON.stringify({ all: true }));
  strictEqual(portions.length, 2);
  strictEqual(purged, portions[0]! + 5);
});
