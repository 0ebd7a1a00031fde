import assert from "node:assert/strict";
import fc from "fast-check";
import { formatTime } from "../../src/job/time.ts";

Deno.test("formatTime: RFC 3339 in UTC with milliseconds; null stays null", () => {
  assert.equal(formatTime(null), null);
  assert.equal(formatTime(0), "1970-01-01T00:00:00.000Z");
  assert.equal(formatTime(1_800_000_000_007), "2027-01-15T08:00:00.007Z");
});

Deno.test("formatTime: means the same time when it is read again", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (time) => {
    const text = formatTime(time)!;
    assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(Date.parse(text), time);
  }));
});
