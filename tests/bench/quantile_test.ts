import assert from "node:assert/strict";
import { quantile } from "./quantile.ts";

Deno.test("quantile() is a figure that is there, whatever their order", () => {
  const figures = [4, 1, 3, 2];
  assert.deepEqual([0, 0.25, 0.5, 0.51, 0.99, 1].map((part) => quantile(figures, part)), [
    1,
    1,
    2,
    3,
    4,
    4,
  ]);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
