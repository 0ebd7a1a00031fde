import { strictEqual } from "node:assert/strict";
import { quote } from "../src/quote.ts";

Deno.test("quote() shows an input on one line", () => {
  strictEqual(quote("a\nb\x1b"), '"a\\nb\\u001b"');
  strictEqual(quote("x".repeat(60)), `"${"x".repeat(60)}"`);
});

Deno.test("quote() cuts a long input, not inside a character", () => {
  strictEqual(quote("x".repeat(61)), `"${"x".repeat(60)}"…`);
  strictEqual(quote("x".repeat(59) + "😀😀"), `"${"x".repeat(59)}"…`);
});
