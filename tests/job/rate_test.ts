import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { formatRate, MAX_RATE_COUNT, parseRate } from "../../src/job/rate.ts";

Deno.test("parseRate() reads a count and the length of a window", () => {
  for (
    const [text, count, period] of [
      ["10/1m", 10, 60_000],
      ["5/s", 5, 1000],
      ["100/h", 100, 3_600_000],
      ["1/90s", 1, 90_000],
      ["3/250ms", 3, 250],
      ["2/1h30m", 2, 5_400_000],
      ["7/10", 7, 10_000],
      [" 1 / d ", 1, 86_400_000],
    ] as const
  ) deepStrictEqual(parseRate(text), { count, period }, text);
});

Deno.test("parseRate() refuses what is no rate, and says what is", () => {
  for (
    const [text, reason] of [
      ["", /^must be a rate such as 5\/s, 10\/1m or 100\/h, not ""$/],
      ["10", /^must be a rate/],
      ["/s", /^must be a rate/],
      ["10/", /^must be a rate/],
      ["ten/s", /^must be a rate/],
      ["-1/s", /^must be a rate/],
      ["1.5/s", /^must be a rate/],
      ["1/soon", /^must be a rate/],
      ["1/-1s", /^must be a rate/],
      ["0/s", /^must begin with a number from 1 to 1000000, not "0\/s"$/],
      [`${MAX_RATE_COUNT + 1}/s`, /^must begin with/],
      ["1/0s", /^must be for a time of more than 0 and at most 1d, not "1\/0s"$/],
      ["1/25h", /^must be for a time/],
    ] as const
  ) {
    throws(() => parseRate(text), (error) => {
      strictEqual((error as Error).name, "RangeError");
      return reason.test((error as Error).message);
    }, text);
  }
});

Deno.test("formatRate() writes what parseRate() reads", () => {
  strictEqual(formatRate({ count: 10, period: 60_000 }), "10/1m");
  strictEqual(formatRate({ count: 1, period: 90_000 }), "1/1m30s");
  fc.assert(fc.property(
    fc.integer({ min: 1, max: MAX_RATE_COUNT }),
    fc.integer({ min: 1, max: 86_400_000 }),
    (count, period) => {
      deepStrictEqual(parseRate(formatRate({ count, period })), { count, period });
    },
  ));
});
