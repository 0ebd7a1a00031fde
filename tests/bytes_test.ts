import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { concatenate } from "../src/bytes.ts";

Deno.test("concatenate() joins parts in their order, and copies none that is alone", () => {
  const [none, one, more] = [new Uint8Array(0), new Uint8Array([1]), new Uint8Array([2, 3])];
  deepStrictEqual(concatenate([one, none, more]), new Uint8Array([1, 2, 3]));
  strictEqual(concatenate([none, more]), more);
  strictEqual(concatenate([]).length, 0);
});
