import { equal } from "node:assert/strict";
import { readNumber } from "../../../src/web/page/read_number.ts";

Deno.test("readNumber() reads numbers, and null from an empty field", () => {
  equal(readNumber(" 12 "), 12);
  equal(readNumber("0"), 0);
  equal(readNumber("-1.5"), -1.5);
  equal(readNumber("  "), null);
});

Deno.test("readNumber() leaves what is no number as it is, for the API to refuse", () => {
  for (const text of ["abc", "1,000", "Infinity", "12 jobs"]) equal(readNumber(text), text);
});
