import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { fromBase64, toBase64 } from "../src/base64.ts";

Deno.test("toBase64() writes what RFC 4648 says, and fromBase64() reads it", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    const text = toBase64(bytes);
    strictEqual(text, Buffer.from(bytes).toString("base64"));
    deepStrictEqual(fromBase64(text), bytes);
  }));
  const long = new Uint8Array(1_000_003).map((_, i) => i * 7);
  deepStrictEqual(fromBase64(toBase64(long)), long);
});

Deno.test("fromBase64() refuses what is not base64", () => {
  for (const text of ["*", "a", "ab=c", "ü"]) throws(() => fromBase64(text), /^RangeError: is not/);
});
