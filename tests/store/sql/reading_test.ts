import assert from "node:assert/strict";
import { readRows } from "../../../src/store/sql/reading.ts";
import type { Row, Work } from "../../../src/store/sql/work.ts";

/** A job with a command of so many characters. */
const rowOf = (seq: number, length: number): Row => ({ seq, command: "x".repeat(length) });

/** Answers each statement with rows in no order; what comes of it, and how many rows each one had. */
function answer<T>(work: Work<T>, length: number): { readonly value: T; readonly asked: number[] } {
  const asked: number[] = [];
  for (let step = work.next();; step = work.next(rowsOf(step.value.values[0]))) {
    if (step.done) return { value: step.value, asked };
  }

  function rowsOf(seqs: unknown): Row[] {
    const list = JSON.parse(seqs as string) as number[];
    asked.push(list.length);
    return list.toSorted().map((seq) => rowOf(seq, length));
  }
}

const seqs = Array.from({ length: 1000 }, (_, i) => 1000 - i);

Deno.test("readRows() gives each row once, in the order that was asked for, by few statements", () => {
  const { value, asked } = answer(readRows("command", seqs), 10);
  assert.deepEqual(value.map(({ seq }) => seq), seqs);
  assert.ok(asked.length <= 6, `${asked}`);
});

Deno.test("readRows() reads few large ones at once, and ends behind the one with the size", () => {
  const { value, asked } = answer(readRows("command", seqs, 4_000_000), 100_000);
  assert.deepEqual(value.map(({ seq }) => seq), seqs.slice(0, 40));
  assert.ok(asked.every((count) => count <= 16), `${asked}`);
});

Deno.test("readRows() of nothing asks nothing", () => {
  assert.deepEqual(answer(readRows("command", []), 10), { value: [], asked: [] });
});
