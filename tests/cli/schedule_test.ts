import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Queue } from "./queue.ts";
import { addSchedule, findSchedule, fire, FOUR } from "./schedules.ts";

Deno.test("schedule add stores a schedule and says when it fires", async () => {
  await using queue = await Queue.open();
  const added = await queue.cli(
    ...["schedule", "add", "nightly", "--cron", " 30  2 * * * ", "--tz", "europe/berlin"],
    ...["--catch-up", "one", "--overlap", "skip", "--queue", "night", "-e", "KEY=s3cret"],
    ...["--timeout", "1h", "--delay", "5s", "--max-retries", "1", "--tag", "a,b"],
    ...["--", "./backup", "all of it"],
  );
  deepStrictEqual([added.code, added.stderr], [0, ""]);
  strictEqual(
    added.stdout,
    "Schedule nightly fires next at 2026-01-03T02:30:00+01:00 (in 22h)\n",
  );
  const { createdAt, spec, ...stored } = await findSchedule(queue, "nightly");
  deepStrictEqual(stored, {
    name: "nightly",
    cron: "30 2 * * *",
    timezone: "Europe/Berlin",
    catchUp: "one",
    overlap: "skip",
    nextAt: Date.UTC(2026, 0, 3, 1, 30),
    paused: false,
    lastAt: null,
    lastJob: null,
  });
  deepStrictEqual(JSON.parse(spec), {
    command: "./backup 'all of it'",
    queue: "night",
    max_retries: 1,
    timeout: "1h",
    delay: "5s",
    env: { KEY: "s3cret" },
    cwd: queue.directory,
    tags: ["a", "b"],
  });
  ok(createdAt > 0);
});

Deno.test("schedule list shows schedules, and never the value of a variable", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await addSchedule(queue, "hourly", "@Hourly", "-e", "KEY=s3cret");
  await queue.cli(
    ...["schedule", "add", "a", "--cron", "0 9 * * MON-FRI", "--tz", "America/New_York"],
    ...["--command", "echo '\x1b[31m' \ud83d\ude00"],
  );
  await queue.cli("schedule", "pause", "a");
  queue.now = FOUR;
  const [fired] = await fire(queue);
  for (const words of [["schedule"], ["schedule", "list"], ["schedules", "ls"]]) {
    const { code, stdout, stderr } = await queue.cli(...words);
    deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
    const job = fired!.jobId!;
    deepStrictEqual(stdout.split("\n"), [
      `NAME    CRON             ZONE              STATE     NEXT  ${
        "LAST JOB".padEnd(36)
      }  COMMAND`,
      `a       0 9 * * MON-FRI  America/New_York  paused          ${
        " ".repeat(36)
      }  echo '\\x1b[31m' \ud83d\ude00`,
      `hourly  @hourly          UTC               active  in 59m  ${job}  true`,
      "",
    ]);
  }
  const { stdout } = await queue.cli("schedule", "--json");
  const [paused, hourly, ...more] = JSON.parse(stdout);
  deepStrictEqual(more, []);
  ok(!stdout.includes("s3cret"));
  const { created_at: createdAt, ...rest } = hourly;
  match(createdAt, /^\d{4}-.*Z$/);
  deepStrictEqual(rest, {
    name: "hourly",
    cron: "@hourly",
    timezone: "UTC",
    catch_up: "none",
    overlap: "allow",
    paused: false,
    next_at: "2026-01-02T05:00:00.000Z",
    last_at: "2026-01-02T04:00:00.000Z",
    last_job: fired!.jobId,
    command: "true",
    job: { command: "true", env: ["KEY"], cwd: queue.directory },
  });
  deepStrictEqual([paused.name, paused.paused, paused.next_at], ["a", true, null]);
});

Deno.test("schedule list: with none it says how to add one", async () => {
  await using queue = await Queue.open();
  const { code, stdout, stderr } = await queue.cli("schedule");
  deepStrictEqual([code, stdout], [0, ""]);
  match(stderr, /^There are no schedules yet; to add one: queuectl schedule add /);
  strictEqual((await queue.cli("schedule", "list", "--json")).stdout, "[]\n");
});

Deno.test("schedule next shows firings in the schedule's zone and in UTC", async () => {
  await using queue = await Queue.open();
  queue.now = Date.UTC(2026, 9, 23, 12);
  await queue.cli(
    ...["schedule", "add", "nightly", "--cron", "30 2 * * *", "--tz", "Europe/Berlin", "--", "a"],
  );
  const { code, stdout, stderr } = await queue.cli("schedule", "next", "nightly", "-n", "3");
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  deepStrictEqual(stdout.split("\n"), [
    "Europe/Berlin              UTC                    IN",
    "2026-10-24T02:30:00+02:00  2026-10-24T00:30:00Z  12h",
    "2026-10-25T02:30:00+02:00  2026-10-25T00:30:00Z   1d",
    "2026-10-26T02:30:00+01:00  2026-10-26T01:30:00Z   2d",
    "",
  ]);
  const json = JSON.parse((await queue.cli("schedule", "next", "nightly", "--json")).stdout);
  strictEqual(json.length, 5);
  deepStrictEqual(json[2], {
    fire_time: "2026-10-26T01:30:00.000Z",
    local_time: "2026-10-26T02:30:00+01:00",
    timezone: "Europe/Berlin",
  });
  await queue.cli("schedule", "pause", "nightly");
  const paused = await queue.cli("schedule", "next", "nightly");
  deepStrictEqual([paused.code, paused.stdout.split("\n").length], [0, 7]);
  match(paused.stderr, /^Schedule nightly is paused/);
  const utc = ["schedule", "next", "--cron", "@daily", "--tz", "UTC", "-n", "1"];
  strictEqual(
    (await queue.cli(...utc)).stdout,
    "UTC                    IN\n2026-10-24T00:00:00Z  12h\n",
  );
});

Deno.test("schedule next --cron tries an expression out, and needs no store", async () => {
  await using queue = await Queue.open();
  await queue.store.addSchedule({
    name: "x",
    cron: "@daily",
    timezone: "UTC",
    catchUp: "none",
    overlap: "allow",
    spec: '{"command":"true"}',
    nextAt: null,
  });
  const words = ["schedule", "next", "--cron", "@daily", "--tz", "Asia/Kolkata", "-n1", "--json"];
  const { code, stdout } = await queue.cli("--db", `${queue.directory}/none/q.db`, ...words);
  strictEqual(code, 0);
  deepStrictEqual(JSON.parse(stdout), [{
    fire_time: "2026-01-02T18:30:00.000Z",
    local_time: "2026-01-03T00:00:00+05:30",
    timezone: "Asia/Kolkata",
  }]);
  for (
    const [words, code, message] of [
      [["x", "--cron", "@daily"], 2, /not both/],
      [["x", "--tz", "UTC"], 2, /not both/],
      [[], 2, /^queuectl: Missing --cron/],
      [["nope"], 3, /^queuectl: There is no schedule "nope"\n$/],
      [["x", "-n", "0"], 2, /--count must be an integer from 1 to 1000/],
    ] as const
  ) {
    const ended = await queue.cli("schedule", "next", ...words);
    deepStrictEqual([ended.code, ended.stdout], [code, ""]);
    match(ended.stderr, message);
  }
});

Deno.test("schedule pause, resume and remove act on each name by itself", async () => {
  await using queue = await Queue.open();
  await addSchedule(queue, "one", "@hourly");
  await addSchedule(queue, "two", "@hourly");
  const paused = await queue.cli("schedule", "pause", "one", "tow", "two", "one");
  deepStrictEqual([paused.code, paused.stdout, paused.stderr], [
    3,
    "Schedule one is paused\nSchedule two is paused\n",
    'queuectl: There is no schedule "tow", did you mean "two"?\n',
  ]);
  const again = await queue.cli("schedule", "pause", "one");
  deepStrictEqual([again.code, again.stdout], [0, "Schedule one was paused already\n"]);
  const resumed = await queue.cli("schedule", "resume", "one", "nope", "--json");
  deepStrictEqual([resumed.code, resumed.stderr], [3, ""]);
  deepStrictEqual(JSON.parse(resumed.stdout), [
    { name: "one", ok: true, error: null },
    { name: "nope", ok: false, error: 'There is no schedule "nope"' },
  ]);
  strictEqual(
    (await queue.cli("schedule", "resume", "one")).stdout,
    "Schedule one was not paused\n",
  );
  const removed = await queue.cli("schedule", "rm", "one");
  deepStrictEqual([removed.code, removed.stdout], [0, "Schedule one is removed; its jobs stay\n"]);
  strictEqual((await queue.cli("schedule", "delete", "one")).code, 3);
  deepStrictEqual((await queue.store.schedules()).map(({ name }) => name), ["two"]);
});

Deno.test("schedule add: a taken name is a conflict, unless --replace is given; a pause stays", async () => {
  await using queue = await Queue.open();
  await addSchedule(queue, "tick", "@hourly");
  const words = ["schedule", "add", "tick", "--cron", "@daily", "--tz", "UTC"];
  const refused = await queue.cli(...words, "--", "other");
  deepStrictEqual([refused.code, refused.stdout], [4, ""]);
  match(refused.stderr, /^queuectl: There is a schedule tick already: .* --replace\n$/);
  strictEqual((await findSchedule(queue, "tick")).cron, "@hourly");
  await queue.cli("schedule", "pause", "tick");
  const { code, stdout } = await queue.cli(...words, "--replace", "--", "other");
  deepStrictEqual([code, stdout], [0, "Schedule tick is stored, and is paused\n"]);
  const { cron, paused, spec } = await findSchedule(queue, "tick");
  deepStrictEqual([cron, paused, JSON.parse(spec).command], ["@daily", true, "other"]);
});

Deno.test("schedule add refuses what it cannot do, in one sentence, and changes nothing", async () => {
  await using queue = await Queue.open();
  const cron = ["--cron", "@daily"];
  const run = ["--", "true"];
  const cases: [words: string[], message: RegExp][] = [
    [["x", ...run], /Missing --cron, such as --cron "30 2 \* \* \*"/],
    [["x", "--cron", "", ...run], /--cron must be a cron expression such as .* has none/],
    [["x", "--cron", "61 * * * *", ...run], /--cron .* invalid value for minute: 61/],
    [["x", "--cron", "* * * * * * 2030", ...run], /--cron .* 5 fields in quotes, or 6 .* has 7/],
    [["x", "--cron", "@reboot", ...run], /--cron .* the names are @hourly, /],
    [["x", "--cron", "0 0 30 2 *", ...run], /--cron .* it never fires/],
    [["x", ...cron, "--tz", "Mars/Base", ...run], /--tz must be an IANA time zone such as /],
    [["x", ...cron, "--tz", "+02:00", ...run], /--tz must be an IANA time zone such as /],
    [["x", ...cron, "--catch-up", "some", ...run], /--catch-up must be one of none, one, all/],
    [["x", ...cron, "--overlap", "kill", ...run], /--overlap must be one of allow, skip/],
    [["x", ...cron], /No command given: put it after --/],
    [["x", ...cron, "--"], /No command is given after --/],
    [["x", ...cron, "--command", "a", ...run], /Give the command once/],
    [["x", ...cron, "--command", " "], /"command" is empty/],
    [["x", "--cron", "0", "2", "*", "*", "*", ...run], /--cron .* in quotes, .* has 1/],
    [["x", ...cron, "./backup.sh"], /Unexpected argument "\.\/backup\.sh": .* after --/],
    [[...cron, ...run], /Missing NAME/],
    [["a b", ...cron, ...run], /The name of a schedule must begin .*, not "a b"/],
    [["-x".repeat(40).slice(1), ...cron, ...run], /The name of a schedule must begin /],
    [["x", ...cron, "--id", "j", ...run], /--id does not fit a schedule: each firing /],
    [["x", ...cron, "--run-at", "2030-01-01", ...run], /--run-at does not fit a schedule: /],
    [["x", ...cron, "--at", "2030-01-01", ...run], /--run-at does not fit a schedule: /],
    [["x", ...cron, "--after", "j", ...run], /--after does not fit a schedule: /],
    [["x", ...cron, "--hold", ...run], /--hold does not fit a schedule: .* schedule pause /],
    [["x", ...cron, "--priority", "9999", ...run], /--priority must be an integer from -1000/],
    [["x", ...cron, "--timeout", "soon", ...run], /--timeout must be a duration/],
    [["x", ...cron, "--env", "QUEUECTL_DB=x", ...run], /--env .*QUEUECTL_/],
    [["x", ...cron, "--stdin-file", "none.txt", ...run], /no file none\.txt/],
    [["x", ...cron, "--cronn", "a", ...run], /Unknown flag --cronn, did you mean --cron\?/],
  ];
  const db = `${queue.directory}/fresh/q.db`;
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = await queue.cli("--db", db, "schedule", "add", ...words);
    deepStrictEqual([code, stdout], [2, ""], words.join(" "));
    match(stderr.split("\n")[0]!, message);
  }
  await Deno.stat(`${queue.directory}/fresh`).then(
    () => ok(false, "a store was made"),
    (error) => ok(error instanceof Deno.errors.NotFound),
  );
});

Deno.test("schedule add --help shows the flags that fit, and not those that are refused", async () => {
  await using queue = await Queue.open();
  const { stdout } = await queue.cli("schedule", "add", "--help");
  for (const flag of ["--cron EXPR", "--tz ZONE", "--catch-up", "--overlap", "--delay", "--env"]) {
    ok(stdout.includes(flag), flag);
  }
  for (const flag of ["--id", "--run-at", "--after", "--hold"]) {
    ok(!stdout.includes(`${flag} `), flag);
  }
});
