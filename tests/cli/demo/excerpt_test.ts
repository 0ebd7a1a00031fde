import assert from "node:assert/strict";
import { Excerpt, type ExcerptOptions } from "../../../src/cli/demo/excerpt.ts";

function excerpt(count: number, options: ExcerptOptions): string[] {
  const shown: string[] = [];
  const lines = new Excerpt((line) => shown.push(line), options);
  for (let n = 1; n <= count; n++) lines.add(String(n));
  lines.end();
  return shown;
}

Deno.test("Excerpt shows what fits, and no gap of a single line", () => {
  assert.deepEqual(excerpt(0, { head: 2, tail: 1 }), []);
  assert.deepEqual(excerpt(2, { head: 2, tail: 1 }), ["1", "2"]);
  assert.deepEqual(excerpt(4, { head: 2, tail: 1 }), ["1", "2", "3", "4"]);
});

Deno.test("Excerpt says how many lines are left out", () => {
  assert.deepEqual(excerpt(5, { head: 2, tail: 1 }), ["1", "2", "… 2 more lines", "5"]);
  assert.deepEqual(excerpt(9, { head: 1, tail: 0 }), ["1", "… 8 more lines"]);
});

Deno.test("Excerpt shows the head as it comes", () => {
  const shown: string[] = [];
  const lines = new Excerpt((line) => shown.push(line), { head: 1, tail: 1 });
  ["a", "b", "c", "d"].forEach((line) => lines.add(line));
  assert.deepEqual(shown, ["a"]);
});
