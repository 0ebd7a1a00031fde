import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import { Events, type WorkerEvent } from "../../src/observe/events.ts";
import type { ScheduleInfo } from "../../src/store/schedules.ts";
import { Schedules } from "../../src/worker/schedules.ts";

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;

function schedule(overrides: Partial<ScheduleInfo> = {}): ScheduleInfo {
  return {
    name: "tick",
    cron: "* * * * *",
    timezone: "UTC",
    catchUp: "all",
    overlap: "allow",
    spec: '{"command":"true"}',
    nextAt: NOON,
    paused: false,
    createdAt: 0,
    lastAt: null,
    lastJob: null,
    ...overrides,
  };
}

/** A worker's schedules, with what they hear and say. */
function scene() {
  const events = new Events();
  const told: WorkerEvent[] = [];
  events.subscribe((event) => told.push(event));
  const state = {
    time: 0,
    wakes: 0,
    reads: 0,
    told,
    settings: (): ReadonlyMap<string, string> => new Map(),
    all: [] as ScheduleInfo[],
  };
  const schedules = new Schedules({
    store: {
      settings: () => {
        state.reads++;
        return Promise.resolve().then(() => state.settings());
      },
      schedules: () => Promise.resolve(state.all),
    },
    events,
    wake: () => state.wakes++,
    clock: () => state.time,
  });
  const look = (dueSchedules: ScheduleInfo[], now = NOON) => schedules.look({ dueSchedules, now });
  return { state, schedules, look };
}

Deno.test("look: works out the firings of what is due, and asks for a tick", async () => {
  const { state, schedules, look } = scene();
  state.settings = () => new Map([["default_max_retries", "7"], ["default_timeout", "1m"]]);
  const spec = JSON.stringify({
    command: "./backup",
    queue: "night",
    cwd: "/srv",
    env: { A: "1" },
    backoff_max: "1h",
    delay: "5s",
  });
  await look([schedule({ spec, nextAt: NOON - 2 * MINUTE })]);
  assert.deepEqual([state.wakes, schedules.isEmpty, state.told], [1, false, []]);
  const [firing, ...more] = schedules.take();
  assert.deepEqual(more, []);
  assert.ok(firing);
  assert.deepEqual(
    [firing.schedule, firing.expected, firing.nextAt],
    ["tick", NOON - 2 * MINUTE, NOON + MINUTE],
  );
  assert.deepEqual(
    firing.jobs.map(({ fireTime }) => fireTime),
    [NOON - 2 * MINUTE, NOON - MINUTE, NOON],
  );
  assert.equal(new Set(firing.jobs.map(({ id }) => id)).size, 3);
  const [{ command, queue, cwd, env, delay, backoffMax, maxRetries, timeout, schedule: name }] =
    firing.jobs as [typeof firing.jobs[number]];
  assert.deepEqual(
    { command, queue, cwd, env, delay, backoffMax, maxRetries, timeout, name },
    {
      command: "./backup",
      queue: "night",
      cwd: "/srv",
      env: { A: "1" },
      delay: 5000,
      backoffMax: 3_600_000,
      maxRetries: 7,
      timeout: 60_000,
      name: "tick",
    },
  );
  assert.deepEqual([schedules.take(), schedules.isEmpty], [[], true]);
});

Deno.test("look: where nothing is due it reads nothing and wakes nobody", async () => {
  const { state, schedules, look } = scene();
  await look([]);
  assert.deepEqual([state.wakes, state.reads, schedules.isEmpty], [0, 0, true]);
});

Deno.test("look: a schedule that fires nothing now is moved on all the same", async () => {
  const { schedules, look } = scene();
  await look(
    [schedule({ cron: "@hourly", catchUp: "none", nextAt: NOON - 60 * MINUTE })],
    NOON + 30 * MINUTE,
  );
  assert.deepEqual(schedules.take(), [
    { schedule: "tick", expected: NOON - 60 * MINUTE, jobs: [], nextAt: NOON + 60 * MINUTE },
  ]);
});

Deno.test("look: what cannot be worked out is said, rests for a minute, and stops nothing else", async () => {
  for (
    const [broken, reason] of [
      [{ spec: '{"command":"true","nonsense":1}' }, /unknown key "nonsense"/],
      [{ spec: '{"command":""}' }, /"command" is empty/],
      [{ spec: "no JSON" }, /JSON/],
      [{ cron: "61 * * * *" }, /must be a cron expression/],
      [{ timezone: "Mars/Olympus_Mons" }, /Mars/],
    ] as const
  ) {
    const { state, schedules, look } = scene();
    const due = [schedule({ name: "broken", ...broken }), schedule()];
    const fires = async () => {
      await look(due);
      return schedules.take().map(({ schedule }) => schedule);
    };
    assert.deepEqual(await fires(), ["tick"]);
    const [event, ...more] = state.told;
    assert.deepEqual(more, []);
    assert.ok(event?.type === "schedule_failed" && event.schedule === "broken");
    assert.match(event.error, reason);
    state.time = MINUTE - 1;
    assert.deepEqual([await fires(), state.told.length], [["tick"], 1]);
    state.time = MINUTE;
    assert.deepEqual([await fires(), state.told.length], [["tick"], 2]);
    due[0] = schedule({ name: "broken" });
    assert.deepEqual([await fires(), state.told.length], [["broken", "tick"], 2]);
  }
});

Deno.test("look: with nothing but broken schedules there is no busy loop", async () => {
  const { state, look } = scene();
  for (let tick = 0; tick < 5; tick++) await look([schedule({ cron: "x" })]);
  assert.deepEqual([state.wakes, state.reads, state.told.length], [0, 1, 1]);
});

Deno.test("look: a config value that cannot be read stops no worker", async () => {
  const { state, schedules, look } = scene();
  state.settings = () => new Map([["default_max_retries", "many"]]);
  await look([schedule()]);
  assert.equal(schedules.isEmpty, true);
  const [event] = state.told;
  assert.ok(event?.type === "schedule_failed");
  assert.match(event.error, /default_max_retries/);
});

Deno.test("look: a store that does not answer is the caller's to handle", async () => {
  const { state, schedules, look } = scene();
  state.settings = () => {
    throw new StoreError("away");
  };
  await assert.rejects(look([schedule()]), StoreError);
  assert.deepEqual([schedules.isEmpty, state.told], [true, []]);
  state.settings = () => new Map();
  await look([schedule()]);
  assert.equal(schedules.isEmpty, false);
});

Deno.test("look: gathers about a thousand jobs for a tick, and leaves the rest to the next", async () => {
  const { schedules, look } = scene();
  const due = ["a", "b", "c"].map((name) =>
    schedule({ name, cron: "* * * * * *", nextAt: NOON - 600_000 + 1000 })
  );
  await look(due);
  const firings = schedules.take();
  assert.deepEqual(firings.map(({ schedule, jobs }) => [schedule, jobs.length]), [
    ["a", 600],
    ["b", 600],
  ]);
  await look(due.slice(2));
  assert.deepEqual(schedules.take().map(({ schedule }) => schedule), ["c"]);
});

Deno.test("look: takes back a schedule that a clock ahead has moved on, at the start and when it is set back", async () => {
  const { state, schedules, look } = scene();
  const HOUR = 60 * MINUTE;
  const taken = () =>
    schedules.take().map(({ schedule, expected, jobs, nextAt }) => [
      ...[schedule, (expected - NOON) / MINUTE],
      ...[jobs.length, (nextAt! - NOON) / MINUTE],
    ]);
  state.all = [
    schedule({ name: "ahead", nextAt: NOON + HOUR + MINUTE }),
    schedule({ name: "in time", nextAt: NOON + MINUTE }),
    schedule({ name: "late", nextAt: NOON - MINUTE }),
    schedule({ name: "paused", nextAt: NOON + HOUR, paused: true }),
    schedule({ name: "over", nextAt: null }),
    schedule({ name: "odd", nextAt: NOON + HOUR, cron: "?" }),
  ];
  await look([], NOON + 1);
  assert.deepEqual([taken(), state.wakes], [[["ahead", 61, 0, 1]], 1]);
  // The tick has failed, and the next one has not.
  await look([], NOON + 2);
  assert.deepEqual([taken(), state.wakes], [[["ahead", 61, 0, 1]], 2]);
  state.all = [schedule({ name: "ahead", nextAt: NOON + MINUTE })];
  await look([], NOON + 3);
  assert.deepEqual([taken(), state.wakes], [[], 2]);

  state.all = [schedule({ name: "ahead", nextAt: NOON + HOUR + MINUTE })];
  // As far ahead as before, and none of it is looked at: both clocks go on alike, or this one is ahead.
  for (const [time, now] of [[MINUTE, MINUTE], [2 * MINUTE, 2 * HOUR]] as const) {
    state.time = time;
    await look([], NOON + now);
    assert.deepEqual(taken(), []);
  }
  state.all = [schedule({ name: "ahead", nextAt: NOON + 2 * HOUR + MINUTE })];
  state.time = 3 * MINUTE;
  await look([schedule({ name: "due", nextAt: NOON + 3 * MINUTE })], NOON + 3 * MINUTE);
  assert.deepEqual(taken(), [["ahead", 121, 0, 4], ["due", 3, 1, 4]]);
});
