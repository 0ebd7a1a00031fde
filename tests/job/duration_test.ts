import { match, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, MAX_DURATION, parseDuration } from "../../src/job/duration.ts";

Deno.test("parseDuration() reads numbers as seconds", () => {
  for (const input of [90, "90", " 90 ", "90.0", "090"]) strictEqual(parseDuration(input), 90_000);
  strictEqual(parseDuration(0), 0);
  strictEqual(parseDuration(-0), 0);
  strictEqual(parseDuration("1.5"), 1500);
  strictEqual(parseDuration(".5"), 500);
  strictEqual(parseDuration(0.25), 250);
});

Deno.test("parseDuration() reads units", () => {
  const expected: Record<string, number> = {
    "250ms": 250,
    "90s": 90_000,
    "10m": 600_000,
    "1h30m": 5_400_000,
    "1h 30m": 5_400_000,
    "1 h": 3_600_000,
    "2d": 172_800_000,
    "1d2h3m4s5ms": 93_784_005,
    "1.5h": 5_400_000,
    "0s": 0,
    "90m": 5_400_000,
  };
  for (const [text, value] of Object.entries(expected)) strictEqual(parseDuration(text), value);
});

Deno.test("parseDuration() rounds to a millisecond, but never to zero", () => {
  strictEqual(parseDuration("1.0004"), 1000);
  strictEqual(parseDuration("1.0006"), 1001);
  strictEqual(parseDuration(1e-9), 1);
  strictEqual(parseDuration("0.1ms"), 1);
});

Deno.test("parseDuration() refuses what is no duration", () => {
  const bad = ["", " ", "s", "-1", "-1s", "+1", "1x", "1s2m", "1s1s", "1e3", "Infinity", "NaN"];
  const worse = ["0x10", "1h-3m", "1,5s", "10M", "1m 2", "١s", -1, NaN, -Infinity, null];
  for (const input of [...bad, ...worse, undefined, true, {}, [], [5], 5n, Symbol.iterator]) {
    throws(() => parseDuration(input), (error: RangeError) => {
      match(error.message, /^must be a duration such as .*1h30m or 2d, not ./);
      return error instanceof RangeError;
    });
  }
});

Deno.test("parseDuration() refuses more than a hundred years", () => {
  strictEqual(parseDuration("36525d"), MAX_DURATION);
  for (const input of ["36526d", "36525d1ms", 1e300, Infinity, "9".repeat(400)]) {
    throws(
      () => parseDuration(input),
      /^RangeError: must be a duration of at most 100 years, not /,
    );
  }
});

Deno.test("parseDuration() throws nothing but a RangeError", () => {
  fc.assert(fc.property(fc.oneof(fc.anything(), fc.string({ unit: "binary" })), (input) => {
    try {
      const duration = parseDuration(input);
      strictEqual(Number.isInteger(duration) && duration >= 0 && duration <= MAX_DURATION, true);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }));
});

Deno.test("formatDuration() is short", () => {
  const expected: [number, string][] = [
    [0, "0s"],
    [1, "1ms"],
    [1500, "1s500ms"],
    [90_000, "1m30s"],
    [3_600_000, "1h"],
    [86_400_000, "1d"],
    [604_800_000, "7d"],
    [93_784_005, "1d2h3m4s5ms"],
  ];
  for (const [duration, text] of expected) strictEqual(formatDuration(duration), text);
  for (const bad of [-1, 0.5, NaN, Infinity]) throws(() => formatDuration(bad), RangeError);
});

Deno.test("formatDuration() is read back by parseDuration()", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: MAX_DURATION }), (duration) => {
    strictEqual(parseDuration(formatDuration(duration)), duration);
  }));
});
