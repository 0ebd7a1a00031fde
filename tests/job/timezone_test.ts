import assert from "node:assert/strict";
import { formatInTimezone, localTimezone, parseTimezone } from "../../src/job/timezone.ts";

Deno.test("parseTimezone: gives a zone its IANA name; another name of it stays", () => {
  assert.equal(parseTimezone("Europe/Berlin"), "Europe/Berlin");
  assert.equal(parseTimezone(" europe/berlin "), "Europe/Berlin");
  assert.equal(parseTimezone("utc"), "UTC");
  assert.equal(parseTimezone("Asia/Kolkata"), "Asia/Kolkata");
});

Deno.test("parseTimezone: says what is wrong, and what was meant", () => {
  const example = "must be an IANA time zone such as Europe/Berlin or UTC, not ";
  for (
    const [text, rest] of [
      ["", '""'],
      ["+02:00", '"+02:00"'],
      ["Mars/Olympus_Mons", '"Mars/Olympus_Mons"'],
      ["berlin", '"berlin", did you mean "Europe/Berlin"?'],
      ["new york", '"new york", did you mean "America/New_York"?'],
      ["Europe/Belrin", '"Europe/Belrin", did you mean "Europe/Berlin"?'],
    ] as const
  ) {
    assert.throws(() => parseTimezone(text), { name: "RangeError", message: example + rest });
  }
});

Deno.test("localTimezone: is one that is known", () => {
  assert.equal(parseTimezone(localTimezone()), localTimezone());
});

Deno.test("formatInTimezone: shows the zone's clock with its offset", () => {
  const time = Date.UTC(2026, 9, 25, 0, 30);
  assert.equal(formatInTimezone(time, "Europe/Berlin"), "2026-10-25T02:30:00+02:00");
  assert.equal(formatInTimezone(time + 3_600_000, "Europe/Berlin"), "2026-10-25T02:30:00+01:00");
  assert.equal(formatInTimezone(time, "UTC"), "2026-10-25T00:30:00+00:00");
  assert.equal(formatInTimezone(time, "America/St_Johns"), "2026-10-24T22:00:00-02:30");
  assert.equal(
    formatInTimezone(Date.UTC(2026, 0, 1), "Europe/London"),
    "2026-01-01T00:00:00+00:00",
  );
});
