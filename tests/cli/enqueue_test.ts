import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { Job } from "../../src/job/job.ts";
import { MAX_BATCH } from "../../src/store/store.ts";
import { Queue, START } from "./queue.ts";

async function job(queue: Queue, id: string): Promise<Job> {
  const found = await queue.store.job(id);
  if (found === null) throw new Error(`There is no job ${id}`);
  return found;
}

/** Enqueues by flags; returns what was stored. */
async function enqueued(queue: Queue, ...flags: string[]): Promise<Job> {
  const { code, stdout, stderr } = await queue.cli("enqueue", ...flags, "--", "true");
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" }, flags.join(" "));
  return await job(queue, stdout.trimEnd());
}

/** Runs a command that is refused and changes nothing; returns its sentence. */
async function refused(queue: Queue, code: number, ...args: string[]): Promise<string> {
  const before = await queue.store.jobs({});
  const ended = await queue.cli(...args);
  deepStrictEqual({ code: ended.code, stdout: ended.stdout }, { code, stdout: "" }, args.join(" "));
  deepStrictEqual(await queue.store.jobs({}), before);
  return ended.stderr.split("\n")[0]!;
}

Deno.test("enqueue takes every key of a job as a flag", async () => {
  await using queue = await Queue.open();
  await queue.add("first", "sec:ond");
  const { env: _, ...stored } = {
    env: null,
    ...await enqueued(
      queue,
      ...["--id", "job", "--queue", "media", "--priority", "high", "--max-retries", "7"],
      ...["--delay", "90s", "--timeout", "1m30s", "--unique-key", "k=1,2"],
      ...["--after", "first,sec:ond=any", "--env", "A=1=2", "-e", "B=", "--tag", "x,y"],
      ...["--fatal-exit-code", "64,2", "--fatal-exit-code", "2", "--backoff-base", "3"],
    ),
  };
  deepStrictEqual(
    {
      id: stored.id,
      queue: stored.queue,
      priority: stored.priority,
      maxRetries: stored.maxRetries,
      backoffBase: stored.backoffBase,
      state: stored.state,
      runAt: stored.runAt,
      timeout: stored.timeout,
      uniqueKey: stored.uniqueKey,
      after: stored.after,
      envNames: stored.envNames,
      tags: stored.tags,
      fatalExitCodes: stored.fatalExitCodes,
    },
    {
      id: "job",
      queue: "media",
      priority: 10,
      maxRetries: 7,
      backoffBase: 3,
      state: "blocked",
      runAt: START + 90_000,
      timeout: 90_000,
      uniqueKey: "k=1,2",
      after: [{ id: "first", on: "ok" }, { id: "sec:ond", on: "any" }],
      envNames: ["A", "B"],
      tags: ["x", "y"],
      fatalExitCodes: [2, 64],
    },
  );
});

Deno.test("enqueue --env and --stdin-file reach the attempt", async () => {
  await using queue = await Queue.open();
  await queue.join();
  const file = `${queue.directory}/in.txt`;
  await Deno.writeTextFile(file, "\ufefföne\r\ntwo");
  await enqueued(queue, "--env", "A=1=2", "-e", "B=", "--stdin-file", file);
  const { env, stdin } = await queue.claim();
  deepStrictEqual({ env, stdin }, { env: { A: "1=2", B: "" }, stdin: "\ufefföne\r\ntwo" });
  const fed = await queue.fed("from outside", "enqueue", "--stdin-file", "-", "--", "cat");
  strictEqual(fed.code, 0);
  strictEqual((await queue.claim()).stdin, "from outside");
});

Deno.test("enqueue --stdin-file refuses what cannot be a standard input", async () => {
  await using queue = await Queue.open();
  const binary = `${queue.directory}/bin`;
  await Deno.writeFile(binary, new Uint8Array([0xff, 0xfe]));
  for (
    const [file, reason] of [
      ["missing.txt", /There is no file missing\.txt$/],
      [queue.directory, /is a directory: give a file$/],
      [`${binary}/x`, /Cannot read \S+bin\/x: not a directory$/],
      ["n".repeat(400), /Cannot read "n{60}"…: file name too long$/],
      [binary, /bin is not UTF-8 text$/],
      ["", /name of the file is empty$/],
    ] as const
  ) {
    match(await refused(queue, 2, "enqueue", "--stdin-file", file, "--", "cat"), reason);
  }
  for (const source of [[], ["-"], ["@-"], ["--file", "-"]]) {
    const { code, stderr } = await queue.fed('"cat"', "enqueue", ...source, "--stdin-file", "-");
    strictEqual(code, 2);
    match(stderr, /^queuectl: Standard input cannot be both the job and --stdin-file -\n/);
  }
});

Deno.test("enqueue --delay and --run-at: a scheduled job, or one that is due at once", async () => {
  await using queue = await Queue.open();
  const at = "2026-01-02T04:04:05+01:00";
  deepStrictEqual((await enqueued(queue, "--run-at", at)).state, "pending");
  const later = await enqueued(queue, "--run-at", "2026-01-02T05:04:05+01:00");
  deepStrictEqual([later.state, later.runAt], ["scheduled", START + 3_600_000]);
  const delayed = await enqueued(queue, "--delay", "1500ms");
  deepStrictEqual([delayed.state, delayed.runAt], ["scheduled", START + 1500]);
  strictEqual((await enqueued(queue, "--delay", "0")).state, "pending");
  strictEqual(
    await refused(queue, 2, "enqueue", "--delay", "1", "--run-at", at, "--", "true"),
    "queuectl: Give --delay or --run-at, not both",
  );
});

Deno.test("enqueue: a flag for the time is in place of either key of the job", async () => {
  await using queue = await Queue.open();
  const spec = '{"id":"a","command":"true","runAt":"2030-01-01T00:00:00Z"}';
  strictEqual((await queue.cli("enqueue", spec, "--delay", "1s")).code, 0);
  strictEqual((await job(queue, "a")).runAt, START + 1000);
  const other = '{"id":"b","command":"true","delay_seconds":9}';
  strictEqual((await queue.cli("enqueue", other, "--run-at", "2030-01-01T00:00:00Z")).code, 0);
  strictEqual((await job(queue, "b")).runAt, Date.UTC(2030, 0, 1));
});

Deno.test("enqueue --timeout none overrides the config's default_timeout", async () => {
  await using queue = await Queue.open();
  await queue.cli("config", "set", "default_timeout", "10m");
  strictEqual((await enqueued(queue)).timeout, 600_000);
  strictEqual((await enqueued(queue, "--timeout", "none")).timeout, null);
  strictEqual((await enqueued(queue, "--timeout", "5")).timeout, 5000);
});

Deno.test("enqueue refuses values of flags, and names the flag", async () => {
  await using queue = await Queue.open();
  for (
    const [flags, reason] of [
      [["--timeout", "0"], /--timeout must be longer than 0, or none$/],
      [["--timeout", "soon"], /--timeout must be a duration .*"soon"$/],
      [["--delay", "-1"], /--delay must be a duration .*"-1"$/],
      [["--run-at", "tomorrow"], /--run-at must be a time .*"tomorrow"$/],
      [["--run-at", "2026-02-30T00:00Z"], /--run-at must be a time/],
      [["--unique-key", ""], /--unique-key is empty$/],
      [["--after", "a=maybe"], /--after must be one of ok, any, notok, not "maybe"/],
      [["--after", "=ok"], /--after must be the id of a job, or ID=any, not "=ok"$/],
      [["--after", "a,,b"], /--after must not have an empty item$/],
      [["--after", "a,a=any"], /--after names a job twice$/],
      [["--env", "A"], /--env must be NAME=VALUE, not "A"$/],
      [["--env", "A=1", "--env", "A=2"], /--env must not name "A" twice$/],
      [["--env", "1A=1"], /--env has a name that is not letters/],
      [["--env", "QUEUECTL_X=1"], /--env sets a variable that begins with QUEUECTL_/],
      [["--fatal-exit-code", "0"], /--fatal-exit-code must be an integer from 1 to 255, not "0"$/],
      [["--fatal-exit-code", "256"], /--fatal-exit-code must be/],
      [["--if-exists", "ignore"], /--if-exists must be one of fail, return, replace/],
    ] as const
  ) {
    match(await refused(queue, 2, "enqueue", ...flags, "--", "true"), reason);
  }
});

Deno.test("enqueue --after takes a part of an id, and says what it does not fit", async () => {
  await using queue = await Queue.open();
  await queue.add("parent-one", "parent-two", "x");
  deepStrictEqual((await enqueued(queue, "--after", "t-one,x=notok")).after, [
    { id: "parent-one", on: "ok" },
    { id: "x", on: "notok" },
  ]);
  await refused(queue, 3, "enqueue", "--after", "parent", "--", "true");
  await refused(queue, 3, "enqueue", "--after", "nobody", "--", "true");
  strictEqual(
    await refused(queue, 2, "enqueue", "--after", "t-one,parent-one=any", "--", "true"),
    "queuectl: --after names job parent-one twice",
  );
});

Deno.test("enqueue: ids in JSON are exact", async () => {
  await using queue = await Queue.open();
  await queue.add("parent-one");
  const spec = '{"command":"true","after":["parent"]}';
  strictEqual(
    await refused(queue, 3, "enqueue", spec),
    "queuectl: There is no job parent to run after",
  );
});

Deno.test("enqueue: jobs of a list may name each other in any order", async () => {
  await using queue = await Queue.open();
  await queue.cli(
    "enqueue",
    '[{"id":"c","command":"c","after":["b"]},{"id":"a","command":"a"},' +
      '{"id":"b","command":"b","after":[{"id":"a","on":"any"}]}]',
  );
  deepStrictEqual(
    (await queue.store.jobs({ oldestFirst: true })).map(({ id, state }) => [id, state]),
    [["c", "blocked"], ["a", "pending"], ["b", "blocked"]],
  );
});

Deno.test("enqueue refuses a circle and an unknown parent with the line", async () => {
  await using queue = await Queue.open();
  const lines = (...specs: object[]) => specs.map((spec) => JSON.stringify(spec)).join("\n");
  const circle = await queue.fed(
    lines(
      { id: "a", command: "a" },
      { id: "b", command: "b", after: ["d"] },
      { id: "c", command: "c", after: ["b", "a"] },
      { id: "d", command: "d", after: ["c"] },
    ),
    "enqueue",
  );
  strictEqual(circle.code, 2);
  match(circle.stderr, /^queuectl: Line \d: Jobs wait for each other in a circle: \w after \w/);
  const self = await queue.cli("enqueue", "--id", "me", "--after", "me", "--", "true");
  deepStrictEqual([self.code, self.stderr.split("\n")[0]], [
    2,
    "queuectl: Jobs wait for each other in a circle: me after me",
  ]);
  const unknown = await queue.fed(
    lines({ id: "a", command: "a" }, { command: "b", after: ["a", "nobody"] }),
    "enqueue",
  );
  deepStrictEqual([unknown.code, unknown.stderr], [
    3,
    "queuectl: Line 2: There is no job nobody to run after\n",
  ]);
  strictEqual(await queue.store.count({}), 0);
});

Deno.test("enqueue of more than one transaction checks parents before it writes", async () => {
  await using queue = await Queue.open();
  await queue.add("old");
  const list = (edit: (specs: Record<string, unknown>[]) => void) => {
    const specs = Array.from(
      { length: MAX_BATCH + 2 },
      (_, i) => ({ id: `j${i}`, command: "true" }),
    );
    edit(specs);
    return specs.map((spec) => JSON.stringify(spec)).join("\n");
  };
  const late = await queue.fed(
    list((specs) => specs[2]!.after = [`j${MAX_BATCH + 1}`]),
    "enqueue",
  );
  deepStrictEqual([late.code, late.stderr], [
    2,
    "queuectl: Line 3: It runs after j50001, which is only in line 50002: in a list of more than " +
    "50000 jobs, put parents before the jobs that wait for them\n",
  ]);
  const unknown = await queue.fed(
    list((specs) => specs[MAX_BATCH + 1]!.after = ["old", "nobody"]),
    "enqueue",
  );
  deepStrictEqual([unknown.code, unknown.stderr], [
    3,
    "queuectl: Line 50002: There is no job nobody to run after\n",
  ]);
  strictEqual(await queue.store.count({}), 1);
  const good = await queue.fed(
    list((specs) => specs[MAX_BATCH + 1]!.after = ["old", "j0", `j${MAX_BATCH}`]),
    "enqueue",
  );
  strictEqual(good.code, 0, good.stderr);
  strictEqual((await job(queue, `j${MAX_BATCH + 1}`)).state, "blocked");
});

Deno.test("enqueue of more than one transaction follows the holder of a key into the next one", async () => {
  await using queue = await Queue.open();
  await queue.add({ id: "old", uniqueKey: "k" });
  const specs = Array.from({ length: MAX_BATCH + 1 }, (_, i) => ({ id: `j${i}`, command: "true" }));
  Object.assign(specs[0]!, { unique_key: "k" });
  Object.assign(specs[MAX_BATCH]!, { after: ["j0", "j1", { id: "old", on: "any" }] });
  const list = specs.map((spec) => JSON.stringify(spec)).join("\n");
  const { code, stderr } = await queue.fed(list, "enqueue", "--if-exists", "return");
  strictEqual(code, 0, stderr);
  deepStrictEqual((await job(queue, `j${MAX_BATCH}`)).after, [
    { id: "old", on: "ok" },
    { id: "j1", on: "ok" },
  ]);
});

Deno.test("enqueue --unique-key: a taken key is a conflict that names the holder", async () => {
  await using queue = await Queue.open();
  await enqueued(queue, "--id", "one", "--unique-key", "sync");
  const sentence = await refused(queue, 4, "enqueue", "--unique-key", "sync", "--", "true");
  match(
    sentence,
    /unique key "sync" is held by job one, which is pending; .*--if-exists return or replace$/,
  );
  const line = await queue.fed(
    '{"command":"a","unique_key":"a"}\n{"command":"b","unique_key":"sync"}\n',
    "enqueue",
  );
  strictEqual(line.code, 4);
  match(line.stderr, /^queuectl: Line 2: The unique key "sync" is held by job one/);
  const twice = await queue.fed(
    '{"command":"a","unique_key":"a"}\n{"command":"b","unique_key":"a"}\n',
    "enqueue",
  );
  deepStrictEqual([twice.code, twice.stderr], [
    4,
    "queuectl: Line 2: The unique key a is taken by line 1 already\n",
  ]);
  match(
    await refused(queue, 2, "enqueue", "--unique-key", "k", '["a","b"]'),
    /--unique-key fits one job, not 2$/,
  );
  await queue.join();
  await queue.end(await queue.claim(), 0);
  await enqueued(queue, "--unique-key", "sync");
});

Deno.test("enqueue --if-exists return gives the job that holds the key", async () => {
  await using queue = await Queue.open();
  const args = ["enqueue", "--unique-key", "sync", "--if-exists", "return"];
  const first = await queue.cli(...args, "--id", "one", "--", "first");
  strictEqual(first.stdout, "one\n");
  const second = await queue.cli(...args, "--", "second");
  deepStrictEqual([second.code, second.stdout, second.stderr], [0, "one\n", ""]);
  const json = JSON.parse((await queue.cli(...args, "--json", "--", "third")).stdout);
  deepStrictEqual([json.id, json.command, json.unique_key], ["one", "first", "sync"]);
  strictEqual(await queue.store.count({}), 1);
});

Deno.test("enqueue --if-exists replace cancels the holder while it waits", async () => {
  await using queue = await Queue.open();
  const args = ["enqueue", "--unique-key", "sync", "--if-exists", "replace"];
  await queue.cli(...args, "--id", "one", "--", "first");
  strictEqual((await queue.cli(...args, "--id", "two", "--", "second")).stdout, "two\n");
  deepStrictEqual([(await job(queue, "one")).state, (await job(queue, "two")).state], [
    "cancelled",
    "pending",
  ]);
  await queue.join();
  await queue.claim();
  strictEqual(
    await refused(queue, 4, ...args, "--", "third"),
    'queuectl: The unique key "sync" is held by job two, which is processing: only a job that waits can be replaced',
  );
});

Deno.test("enqueue --hold: the job is held", async () => {
  await using queue = await Queue.open();
  strictEqual((await enqueued(queue, "--hold")).state, "held");
  const { stdout } = await queue.cli("enqueue", "--hold", "--json", '["a", "b"]');
  deepStrictEqual(
    JSON.parse(stdout).map(({ state }: { state: string }) => state),
    ["held", "held"],
  );
});

Deno.test("enqueue FILE says how a file of jobs is read, and other words how they are run", async () => {
  await using queue = await Queue.open();
  const jobs = `${queue.directory}/my jobs.ndjson`;
  await Deno.writeTextFile(jobs, '{"command":"true"}\n');
  const refusal = async (...words: string[]) =>
    (await refused(queue, 2, "enqueue", ...words)).split("\n")[0];
  strictEqual(
    await refusal(jobs),
    `queuectl: Not JSON. To read the file: queuectl enqueue --file '${jobs}'`,
  );
  strictEqual(
    await refusal("none.ndjson"),
    "queuectl: Not JSON. To run it: queuectl enqueue -- none.ndjson",
  );
  // What is shown can be typed as it is, and is one line.
  for (
    const [word, typed] of [
      ["make; rm x", "'make; rm x'"],
      ["a\nb", "'a\\nb'"],
      ["A=1 make", "'A=1 make'"],
      ["x".repeat(300), "COMMAND"],
    ] as const
  ) strictEqual(await refusal(word), `queuectl: Not JSON. To run it: queuectl enqueue -- ${typed}`);
  strictEqual(
    await refusal("{}", "[]"),
    "queuectl: Give one argument, not 2: a list may hold many jobs",
  );
});
