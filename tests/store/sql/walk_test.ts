import assert from "node:assert/strict";
import { type Found, type Key, type Lane, type Walk, walk } from "../../../src/store/sql/walk.ts";

/** Numbers upward without end, of which some fit. */
function endless(fits: (number: number) => boolean): Lane & { looked: number } {
  const lane = {
    looked: 0,
    // deno-lint-ignore require-yield -- it asks nobody
    *look([after]: Key, count: number) {
      lane.looked += count;
      return Array.from({ length: count }, (_, i) => {
        const number = after + 1 + i;
        return { key: [number, number] as const, fits: fits(number) };
      });
    },
  };
  return lane;
}

/** A walk along lanes that ask nobody. */
function walkAlong(what: Walk): Found {
  const { done, value } = walk(what).next();
  assert.ok(done);
  return value as Found;
}

const UPWARD = { compare: (a: Key, b: Key) => a[0] - b[0], after: [0, 0] as const, wanted: 10 };

Deno.test("walk() stops where it looks at many and finds none, and says how far it came", () => {
  const lane = endless(() => false);
  const { keys, reached } = walkAlong({ ...UPWARD, lanes: [lane], total: null });
  assert.deepEqual([keys, reached], [[], [lane.looked, lane.looked]]);
  assert.ok(lane.looked > 0 && lane.looked <= 20_250, `${lane.looked} looks`);
});

Deno.test("walk() stops where it has found all that there are", () => {
  const lane = endless((number) => number <= 3);
  const { keys, reached } = walkAlong({ ...UPWARD, lanes: [lane], total: 3 });
  assert.deepEqual([keys.map(([number]) => number), reached], [[1, 2, 3], null]);
  assert.ok(lane.looked < 250, `${lane.looked} looks`);
});

Deno.test("walk() gives nothing of one lane beyond what is known of the others", () => {
  const [odd, far] = [endless((n) => n % 2 === 1), endless((n) => n > 15)];
  const { keys, reached } = walkAlong({ ...UPWARD, lanes: [odd, far], total: null });
  const numbers = keys.map(([number]) => number);
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  assert.ok(numbers.length >= 10 && numbers.every((number) => number <= reached![0]));
});
