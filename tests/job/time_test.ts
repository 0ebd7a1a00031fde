import assert from "node:assert/strict";
import fc from "fast-check";
import { formatTime, parseTime } from "../../src/job/time.ts";

/** Any time that has four digits of a year. */
const times = fc.integer({ min: 0, max: 253_402_300_799_999 });

Deno.test("formatTime: RFC 3339 in UTC with milliseconds; null stays null", () => {
  assert.equal(formatTime(null), null);
  assert.equal(formatTime(0), "1970-01-01T00:00:00.000Z");
  assert.equal(formatTime(1_800_000_000_007), "2027-01-15T08:00:00.007Z");
});

Deno.test("formatTime: means the same time when it is read again", () => {
  fc.assert(fc.property(times, (time) => {
    const text = formatTime(time)!;
    assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(parseTime(text), time);
  }));
});

Deno.test("parseTime: RFC 3339 with every zone, fraction and separator", () => {
  const base = Date.UTC(2027, 0, 15, 8, 0, 0);
  const expected: [string, number][] = [
    ["2027-01-15T08:00:00Z", base],
    ["2027-01-15t08:00:00z", base],
    ["2027-01-15 08:00:00Z", base],
    ["2027-01-15T08:00Z", base],
    [" 2027-01-15T08:00:00Z\n", base],
    ["2027-01-15T08:00:00 +00:00", base],
    ["2027-01-15T08:00:00-00:00", base],
    ["2027-01-15T10:30:00+02:30", base],
    ["2027-01-14T22:00:00-10:00", base],
    ["2027-01-15T08:00:00.5Z", base + 500],
    ["2027-01-15T08:00:00.007Z", base + 7],
    ["2027-01-15T08:00:00.123456789Z", base + 123],
    ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29)],
  ];
  for (const [text, time] of expected) assert.equal(parseTime(text), time, text);
});

Deno.test("parseTime: without a zone it is local time", () => {
  fc.assert(fc.property(times, (time) => {
    const date = new Date(time);
    const pad = (part: number, width = 2) => String(part).padStart(width, "0");
    const day = [pad(date.getFullYear(), 4), pad(date.getMonth() + 1), pad(date.getDate())];
    const minute = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
    const local = new Date(date.getFullYear(), date.getMonth(), date.getDate());
    local.setHours(date.getHours(), date.getMinutes());
    assert.equal(parseTime(`${day.join("-")}T${minute}`), local.getTime());
    assert.equal(parseTime(`${day.join("-")} ${minute}`), local.getTime());
  }));
});

Deno.test("parseTime: refuses what is no time, and shows what it was given", () => {
  const bad = [
    "",
    "soon",
    "tomorrow",
    "2027-01-15",
    "08:00",
    "1800000000",
    "2027-1-15T08:00:00Z",
    "27-01-15T08:00:00Z",
    "2027-13-01T00:00:00Z",
    "2027-00-01T00:00:00Z",
    "2027-02-30T00:00:00Z",
    "2027-02-29T00:00:00Z",
    "2027-01-15T25:00:00Z",
    "2027-01-15T08:60:00Z",
    "2027-01-15T08:00:61Z",
    "2027-01-15T08:00:00+2",
    "2027-01-15T08:00:00+25:00",
    "2027-01-15T08:00:00 Europe/Berlin",
    "2027-01-15T08:00:00Zjunk",
    "2027-01-15T08:00:00Z2027-01-15T08:00:00Z",
    "+002027-01-15T08:00:00Z",
    "\0",
  ];
  for (const text of bad) {
    assert.throws(
      () => parseTime(text),
      (error: unknown) => {
        assert.ok(error instanceof RangeError, text);
        assert.match(error.message, /^must be a time such as 2030-01-31T18:00:00Z, or /);
        assert.doesNotMatch(error.message, /\n|\.$/);
        return true;
      },
      JSON.stringify(text),
    );
  }
});

Deno.test("parseTime: throws nothing but RangeError, whatever it is given", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    try {
      assert.ok(Number.isSafeInteger(parseTime(text)));
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
  }));
});
