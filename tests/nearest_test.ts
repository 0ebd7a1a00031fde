import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { didYouMean, editDistance, nearest } from "../src/nearest.ts";

const WORDS = ["enqueue", "list", "logs", "status", "max_retries", "priority"];

Deno.test("nearest() finds slips", () => {
  const expected: Record<string, string | null> = {
    lst: "list",
    lsit: "list",
    pririty: "priority",
    maxretries: "max_retries",
    "MAX-RETRIES": "max_retries",
    max_retrys: "max_retries",
    enq: "enqueue",
    stauts: "status",
    log: "logs",
    x: null,
    l: null,
    "": null,
    frobnicate: null,
    constructor: null,
  };
  for (const [word, found] of Object.entries(expected)) strictEqual(nearest(word, WORDS), found);
  strictEqual(nearest("a".repeat(1_000_000), WORDS), null);
  strictEqual(nearest("list", []), null);
});

Deno.test("didYouMean() is a clause or nothing", () => {
  strictEqual(didYouMean("lst", WORDS), ', did you mean "list"?');
  strictEqual(didYouMean("lst", WORDS, "--"), ", did you mean --list?");
  strictEqual(didYouMean("xyz", WORDS), "");
});

Deno.test("editDistance() counts a swap as one edit", () => {
  strictEqual(editDistance("", ""), 0);
  strictEqual(editDistance("abc", ""), 3);
  strictEqual(editDistance("lsit", "list"), 1);
  strictEqual(editDistance("kitten", "sitting"), 3);
});

Deno.test("editDistance() is a symmetric measure that is zero for equal words only", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    strictEqual(editDistance(a, b), editDistance(b, a));
    strictEqual(editDistance(a, b) === 0, a === b);
    strictEqual(editDistance(a, b) <= Math.max(a.length, b.length), true);
  }));
});
