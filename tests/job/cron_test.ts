import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonicalCron,
  type CatchUp,
  type CronTimes,
  dueFirings,
  LATE,
  MAX_FIRINGS,
  parseCron,
} from "../../src/job/cron.ts";
import { formatInTimezone } from "../../src/job/timezone.ts";

const BERLIN = "Europe/Berlin";
const NEW_YORK = "America/New_York";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The firings after a time and before another one, as the clocks of the zone show them. */
async function shown(cron: string, zone: string, from: string, to: string): Promise<string[]> {
  const times = await parseCron(cron, zone);
  return forward(times, Date.parse(from), Date.parse(to))
    .map((time) => formatInTimezone(time, zone).slice(5).replace(":00-", "-").replace(":00+", "+"));
}

/** From `after` (excluded) to `until` (excluded). */
function forward(times: CronTimes, after: number, until: number): number[] {
  const found: number[] = [];
  for (let time = times.next(after); time !== null && time < until; time = times.next(time)) {
    found.push(time);
  }
  return found;
}

function backward(times: CronTimes, after: number, until: number): number[] {
  const found: number[] = [];
  for (let time = times.last(until - 1); time !== null && time > after;) {
    found.push(time);
    time = times.last(time - 1);
  }
  return found.reverse();
}

Deno.test("canonicalCron: five fields, six, or a name in any case; spaces do not matter", () => {
  assert.equal(canonicalCron(" 30\t2  * * * \n"), "30 2 * * *");
  assert.equal(canonicalCron("*/5 30 2 * * MON-fri"), "*/5 30 2 * * MON-fri");
  assert.equal(canonicalCron("@Daily"), "@daily");
  assert.equal(canonicalCron("@HOURLY"), "@hourly");
});

Deno.test("parseCron: says what is wrong with what is no expression", async () => {
  const example = 'must be a cron expression such as "30 2 * * *" (every day at 02:30), not ';
  const names = "the names are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually";
  const fields = "it takes 5 fields in quotes, or 6 with the seconds first, and this has";
  for (
    const [text, reason] of [
      ["", `${fields} none`],
      ["  ", `${fields} none`],
      ["* * * *", `${fields} 4`],
      ["0 0 1 1 * * 2030", `${fields} 7`],
      ["2030-01-31T18:00:00Z", `${fields} 1`],
      ["@reboot", names],
      ["@never", names],
      ["@daily @daily", names],
      ["Thu Jan 31 18:00:00 2030", '"18:00:00" is not a field of it'],
      ["0 0: 31 2 *", '"0:" is not a field of it'],
      ["*/ * * * *", "syntax error, illegal stepping"],
      ["61 * * * *", "invalid value for minute: 61"],
      ["a * * * *", "configuration entry 1 (a) contains illegal characters"],
      ["0 0 30 2 *", "it never fires"],
      ["0 0 31 4,6,9,11 *", "it never fires"],
    ] as const
  ) {
    await assert.rejects(parseCron(text, "UTC"), {
      name: "RangeError",
      message: `${example}${JSON.stringify(text)}: ${reason}`,
    });
  }
  const long = await parseCron(`${"1,".repeat(500)}x * * * *`, "UTC").catch((error) => error);
  assert.ok(long instanceof RangeError && long.message.length < 300, long.message);
});

Deno.test("parseCron: every name means its expression", async () => {
  const after = Date.UTC(2026, 4, 20, 10, 30);
  for (
    const [name, expected] of [
      ["@hourly", "2026-05-20T11:00:00.000Z"],
      ["@daily", "2026-05-21T00:00:00.000Z"],
      ["@midnight", "2026-05-21T00:00:00.000Z"],
      ["@weekly", "2026-05-24T00:00:00.000Z"],
      ["@monthly", "2026-06-01T00:00:00.000Z"],
      ["@yearly", "2027-01-01T00:00:00.000Z"],
      ["@Annually", "2027-01-01T00:00:00.000Z"],
    ] as const
  ) {
    const next = (await parseCron(name, "UTC")).next(after);
    assert.equal(new Date(next!).toISOString(), expected, name);
  }
});

Deno.test("next: is after the time, last: at or before it", async () => {
  const times = await parseCron("* * * * * *", "UTC");
  assert.equal(times.next(5000), 6000);
  assert.equal(times.next(5999), 6000);
  assert.equal(times.last(5000), 5000);
  assert.equal(times.last(5999), 5000);
  assert.equal(times.last(4999), 4000);
  const leap = await parseCron("0 0 29 2 *", "UTC");
  assert.equal(leap.next(Date.UTC(2024, 1, 29)), Date.UTC(2028, 1, 29));
});

Deno.test("next: daily at 02:30 in Berlin fires once a day, also where clocks change", async () => {
  assert.deepEqual(
    await shown("30 2 * * *", BERLIN, "2026-03-27T12:00:00Z", "2026-03-31T00:00:00Z"),
    ["03-28T02:30+01:00", "03-29T03:00+02:00", "03-30T02:30+02:00"],
  );
  assert.deepEqual(
    await shown("30 2 * * *", BERLIN, "2026-10-23T12:00:00Z", "2026-10-27T00:00:00Z"),
    ["10-24T02:30+02:00", "10-25T02:30+02:00", "10-26T02:30+01:00"],
  );
});

Deno.test("next: daily in New York fires once a day, also where clocks change", async () => {
  assert.deepEqual(
    await shown("30 2 * * *", NEW_YORK, "2026-03-06T12:00:00Z", "2026-03-10T00:00:00Z"),
    ["03-07T02:30-05:00", "03-08T03:00-04:00", "03-09T02:30-04:00"],
  );
  // There the repeated hour is from 01:00 to 02:00.
  for (const time of ["1:30", "2:30"]) {
    const [hour, minute] = time.split(":");
    assert.deepEqual(
      await shown(`${minute} ${hour} * * *`, NEW_YORK, "2026-10-30T12:00:00Z", "2026-11-03T00:00Z"),
      [
        `10-31T0${time}-04:00`,
        `11-01T0${time}${hour === "1" ? "-04:00" : "-05:00"}`,
        `11-02T0${time}-05:00`,
      ],
    );
  }
});

Deno.test("next: a list of times of the day counts as times of the day", async () => {
  assert.deepEqual(
    await shown("30 2,14 * * *", BERLIN, "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"),
    ["10-25T02:30+02:00", "10-25T14:30+01:00"],
  );
  assert.deepEqual(
    await shown("0,30 2 * * *", BERLIN, "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z"),
    ["03-29T03:00+02:00"],
  );
});

Deno.test("next: every 15 minutes is every 15 minutes, also where clocks change", async () => {
  for (
    const [zone, change] of [
      [BERLIN, "2026-03-29T01:00:00Z"],
      [BERLIN, "2026-10-25T01:00:00Z"],
      [NEW_YORK, "2026-03-08T07:00:00Z"],
      [NEW_YORK, "2026-11-01T06:00:00Z"],
    ] as const
  ) {
    const times = await parseCron("*/15 * * * *", zone);
    const from = Date.parse(change) - 3 * HOUR;
    const expected = Array.from({ length: 24 }, (_, index) => from + (index + 1) * 15 * MINUTE);
    assert.deepEqual(forward(times, from, from + 6 * HOUR + 1), expected, zone + change);
    assert.deepEqual(backward(times, from, from + 6 * HOUR + 1), expected, zone + change);
  }
});

Deno.test("next and last: find the same firings, each later than the one before", async () => {
  const field = (...texts: string[]) => fc.constantFrom(...texts);
  const expressions = fc.tuple(
    field("*", "*/15", "0", "30", "0,30", "5-20/5", "59"),
    field("*", "*/2", "0", "1", "2", "0,2,3", "1-3", "23"),
    field("*", "25", "L", "1-7", "29"),
    field("*", "3", "3,10,11"),
    field("*", "0", "SUN", "1-5", "7"),
  ).map((fields) => fields.join(" "));
  const zones = field(
    BERLIN,
    NEW_YORK,
    "UTC",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Chatham",
  );
  const days = fc.integer({ min: 0, max: 364 });
  await fc.assert(
    fc.asyncProperty(expressions, zones, days, async (expression, zone, day) => {
      const times = await parseCron(expression, zone);
      const from = Date.UTC(2026, 0, 1) + day * DAY - 1;
      const found = forward(times, from, from + 3 * DAY);
      assert.deepEqual(found, [...new Set(found)].sort((a, b) => a - b));
      assert.deepEqual(backward(times, from, from + 3 * DAY), found);
    }),
    { numRuns: 150 },
  );
});

/** The firings of an expression that is due from `nextAt` on. */
async function due(
  cron: string,
  { nextAt, now, catchUp }: { nextAt: number; now: number; catchUp: CatchUp },
): Promise<number[]> {
  return dueFirings(await parseCron(cron, "UTC"), { nextAt, catchUp }, now);
}

const NOON = Date.UTC(2026, 5, 1, 12);

Deno.test("dueFirings: what is late by 90 s at most fires, whatever is to be caught up", async () => {
  for (const catchUp of ["none", "one", "all"] as const) {
    const fires = async (cron: string, nextAt: number, now: number) =>
      (await due(cron, { nextAt, now, catchUp })).map((time) => time - NOON);
    assert.deepEqual(await fires("0 * * * *", NOON, NOON), [0]);
    assert.deepEqual(await fires("0 * * * *", NOON, NOON + LATE), [0]);
    assert.deepEqual(await fires("*/20 * * * * *", NOON, NOON + LATE), [
      ...[0, 20_000, 40_000, 60_000, 80_000],
    ]);
    assert.deepEqual(await fires("* * * * * *", NOON, NOON + 2500), [0, 1000, 2000]);
    assert.deepEqual(await fires("0 * * * *", NOON, NOON - 1), []);
  }
});

Deno.test("dueFirings: none leaves out what was missed", async () => {
  const now = NOON + 30 * MINUTE + 10 * SECOND;
  const catchUp = "none";
  assert.deepEqual(await due("0 * * * *", { nextAt: NOON, now, catchUp }), []);
  assert.deepEqual(await due("*/10 * * * *", { nextAt: NOON, now, catchUp }), [
    NOON + 30 * MINUTE,
  ]);
  assert.equal(
    (await due("* * * * * *", { nextAt: NOON, now, catchUp })).length,
    LATE / SECOND + 1,
  );
});

Deno.test("dueFirings: one makes up for all that was missed with the last", async () => {
  const now = NOON + 3 * DAY + 30 * MINUTE;
  const catchUp = "one";
  assert.deepEqual(await due("0 * * * *", { nextAt: NOON, now, catchUp }), [NOON + 3 * DAY]);
  assert.deepEqual(await due("* * * * * *", { nextAt: NOON, now, catchUp }), [now]);
});

Deno.test("dueFirings: all makes up for each, oldest first", async () => {
  const now = NOON + 3 * HOUR + 30 * MINUTE;
  assert.deepEqual(
    await due("0 * * * *", { nextAt: NOON, now, catchUp: "all" }),
    [0, 1, 2, 3].map((hours) => NOON + hours * HOUR),
  );
});

Deno.test("dueFirings: a year of missed seconds costs no more than the thousand that fire", async () => {
  const real = await parseCron("* * * * * *", BERLIN);
  let looks = 0;
  const times = {
    last: (until: number) => {
      looks++;
      return real.last(until);
    },
  };
  const now = NOON + 365 * DAY;
  const all = dueFirings(times, { nextAt: NOON, catchUp: "all" }, now);
  assert.equal(all.length, MAX_FIRINGS);
  assert.deepEqual([all[0], all.at(-1)], [now - (MAX_FIRINGS - 1) * SECOND, now]);
  assert.ok(looks <= MAX_FIRINGS, `${looks} looks`);
  for (const [catchUp, most] of [["one", 2], ["none", LATE / SECOND + 2]] as const) {
    looks = 0;
    dueFirings(times, { nextAt: NOON, catchUp }, now);
    assert.ok(looks <= most, `${catchUp}: ${looks} looks`);
  }
});

Deno.test("dueFirings: no firing twice, none from outside, the newest ones", async () => {
  const everyTen = await parseCron("*/10 * * * * *", "UTC");
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.constantFrom<CatchUp>("none", "one", "all"),
      (start, seconds, catchUp) => {
        const nextAt = NOON + start * 10 * SECOND;
        const now = nextAt + seconds * SECOND + 999;
        const every = Array.from(
          { length: Math.floor(seconds / 10) + 1 },
          (_, index) => nextAt + index * 10 * SECOND,
        );
        const missed = every.some((time) => time < now - LATE);
        const expected = !missed
          ? every
          : { none: every.filter((time) => time >= now - LATE), one: every.slice(-1), all: every }[
            catchUp
          ];
        assert.deepEqual(dueFirings(everyTen, { nextAt, catchUp }, now), expected.slice(-1000));
      },
    ),
    { numRuns: 50 },
  );
});
