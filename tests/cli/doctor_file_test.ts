/** What the doctor finds of the file of a store, who may use it and who holds its lock. */

import assert from "node:assert/strict";
import { lockHolder } from "../../src/store/sqlite/lock_holder.ts";
import { openSqlite } from "../store/open_sqlite.ts";
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
    await using _other = await openSqlite(path, { create: false, readOnly: true });
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
    await using _other = await openSqlite(path, { create: false });
    damage(
      path,
      "PRAGMA wal_autocheckpoint = 0",
      `INSERT INTO output VALUES ((SELECT seq FROM job WHERE id = 'done'), 1, 99, 'stdout', 1, 0, zeroblob(81000000))`,
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
    await using store = await openSqlite(path, { create: true });
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
  await (await openSqlite(path, { create: true }))[Symbol.asyncDispose]();
  damage(path, "PRAGMA journal_mode = DELETE");
  const ask = async () => (await queue.cli("doctor", "--db", path)).stdout;
  const [, mend] =
    /^warning {2}file .*journal mode is delete.*\n.*: (queuectl .*)$/m.exec(await ask()) ?? [];
  assert.ok(mend, await ask());
  await sh(queue, mend);
  assert.doesNotMatch(await ask(), /^(warning|problem)/m);
});
