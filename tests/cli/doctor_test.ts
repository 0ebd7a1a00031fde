/** What the doctor prints, and finds of queues, schedules, settings and what workers have left. */

import assert from "node:assert/strict";
import { killIfThere } from "../flows/stage.ts";
import {
  assertFinds,
  assertHealthy,
  assertMends,
  commandOf,
  damage,
  digest,
  examine,
  follow,
  healthyQueue,
  type Symptom,
} from "./infirmary.ts";
import { Queue } from "./queue.ts";
import { addSchedule } from "./schedules.ts";

const HOUR = 3_600_000;

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
