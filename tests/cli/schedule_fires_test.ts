import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Queue, START } from "./queue.ts";
import { addSchedule, findSchedule, fire, FOUR, HOUR } from "./schedules.ts";

Deno.test("schedule add: each firing makes the job that enqueue would make", async () => {
  await using queue = await Queue.open();
  await queue.join();
  const flags = ["-e", "KEY=s3cret", "-q", "night", "--timeout", "90s", "--cwd", "sub", "-t", "x"];
  await queue.cli("config", "set", "default_max_retries", "9");
  await addSchedule(queue, "tick", "@hourly", ...flags);
  await queue.cli("config", "set", "default_max_retries", "1");
  const { stdout } = await queue.cli("enqueue", ...flags, "--", "true");
  queue.now = FOUR;
  const [fired] = await fire(queue);
  const [scheduled, enqueued] = await Promise.all(
    [fired!.jobId!, stdout.trim()].map(async (id) => (await queue.store.job(id))!),
  );
  strictEqual(scheduled!.fireTime, Date.UTC(2026, 0, 2, 4));
  const own = (
    { id: _, createdAt: _c, updatedAt: _u, schedule: _s, fireTime: _f, ...rest }: NonNullable<
      typeof enqueued
    >,
  ) => rest;
  deepStrictEqual(own(scheduled!), own(enqueued!));
  strictEqual(scheduled!.schedule, "tick");
  strictEqual(scheduled!.cwd, `${queue.directory}/sub`);
});

Deno.test("schedule resume makes up for a pause as --catch-up says", async () => {
  const hours = (...hours: number[]) => hours.map((hour) => Date.UTC(2026, 0, 2, hour));
  for (
    const [catchUp, expected, says] of [
      ["none", hours(), "fires next at 2026-01-02T10:00:00+00:00 (in 55m)"],
      [
        "one",
        hours(9),
        "makes up for what it missed, and fires next at 2026-01-02T10:00:00+00:00 (in 55m)",
      ],
      [
        "all",
        hours(4, 5, 6, 7, 8, 9),
        "makes up for what it missed, and fires next at 2026-01-02T10:00:00+00:00 (in 55m)",
      ],
    ] as const
  ) {
    await using queue = await Queue.open();
    await queue.join();
    await addSchedule(queue, "tick", "@hourly", "--catch-up", catchUp);
    await queue.cli("schedule", "pause", "tick");
    queue.now = START + 6 * HOUR;
    deepStrictEqual(await fire(queue), []);
    const { code, stdout } = await queue.cli("schedule", "resume", "tick");
    deepStrictEqual([code, stdout], [0, `Schedule tick ${says}\n`]);
    const fired = await fire(queue);
    deepStrictEqual(fired.map(({ fireTime }) => fireTime), expected, catchUp);
    strictEqual((await findSchedule(queue, "tick")).nextAt, Date.UTC(2026, 0, 2, 10));
    strictEqual(await queue.store.count({ states: ["pending"] }), expected.length);
  }
});

Deno.test("a schedule makes up for a time without a worker as --catch-up says", async () => {
  for (const [catchUp, expected] of [["none", 0], ["one", 1], ["all", 6]] as const) {
    await using queue = await Queue.open();
    await queue.join();
    await addSchedule(queue, "tick", "@hourly", "--catch-up", catchUp);
    queue.now = START + 6 * HOUR;
    strictEqual((await fire(queue)).length, expected, catchUp);
    queue.now = Date.UTC(2026, 0, 2, 10);
    strictEqual((await fire(queue)).length, 1, "on time");
  }
});

Deno.test("a schedule that fired every second and was off for a year catches up in bounds", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await addSchedule(queue, "tick", "* * * * * *", "--catch-up", "all");
  queue.now = START + 365 * 24 * HOUR;
  const fired = await fire(queue);
  strictEqual(fired.length, 1000);
  strictEqual(fired.at(-1)!.fireTime, queue.now);
  strictEqual(await queue.store.count({}), 1000);
});
