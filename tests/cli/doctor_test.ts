import assert from "node:assert/strict";
import { lockHolder } from "../../src/store/sqlite/lock_holder.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite_store.ts";
import { killIfThere } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { newJob } from "../job/jobs.ts";
import {
  assertFinds,
  assertHealthy,
  assertMends,
  commandOf,
  damage,
  digest,
  examine,
  type FindingJson,
  follow,
  HAS_SQLITE3,
  healthyQueue,
  sh,
  type Symptom,
} from "./infirmary.ts";
import { Queue } from "./queue.ts";
import { addSchedule } from "./schedules.ts";

const HOUR = 3_600_000;

const record = (finding: RegExp): Symptom => ({ name: "records", verdict: "warning", finding });
const wrongRecord = (finding: RegExp): Symptom => ({
  name: "records",
  verdict: "problem",
  finding,
});
const wait = (finding: RegExp): Symptom => ({ name: "parents", verdict: "problem", finding });

/** A job by its id, in SQL. */
const seq = (id: string) => `(SELECT seq FROM job WHERE id = '${id}')`;

/** Damage to rows, and what the doctor says of it. Each is mended as it says. */
const DAMAGES: readonly (readonly [what: string, harm: readonly string[], Symptom, ...string[]])[] =
  [
    [
      "attempts without a job",
      ["INSERT INTO attempt VALUES (999, 1, 'completed', 1, 2, 0, NULL, 'w1', 'h', 1, '1', 0)"],
      record(/^Rows of the attempt log that belong to no job: 1 \(such as 999\)$/),
    ],
    [
      "output without an attempt",
      [`INSERT INTO output VALUES (${seq("done")}, 7, 0, 'stdout', 1, 0, x'00')`],
      record(/^Pieces of output that belong to no attempt: 1 /),
    ],
    [
      "input without a job",
      ["INSERT INTO input VALUES (999, 'x')"],
      record(/^Inputs that belong to no job: 1 /),
    ],
    [
      "a dependency without a job",
      ["INSERT INTO dependency VALUES ('done', 999, 'ok')"],
      wrongRecord(/^Dependencies that belong to no job: 1 /),
    ],
    [
      "an attempt without an end",
      [`UPDATE attempt SET outcome = NULL, finished_at = NULL WHERE job = ${seq("done")}`],
      record(/^Attempts without an end, though .*: 1 /),
    ],
    [
      "counters that do not count",
      [
        "UPDATE counter SET jobs = jobs + 5 WHERE state = 'dead'",
        "DELETE FROM counter WHERE jobs = 2",
      ],
      wrongRecord(/wrong \((?=.*dead: 6, not 1)(?=.*pending: 0, not 2)/),
    ],
    [
      "a queue's counters that do not count, with --full",
      [
        "INSERT INTO counter VALUES ('pending', 'other', 1)",
        "UPDATE counter SET jobs = jobs - 1 WHERE state = 'pending' AND queue = 'default'",
      ],
      wrongRecord(/pending in default: 1, not 2; pending in other: 1, not 0/),
      "--full",
    ],
    ["an index that is gone", ["DROP INDEX job_cancelled_by"], {
      name: "integrity",
      verdict: "problem",
      finding: /^The index job_cancelled_by is missing$/,
    }],
    [
      "a trigger that is another one",
      [
        "DROP TRIGGER job_moved",
        "CREATE TRIGGER job_moved AFTER UPDATE ON job BEGIN SELECT 1; END",
      ],
      {
        name: "integrity",
        verdict: "problem",
        finding: /^The trigger job_moved is not as it should be/,
      },
    ],
    [
      "an index that does not fit its table, with --full",
      [
        "PRAGMA writable_schema = ON; CREATE TABLE kept AS SELECT * FROM sqlite_schema " +
        "WHERE name = 'job_due'; DELETE FROM sqlite_schema WHERE name = 'job_due'; " +
        "PRAGMA writable_schema = RESET",
        "UPDATE job SET run_at = 5, state = 'held' WHERE id = 'parent'; " +
        "UPDATE job SET state = 'failed' WHERE id = 'parent'",
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept; " +
        "PRAGMA writable_schema = RESET; DROP TABLE kept",
      ],
      { name: "integrity", verdict: "problem", finding: /missing from index job_due/, code: 5 },
      "--full",
    ],
    [
      "a parent that is gone",
      ["DELETE FROM job WHERE id = 'parent'"],
      wait(/^Jobs that wait for jobs that are not there: 1 \(such as child\)$/),
    ],
    [
      "a parent that has ended unnoticed",
      ["UPDATE job SET state = 'completed', finished_at = 1 WHERE id = 'parent'"],
      wait(/^Jobs that have ended, while .* never told: 1 \(such as parent\)$/),
    ],
    [
      "a block by nothing",
      ["DELETE FROM dependency"],
      wait(/^Jobs that are blocked by nothing: 1 \(.* child/),
    ],
    [
      "a circle",
      [
        `UPDATE job SET state = 'blocked', after = '[{"id":"child","on":"ok"}]' WHERE id = 'parent'`,
        `INSERT INTO dependency VALUES ('child', ${seq("parent")}, 'ok')`,
      ],
      wait(/in a circle: (child after parent after child|parent after child after parent)$/),
    ],
    ["a parent that is held", ["UPDATE job SET state = 'held' WHERE id = 'parent'"], {
      name: "parents",
      verdict: "warning",
      finding: /^Jobs for which others wait, .* release: 1 \(such as parent\)$/,
    }],
    [
      "lost input",
      ["DELETE FROM input"],
      wrongRecord(/^Jobs that have lost what they are to read .*: 1 \(such as fed\)$/),
    ],
    [
      "a rate that counts the future",
      ["INSERT INTO start VALUES ('mail', 1, 99999999999999)"],
      { name: "times", verdict: "problem", finding: /^The rates of mail count jobs/ },
    ],
    [
      "a setting that cannot be read",
      ["INSERT INTO setting VALUES ('lease', 'potato')"],
      { name: "settings", verdict: "problem", finding: /^The stored lease must be a duration/ },
    ],
  ];

for (const [what, harm, symptom, ...flags] of DAMAGES) {
  Deno.test(`doctor finds and mends ${what}`, async () => {
    await using queue = await healthyQueue();
    damage(queue.path, ...harm);
    await assertMends(queue, symptom, ...flags);
  });
}

Deno.test("doctor finds nothing in a healthy store, and changes nothing", async () => {
  await using queue = await healthyQueue();
  const running = await queue.claim();
  await queue.write(running, ["stdout", "so far"]);
  const before = await digest(queue);
  await assertHealthy(queue);
  await assertHealthy(queue, "--full");
  assert.equal(await digest(queue), before);
  await using empty = await Queue.open();
  empty.now = Date.now();
  await assertHealthy(empty);
});

Deno.test("doctor leaves the log that a killed worker has left as it is", async () => {
  await using queue = await healthyQueue();
  // As a crash leaves them: nobody has closed the store.
  await new Deno.Command("/bin/sh", {
    args: ["-c", "cp -p queue.db left.db; cp -p queue.db-wal left.db-wal"],
    cwd: queue.directory,
  }).output();
  const before = await digest(queue);
  const { code, stdout } = await queue.cli("doctor", "--db", `${queue.directory}/left.db`);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^ok +store +\S+left\.db can be opened$/m);
  assert.equal(await digest(queue), before);
});

Deno.test("doctor prints a line for each check, and what to do below; names are escaped", async () => {
  await using queue = await healthyQueue();
  await queue.store.configureQueue("mail", { paused: true }, { create: true });
  await queue.add({ id: "letter", queue: "mail" });
  damage(
    queue.path,
    "INSERT INTO setting VALUES ('lease', 'potato')",
    "INSERT INTO start VALUES (char(27) || '[2J', 1, 99999999999999)",
  );
  const { code, stdout, stderr } = await queue.cli("doctor");
  assert.equal(code, 1);
  assert.match(stdout, /^ok {7}program {4}queuectl \d/m);
  assert.match(
    stdout,
    /^warning {2}workers {4}Queue mail is paused; pending in it: 1\n {9}To resume it: queuectl queue resume mail$/m,
  );
  assert.match(stdout, /^problem {2}settings/m);
  assert.ok(!stdout.includes("\x1b"));
  assert.equal(stderr, "2 problems, 1 warning\n");
  const other = await queue.cli("doctor", "--db", `${queue.path}`, "--json");
  assert.match(other.stdout, /"To resume it: queuectl queue resume mail"/);
  const elsewhere = await queue.cli(
    "doctor",
    "--db",
    `${queue.directory}/../${queue.directory.split("/").at(-1)}/queue.db`,
  );
  assert.match(elsewhere.stdout, /To resume it: queuectl --db \S+\/queue\.db queue resume mail$/m);
});

Deno.test("doctor finds settings that are a trap", async () => {
  await using queue = await healthyQueue();
  const traps: readonly (readonly [string, string, RegExp])[] = [
    ["lease", "5s", /busy or asleep/],
    ["poll_interval", "2m", /found that late/],
    ["max_output", "1GiB", /so much/],
    ["kill_grace", "1d", /SIGTERM/],
  ];
  for (const [key, value, why] of traps) {
    assert.equal((await queue.cli("config", "set", key, value)).code, 0);
    const finding = new RegExp(`^${key} is ${value}: .*${why.source}`);
    await assertMends(queue, { name: "settings", verdict: "warning", finding });
  }
  await queue.cli("config", "set", "default_max_retries", "100");
  await queue.cli("config", "set", "backoff_base", "0");
  const finding = /^backoff_base is 0: a job that fails is run 101 times/;
  await assertMends(queue, { name: "settings", verdict: "warning", finding });
  await queue.cli("config", "set", "retention_completed", "forever");
  damage(queue.path, "UPDATE counter SET jobs = 1000001 WHERE state = 'completed'");
  const { findings } = await examine(queue);
  const kept = findings.find(({ name }) => name === "settings");
  assert.match(kept!.finding, /^1000001 completed jobs are kept for ever/);
  await follow(queue, kept!);
  assert.deepEqual((await examine(queue)).findings.map(({ name }) => name), ["records"]);
});

Deno.test("doctor finds paused queues, and those that nobody serves", async () => {
  await using queue = await healthyQueue();
  await queue.store.configureQueue("default", { paused: true });
  const paused = /^Queue default is paused; pending in it: 2$/;
  await assertMends(queue, { name: "workers", verdict: "warning", finding: paused });
  await using narrow = await Queue.open();
  narrow.now = Date.now();
  await narrow.add("job", { id: "due", runAt: narrow.now + HOUR });
  damage(narrow.path, "UPDATE job SET run_at = 1 WHERE id = 'due'");
  const nobody = /^No worker runs; jobs that could: 2$/;
  const start = await assertFinds(narrow, { name: "workers", verdict: "warning", finding: nobody });
  assert.equal(commandOf(start), "queuectl worker start --detach");
  await narrow.join("w1", { queues: ["mail"] });
  const unserved = /^No worker serves queue default; pending in it: 1$/;
  const serve = await assertFinds(narrow, {
    name: "workers",
    verdict: "warning",
    finding: unserved,
  });
  assert.equal(commandOf(serve), "queuectl worker start --detach --queue default");
});

Deno.test("doctor finds schedules that cannot fire, or not when they should", async () => {
  await using queue = await healthyQueue();
  await addSchedule(queue, "nightly", "30 2 * * *");
  await assertHealthy(queue);
  const schedules = (finding: RegExp): Symptom => ({
    name: "schedules",
    verdict: "problem",
    finding,
  });
  damage(queue.path, "UPDATE schedule SET next_at = next_at + 86400000000");
  await assertMends(queue, schedules(/^Schedule nightly is to fire at \S+, though "30 2/));
  damage(queue.path, "UPDATE schedule SET next_at = NULL");
  await assertMends(queue, schedules(/^Schedule nightly is to fire never, though/));
  damage(queue.path, "UPDATE schedule SET timezone = 'Mars/Olympus'");
  await assertMends(
    queue,
    schedules(/^Schedule nightly cannot fire: its cron or time zone must be/),
  );
  await using alone = await Queue.open();
  alone.now = Date.now();
  await addSchedule(alone, "often", "* * * * *");
  alone.now += HOUR;
  const missed = /^No worker runs, so often did not fire$/;
  await assertFinds(alone, { name: "schedules", verdict: "warning", finding: missed });
});

Deno.test("doctor finds times ahead of the clock", async () => {
  await using queue = await healthyQueue();
  queue.now -= HOUR;
  const finding =
    /^The store says that something has \w+ at \S+Z, in 1h: the clock of this machine/;
  const symptom: Symptom = { name: "times", verdict: "warning", finding };
  const { findings, code } = await examine(queue);
  assert.equal(code, 0);
  assert.match(findings[0]!.finding, symptom.finding);
  queue.now += HOUR;
  await assertHealthy(queue);
});

Deno.test("doctor finds who may touch the store, and closes it", async () => {
  await using queue = await healthyQueue();
  const { path } = queue;
  const access = (finding: RegExp): Symptom => ({ name: "access", verdict: "problem", finding });
  Deno.chmodSync(path, 0o644);
  const look = /^Others may look into \S+queue\.db \(its mode is 644, not 600\)$/;
  await assertMends(queue, { name: "access", verdict: "warning", finding: look });
  {
    // Kept open: SQLite has made what is beside it with the mode of the store.
    Deno.chmodSync(path, 0o640);
    await using _other = await SqliteStore.open(path, { create: false, readOnly: true });
    Deno.chmodSync(`${path}-shm`, 0o640);
    const others = /^Others may look into \S+queue\.db \(its mode is 640, not 600\)$/;
    await assertMends(queue, { name: "access", verdict: "warning", finding: others });
  }
  Deno.chmodSync(`${path}.d`, 0o777);
  await assertMends(
    queue,
    access(/^Others may change \S+queue\.db\.d \(its mode is 777, not 700\)$/),
  );
  Deno.chmodSync(`${path}.d/turnstile`, 0o622);
  await assertMends(queue, access(/^Others may change \S+turnstile/));
  Deno.chmodSync(queue.directory, 0o777);
  await assertMends(queue, access(/^Anyone may write to \S+, and so replace the store$/));
  await Deno.writeTextFile(`${path}.d/file`, "");
  Deno.chmodSync(`${path}.d/file`, 0o400);
  await assertMends(queue, access(/^Not even its owner may fully use \S+file/));
  if (Deno.uid() === 0) {
    Deno.chownSync(`${path}.d/file`, 65534, null);
    await assertMends(queue, access(/file belongs to user 65534, the store to user 0$/));
  }
});

Deno.test("doctor says why a store cannot be opened, and what opens it", async () => {
  await using queue = await healthyQueue();
  const { path } = queue;
  Deno.chmodSync(path, 0o666);
  const { code, ok, findings } = await examine(queue);
  assert.deepEqual({ code, ok, names: findings.map(({ name }) => name) }, {
    code: 5,
    ok: false,
    names: ["store", "access"],
  });
  await follow(queue, findings[1]!);
  await assertHealthy(queue);
  await Deno.link(path, `${path}.other`);
  const [, names] = (await examine(queue)).findings;
  assert.match(names!.finding, /has 2 names \(hard links\)/);
  assert.equal(commandOf(names!), `find ${queue.directory} -samefile ${path}`);
  await Deno.remove(`${path}.other`);
  const store = (finding: RegExp): Symptom => ({
    name: "store",
    verdict: "problem",
    finding,
    code: 5,
  });
  damage(path, "INSERT INTO migration VALUES (99, 1)");
  const newer = await assertFinds(queue, store(/was made or updated by a newer queuectl/));
  assert.match(newer.mend!, /^Update queuectl/);
});

Deno.test("doctor tells what is no store from one that is missing", async () => {
  await using queue = await Queue.open();
  queue.now = Date.now();
  await queue.join();
  const { directory } = queue;
  const ask = async (name: string) => {
    const { code, stdout } = await queue.cli("doctor", "--json", "--db", `${directory}/${name}`);
    const { ok, checks } = JSON.parse(stdout);
    assert.deepEqual({ code, ok }, { code: 5, ok: false });
    assert.deepEqual(checks.map(({ name }: { name: string }) => name).slice(0, 2), [
      "program",
      "store",
    ]);
    return checks[1];
  };
  const missing = await ask("missing.db");
  assert.match(missing.finding, /^There is no store at \S+missing\.db yet/);
  await follow(queue, missing);
  const made = await queue.cli("doctor", "--db", `${directory}/missing.db`);
  assert.equal(made.code, 0, made.stdout);

  await Deno.writeTextFile(`${directory}/text.db`, "not a store\n".repeat(1000), { mode: 0o600 });
  const text = await ask("text.db");
  assert.match(text.finding, /is not a queuectl store$/);
  await new Deno.Command("/bin/sh", {
    args: ["-c", /mv [^ ]+ [^ ]+$/.exec(text.mend)![0]],
  }).output();
  assert.match((await ask("text.db")).finding, /^There is no store/);

  damage(`${directory}/other.db`, "CREATE TABLE mine (a)");
  const other = await ask("other.db");
  assert.match(other.finding, /is a database of another program$/);
  assert.match(other.mend, /^Give the path of a store/);
  assert.match((await ask("queue.db.d")).finding, /is a directory$/);
  const { findings } = await examine(queue, "--db", `${directory}/queue.db.d`);
  assert.deepEqual(findings.map(({ name }) => name), ["store"]);
});

Deno.test("doctor finds a long log, and a file that is mostly empty", async () => {
  await using queue = await healthyQueue();
  const { path } = queue;
  const file = (finding: RegExp): Symptom => ({ name: "file", verdict: "warning", finding });
  {
    // Kept open: whoever closes last folds the log into the store.
    await using _other = await SqliteStore.open(path, { create: false });
    damage(
      path,
      "PRAGMA wal_autocheckpoint = 0",
      `INSERT INTO output VALUES (${seq("done")}, 1, 99, 'stdout', 1, 0, zeroblob(81000000))`,
    );
    await assertMends(
      queue,
      file(/queue\.db-wal has 8\d MB: some program reads the store for long/),
    );
  }
  damage(path, "DELETE FROM output WHERE seq = 99");
  const empty = await assertFinds(queue, file(/^8\d MB of the 8\d MB of the store are empty/));
  await queue.store.leave("w1");
  await follow(queue, empty);
  await queue.join();
  await assertHealthy(queue);
});

Deno.test("doctor finds and mends a running job without a row in the attempt log", async () => {
  await using queue = await healthyQueue();
  const { jobId } = await queue.claim();
  damage(queue.path, `DELETE FROM attempt WHERE job = ${seq(jobId)}`);
  await assertMends(queue, wrongRecord(/^Jobs that run without a row in the attempt log.*: 1 /));
});

Deno.test("doctor finds what killed workers have left, and removes it", async () => {
  await using queue = await healthyQueue();
  const side = `${queue.path}.d`;
  const running = await queue.claim();
  // In use, and not to be found.
  for (const token of [running.token, crypto.randomUUID(), crypto.randomUUID()]) {
    await Deno.writeTextFile(`${side}/${token}.out`, "12345", { mode: 0o600 });
  }
  await Deno.writeTextFile(`${side}/launcher-1073741825-1.status`, "", { mode: 0o600 });
  Deno.listen({ transport: "unix", path: `${side}/gone-abcdef.sock` }).close();
  await Deno.writeTextFile(`${side}/gone-abcdef.sock`, "", { mode: 0o600 });
  const spawn = (token: string) =>
    new Deno.Command("sleep", {
      args: ["1000"],
      env: {
        QUEUECTL_ATTEMPT_TOKEN: token,
        QUEUECTL_DB: queue.path,
        QUEUECTL_JOB_ID: "done",
      },
    }).spawn();
  const [left, ours] = [spawn(crypto.randomUUID()), spawn(running.token)];
  try {
    const { code, findings } = await examine(queue);
    assert.equal(code, 0);
    const [spool, sockets, processes, ...others] = findings;
    assert.deepEqual(others, []);
    assert.match(spool!.finding, /^Files that belong to no attempt that runs: 3 \(10 bytes\)$/);
    assert.match(sockets!.finding, /^Sockets that belong to no worker: 1$/);
    assert.match(
      processes!.finding,
      new RegExp(
        `^Processes left by attempts that have ended: ${left.pid} \\(of done\\); a job may`,
      ),
    );
    for (const finding of findings) await follow(queue, finding);
    assert.equal((await left.status).signal, "SIGTERM");
    await assertHealthy(queue);
    assert.equal(await Deno.readTextFile(`${side}/${running.token}.out`), "12345");
  } finally {
    for (const child of [left, ours]) killIfThere(child.pid);
    await Promise.all([left.status, ours.status]);
  }
});

Deno.test("doctor finds who was stopped with the lock of the store in its hand", async () => {
  await using queue = await healthyQueue();
  const script = `import { DatabaseSync } from "node:sqlite";
    new DatabaseSync(Deno.args[0]).exec("BEGIN IMMEDIATE");
    Deno.kill(Deno.pid, "SIGSTOP");`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", script, queue.path] }).spawn();
  try {
    await waitFor(() => lockHolder(queue.path)?.stopped === true);
    const finding = new RegExp(`^Process ${child.pid} was stopped while it held the lock`);
    await follow(queue, await assertFinds(queue, { name: "locks", verdict: "problem", finding }));
    assert.equal((await child.status).code, 0);
    await assertHealthy(queue);
  } finally {
    killIfThere(child.pid);
    await child.status;
  }
});

Deno.test("doctor finds a damaged page, and saves what can be read", {
  ignore: !HAS_SQLITE3,
}, async () => {
  await using queue = await healthyQueue();
  const path = `${queue.directory}/it's damaged.db`;
  {
    await using store = await SqliteStore.open(path, { create: true });
    await store.enqueue(Array.from({ length: 2000 }, (_, i) => newJob(`job-${i}`)));
  }
  {
    using file = Deno.openSync(path, { write: true });
    // A leaf: the table is the largest of its trees, in the middle of the file.
    file.seekSync(4096 * Math.floor(file.statSync().size / 8192), Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(4096).fill(0xff));
  }
  const ask = async () => {
    const { code, stdout } = await queue.cli("doctor", "--json", "--db", path);
    const { checks } = JSON.parse(stdout) as { checks: FindingJson[] };
    return { code, problems: checks.filter(({ verdict }) => verdict === "problem") };
  };
  const { code, problems } = await ask();
  assert.equal(code, 5);
  assert.equal(problems[0]!.name, "integrity");
  assert.match(problems[0]!.finding, /is damaged/);
  await sh(queue, commandOf(problems[0]!));
  // What is gone was counted.
  const [counters] = (await ask()).problems;
  if (counters) await sh(queue, commandOf(counters));
  assert.deepEqual(await ask(), { code: 0, problems: [] });
  const { stdout } = await queue.cli("list", "--json", "--db", path);
  const jobs = JSON.parse(stdout).length;
  assert.ok(jobs > 1900 && jobs <= 2000, `${jobs} jobs`);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  assert.ok(Deno.statSync(`${path}.damaged/it's damaged.db`).isFile);
});

Deno.test("doctor finds a journal that is no log", async () => {
  await using queue = await healthyQueue();
  const path = `${queue.directory}/plain.db`;
  await (await SqliteStore.open(path, { create: true }))[Symbol.asyncDispose]();
  damage(path, "PRAGMA journal_mode = DELETE");
  const ask = async () => (await queue.cli("doctor", "--db", path)).stdout;
  const [, mend] =
    /^warning {2}file .*journal mode is delete.*\n.*: (queuectl .*)$/m.exec(await ask()) ?? [];
  assert.ok(mend, await ask());
  await sh(queue, mend);
  assert.doesNotMatch(await ask(), /^(warning|problem)/m);
});
