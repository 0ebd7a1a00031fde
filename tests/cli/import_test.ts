import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { importAll } from "../../src/cli/import_jobs.ts";
import { surveyRecords } from "../../src/cli/import_survey.ts";
import { RecordFile } from "../../src/cli/record_file.ts";
import { IdTakenError } from "../../src/errors.ts";
import { jobToRecord, pieceToRecord } from "../../src/job/record.ts";
import { MAX_BATCH, type Store } from "../../src/store/store.ts";
import { movedJob } from "../job/moved_jobs.ts";
import { fullQueue } from "./full_queue.ts";
import { type Ended, Queue, START } from "./queue.ts";

/** Writes a file of records and imports it. */
async function importing(queue: Queue, lines: readonly unknown[], ...flags: string[]) {
  const path = `${queue.directory}/jobs.ndjson`;
  const text = lines.map((line) => typeof line === "string" ? line : JSON.stringify(line));
  await Deno.writeTextFile(path, text.map((line) => `${line}\n`).join(""));
  return await queue.cli("import", path, ...flags);
}

const exported = async (queue: Queue, ...flags: string[]) =>
  (await queue.cli(...flags, "export", "--output")).stdout;

const said = ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr });

Deno.test("import stores what export wrote: written again it is the same, byte for byte", async () => {
  await using queue = await fullQueue();
  queue.now += 60_000;
  const first = await exported(queue);
  const other = ["--db", `${queue.directory}/other.db`];
  deepStrictEqual(said(await queue.fed(first, ...other, "import", "-")), {
    code: 0,
    stdout: "Imported 11 jobs\n",
    stderr: "",
  });
  const second = await exported(queue, ...other);
  const isBusy = (line: string) => line.startsWith('{"id":"busy"');
  deepStrictEqual(
    second.split("\n").filter((line) => !isBusy(line)),
    first.split("\n").filter((line) => !isBusy(line)),
  );
  // What ran is lost, and is due again: 3 ^ 1 seconds from now.
  const lost = JSON.parse(second.split("\n").find(isBusy)!);
  deepStrictEqual(
    [lost.state, lost.attempts, lost.error, Date.parse(lost.run_at)],
    ["failed", 1, "it ran when it was exported", queue.now + 3000],
  );
  const { attempt_log: [attempt], output: [piece] } = lost;
  deepStrictEqual([attempt.outcome, attempt.output_bytes, piece.text], ["lost", 6, "so far"]);
  // And once more: now nothing runs, so nothing changes.
  const third = ["--db", `${queue.directory}/third.db`];
  strictEqual((await queue.fed(second, ...third, "import", "-")).code, 0);
  strictEqual(await exported(queue, ...third), second);
});

Deno.test("import takes whatever a store may hold", async () => {
  await using queue = await Queue.open();
  let round = 0;
  const jobs = fc.noShrink(fc.tuple(...["a", "b", "c"].map((id) => movedJob(id, ["p0", "p1"]))));
  await fc.assert(
    fc.asyncProperty(jobs, async (moved) => {
      const lines = ["p0", "p1"].map((id) => JSON.stringify({ id, command: "true" }));
      for (const { output, ...kept } of moved) {
        const record = { ...jobToRecord(kept, true), output: output.map(pieceToRecord) };
        lines.push(JSON.stringify(record));
      }
      const db = ["--db", `${queue.directory}/${round++}.db`];
      const text = lines.join("\n");
      const { code, stderr } = await queue.fed(text, ...db, "import", "-");
      deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
      const back = (await exported(queue, ...db)).trimEnd().split("\n").slice(2);
      deepStrictEqual(
        back.map((line) => JSON.parse(line)),
        lines.slice(2).map((line) => JSON.parse(line)),
      );
    }),
    { numRuns: 20 },
  );
});

Deno.test("import takes what a person wrote, with the defaults of the settings", async () => {
  await using queue = await Queue.open();
  await queue.cli("config", "set", "default_max_retries", "7");
  const text =
    '\ufeff{"id":"a","command":"echo a"}\r\n\n  \n{"command":"b","delay":"5m","env":{"A":"1"}}';
  deepStrictEqual(said(await queue.fed(text, "import", "-", "--json")), {
    code: 0,
    stdout: '{"imported":2,"skipped":0,"dry_run":false}\n',
    stderr: "",
  });
  const [b, a] = await queue.store.jobs({});
  deepStrictEqual([a!.id, a!.maxRetries, a!.state, a!.cwd], ["a", 7, "pending", queue.directory]);
  deepStrictEqual([b!.state, b!.runAt, b!.envNames], ["scheduled", START + 300_000, ["A"]]);
  match(b!.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

Deno.test("import of nothing imports nothing", async () => {
  await using queue = await Queue.open();
  strictEqual((await queue.fed("", "import", "-")).stdout, "Imported 0 jobs\n");
});

Deno.test("import says what is wrong, and where, and changes nothing", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("over", 0);
  await queue.add({ id: "here", uniqueKey: "k", schedule: "nightly", fireTime: START });
  await queue.claim();
  await queue.add("waits");
  const before = await exported(queue);
  const good = { id: "good", command: "true" };
  const dead = { id: "d", command: "x", state: "dead", attempts: 1 };
  const cases: readonly [readonly unknown[], number, RegExp][] = [
    [["{"], 2, /Line 2: Not valid JSON: /],
    [["[]"], 2, /Line 2: a job must be a JSON object, one a line, as export writes it/],
    [['"echo hi"'], 2, /Line 2: a job must be a JSON object/],
    [[{ id: "x" }], 2, /Line 2: "command" is missing/],
    [[{ ...good, id: "x", colour: 1 }], 2, /Line 2: unknown key "colour"/],
    [[{ ...good, id: "x", priority: 9999 }], 2, /Line 2: "priority" must be an integer/],
    [[{ ...good, id: "x", attempts: "1" }], 2, /Line 2: "attempts" must be an integer/],
    [[dead], 2, /Line 2: "state" is dead, which needs "finished_at"/],
    [["", { ...dead, attempt_log: 5 }], 2, /Line 3: "attempt_log" must be a list of attempts/],
    [
      [{ ...good, id: "x", env: ["TOKEN"] }],
      2,
      /Line 2: "env" names TOKEN without values.*--drop-env/,
    ],
    [[good], 4, /Line 2: The id good is taken by line 1 already/],
    [
      [{ ...good, id: "here" }],
      4,
      /Line 2: A job with the id here exists already; .*--skip-existing/,
    ],
    [[{ ...good, id: "x", unique_key: "k" }], 4, /Line 2: The unique key "k" is held by job here/],
    [
      ["x", "y"].map((id) => ({ ...good, id, unique_key: "new" })),
      4,
      /Line 3: The unique key "new" is taken by line 2 already/,
    ],
    [
      [{ ...good, id: "x", schedule: "nightly", fire_time: new Date(START).toISOString() }],
      4,
      /Line 2: The schedule "nightly" has enqueued job here for the same time/,
    ],
    [
      ["x", "y"].map((id) => ({ ...good, id, schedule: "s", fire_time: "2027-01-01T00:00:00Z" })),
      4,
      /Line 3: This time of the schedule "s" is taken by line 2 already/,
    ],
    [[{ ...good, id: "x", after: ["nobody"] }], 3, /Line 2: There is no job nobody to run after/],
    [
      [{ ...good, id: "x", after: ["y"] }, { ...good, id: "y", after: ["x"] }],
      2,
      /Line \d: Jobs wait for each other in a circle: (x after y after x|y after x after y)/,
    ],
    [[{ ...good, id: "x", after: ["x"] }], 2, /Line 2: Jobs wait for each other in a circle/],
  ];
  for (const [lines, code, message] of cases) {
    const ended = await importing(queue, [good, ...lines]);
    match(ended.stderr, message);
    deepStrictEqual([ended.code, ended.stdout], [code, ""], ended.stderr);
    strictEqual(await exported(queue), before);
  }
  const path = `${queue.directory}/latin1`;
  await Deno.writeFile(path, new TextEncoder().encode('{"command":"true"}\n').with(18, 0xff));
  match((await queue.cli("import", path)).stderr, /Line 1: Not UTF-8 text, in .*latin1/);
  for (
    const [args, message] of [
      [["none.ndjson"], /There is no file none\.ndjson/],
      [["."], /\. is a directory: give a file/],
      [[""], /The name of the file is empty/],
      [[], /Missing FILE/],
      [["a", "b"], /Unexpected argument "b"/],
    ] as const
  ) {
    const { code, stderr } = await queue.cli("import", ...args);
    match(stderr, message);
    strictEqual(code, 2);
  }
  strictEqual(await exported(queue), before);
});

Deno.test("import of what is not valid makes no store", async () => {
  await using queue = await Queue.open();
  const path = `${queue.directory}/none.db`;
  strictEqual((await queue.fed("{}", "--db", path, "import", "-")).code, 2);
  await rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("import --skip-existing leaves out what is there, and takes it as a parent", async () => {
  await using queue = await Queue.open();
  await queue.add({ id: "a", command: "the old one", uniqueKey: "k" });
  const lines = [
    { id: "a", command: "the new one", unique_key: "k" },
    { id: "b", command: "true", after: ["a"] },
  ];
  strictEqual(
    (await importing(queue, lines, "--skip-existing")).stdout,
    "Imported 1 job, 1 left out that exist already\n",
  );
  deepStrictEqual(
    (await queue.store.jobs({})).map(({ id, state, command }) => [id, state, command]),
    [["b", "blocked", "true"], ["a", "pending", "the old one"]],
  );
  strictEqual(
    (await importing(queue, lines, "--skip-existing", "--json")).stdout,
    '{"imported":0,"skipped":2,"dry_run":false}\n',
  );
});

Deno.test("import --dry-run checks everything and writes nothing", async () => {
  await using queue = await Queue.open();
  await queue.add("a");
  const before = await exported(queue);
  const lines = [{ id: "a", command: "true" }, { id: "b", command: "true" }];
  const { code, stderr } = await importing(queue, lines, "--dry-run");
  deepStrictEqual([code, /id a exists already/.test(stderr)], [4, true]);
  deepStrictEqual(said(await importing(queue, lines, "--dry-run", "--skip-existing")), {
    code: 0,
    stdout: "All is well: 1 job to import, 1 left out that exist already\n",
    stderr: "",
  });
  strictEqual(await exported(queue), before);
  const path = `${queue.directory}/none.db`;
  strictEqual(
    (await importing(queue, lines, "--dry-run", "--json", "--db", path)).stdout,
    '{"imported":2,"skipped":0,"dry_run":true}\n',
  );
  const orphan = [{ id: "x", command: "true", state: "blocked", after: ["nobody"] }];
  const { code: refusal, stderr: why } = await importing(queue, orphan, "--dry-run", "--db", path);
  deepStrictEqual([refusal, why], [3, "queuectl: Line 1: There is no job nobody to run after\n"]);
  await rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("import --drop-env, and of ended jobs, says what goes on without env", async () => {
  await using queue = await Queue.open();
  const ended = { state: "completed", attempts: 1, finished_at: "2027-01-01T00:00:00Z" };
  const lines = [
    { id: "a", command: "true", env: ["TOKEN"] },
    { id: "b", command: "true", env: ["TOKEN"], ...ended },
    { id: "c", command: "true", env: { TOKEN: "s" }, ...ended },
  ];
  const { code, stderr } = await importing(queue, lines, "--drop-env");
  strictEqual(code, 0);
  strictEqual(stderr, "Without env, whose values are not in the file: 2 jobs\n");
  deepStrictEqual(
    (await queue.store.jobs({ oldestFirst: true })).map(({ envNames }) => envNames),
    [[], [], ["TOKEN"]],
  );
});

Deno.test("importAll() goes in portions, and says how far it came and where to go on", async () => {
  await using queue = await Queue.open();
  const path = `${queue.directory}/many`;
  const total = MAX_BATCH + 3;
  const text = Array.from({ length: total }, (_, i) => `{"id":"j${i}","command":"true"}\n`).join(
    "\n",
  );
  await Deno.writeTextFile(path, text);
  using file = await RecordFile.open(path, {
    cwd: "/",
    stdin: { isTerminal: true, readable: new Blob([]).stream() },
  });
  const surroundings = {
    defaults: {
      maxRetries: 0,
      backoffBase: 2,
      backoffMax: 0,
      backoffJitter: 0,
      timeout: null,
      cwd: null,
      base: null,
    },
    now: START,
    random: () => 0.5,
    newId: () => "new",
    dropEnv: false,
  };
  const survey = await surveyRecords(file, surroundings, () => {});
  strictEqual(survey.jobs, total);
  const told: number[] = [];
  const all = (store: Pick<Store, "importJobs">) =>
    importAll(store as Store, file, {
      survey,
      surroundings,
      skipExisting: false,
      progress: (jobs) => told.push(jobs),
    });
  // Somebody takes an id between the two portions.
  let calls = 0;
  const taken: Pick<Store, "importJobs"> = {
    importJobs(jobs) {
      if (++calls === 2) return Promise.reject(new IdTakenError(`j${MAX_BATCH + 1}`));
      return Promise.resolve({ imported: [...jobs].length, skipped: 0 });
    },
  };
  // Blank lines count.
  await rejects(all(taken), {
    message: `Line ${2 * MAX_BATCH + 3}: A job with the id j${MAX_BATCH + 1} exists already; ` +
      `${MAX_BATCH} jobs are in, go on from line ${2 * MAX_BATCH + 1}`,
  });
  deepStrictEqual([calls, told], [2, [MAX_BATCH]]);
  // A store that has to try again goes through a portion from its beginning.
  const stored: string[] = [];
  const again: Pick<Store, "importJobs"> = {
    importJobs(jobs) {
      for (const _ of jobs) break;
      const ids = [...jobs].map(({ job: { id } }) => id);
      stored.push(...ids.values().take(2), `${ids.length}`);
      return Promise.resolve({ imported: ids.length, skipped: 0 });
    },
  };
  deepStrictEqual(await all(again), { imported: total, skipped: 0 });
  deepStrictEqual(stored, [
    ...["j0", "j1", `${MAX_BATCH}`],
    ...[`j${MAX_BATCH}`, `j${MAX_BATCH + 1}`, "3"],
  ]);
});

Deno.test("RecordFile gives every line its number and place, whatever its length", async () => {
  await using queue = await Queue.open();
  const path = `${queue.directory}/lines`;
  const long = "x".repeat(200_000);
  await Deno.writeTextFile(path, `a\n\n${long}\nü\r\n \n${long}ü`);
  const where = {
    cwd: queue.directory,
    stdin: { isTerminal: true, readable: new Blob([]).stream() },
  };
  using file = await RecordFile.open("lines", where);
  const lines = [...file.lines()];
  deepStrictEqual(
    lines.map(({ line, text }) => [line, text.trim()]),
    [[1, "a"], [3, long], [4, "ü"], [6, `${long}ü`]],
  );
  for (const [i, { next }] of lines.entries()) {
    deepStrictEqual(
      [...file.lines(next)].map(({ line }) => line),
      lines.slice(i + 1).map(({ line }) => line),
    );
  }
  ok(file.size > 400_000);
});
