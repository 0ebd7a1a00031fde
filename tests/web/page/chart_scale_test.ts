import { deepEqual, ok } from "node:assert/strict";
import { assert, double, property } from "fast-check";
import {
  aboveZero,
  logRange,
  MARKS,
  marksIn,
  stackTops,
  stepOf,
} from "../../../src/web/page/chart_scale.ts";

Deno.test("logRange() goes from one mark to a larger one, with the values between them", () => {
  deepEqual(logRange(0.2, 44), [0.1, 60]);
  deepEqual(logRange(1, 1), [1, 10]);
  deepEqual(logRange(null, null), [0.1, 10]);
});

Deno.test("logRange() holds whatever lasts up to a hundred days", () => {
  const value = double({ min: 0.001, max: 8_640_000, noNaN: true });
  assert(property(value, value, (one, other) => {
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    const [from, to] = logRange(low, high);
    ok(from <= low && high <= to && from < to, `${from} ${low} ${high} ${to}`);
  }));
});

Deno.test("logRange() ends at the value where no mark is large enough", () => {
  deepEqual(logRange(1, 1e9), [1, 1e9]);
});

Deno.test("marksIn() gives both ends", () => {
  deepEqual(marksIn(0.1, 60), [0.1, 1, 10, 60]);
});

Deno.test("aboveZero() leaves gaps, and lifts zero to the first mark", () => {
  deepEqual([null, 0, 5].map(aboveZero), [null, MARKS[0], 5]);
});

Deno.test("stackTops() puts the last kind on the ground", () => {
  deepEqual(stackTops([[5, 1, null], [2, null, 3]]), [[7, 1, null], [2, null, 3]]);
});

Deno.test("stepOf() is the distance of the first two times", () => {
  deepEqual([stepOf([0, 900, 1800]), stepOf([7])], [900, 60]);
});
