/** Cron as the caller: the lines of the README's crontab, in the environment that cron gives them. */

import assert from "node:assert/strict";
import { heartbeatOf } from "../crash/store_file.ts";
import { assertNeverTwice, diaryJob, haltWorker, processesOf, readDiary } from "../crash/scene.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { cron, cronEnd, ENQUEUE, installForCron, WORKER } from "./crontab.ts";
import { BOTH_STORES, flow, isLiving, type Stage } from "./stage.ts";

const QUIET = { code: 0, mail: "" };

flow("cron: the lines of the README enqueue and run, and nothing is mailed", async (stage) => {
  await installForCron(stage);
  await Deno.mkdir(stage.join("Documents"));
  await Deno.writeTextFile(stage.join("Documents/letter"), "dear reader");
  assert.deepEqual(await cronEnd(stage, ENQUEUE), QUIET);
  const [job] = await stage.json<{ id: string; state: string }[]>("list");
  assert.equal(job?.state, "pending");
  assert.deepEqual(await cronEnd(stage, WORKER), QUIET);
  assert.equal((await stage.job(job!.id)).state, "completed");
  assert.equal(await stage.sh("tar -xzOf backup.tar.gz Documents/letter"), "dear reader");
}, { stores: BOTH_STORES });

flow("cron: a worker that has nothing to do ends, and nothing is mailed", async (stage) => {
  await installForCron(stage);
  for (let minute = 0; minute < 3; minute++) {
    assert.deepEqual(await cronEnd(stage, WORKER), QUIET);
    // As some crons do: not even an empty standard input.
    assert.deepEqual(await cronEnd(stage, `${WORKER} <&-`), QUIET);
  }
  assert.deepEqual(await stage.json("worker", "list"), []);
});

flow("cron: of workers that overlap one works, the others end without a word", async (stage) => {
  await installForCron(stage);
  await stage.enqueue("echo begun >> begun; until test -e go; do sleep 0.05; done", "--id", "job");
  const first = await cron(stage, WORKER);
  await stage.untilLines("begun");
  const minutes = await Promise.all([cronEnd(stage, WORKER), cronEnd(stage, WORKER)]);
  assert.deepEqual(minutes, [QUIET, QUIET]);
  assert.equal((await stage.job("job")).state, "processing");
  await Deno.writeTextFile(stage.join("go"), "");
  const { stdout, stderr } = await stage.end(first);
  assert.equal(stdout + stderr, "");
  const { state, attempts } = await stage.job("job");
  assert.deepEqual({ state, attempts }, { state: "completed", attempts: 1 });
}, { stores: BOTH_STORES });

flow("cron: a job that is dead is mailed, a failed attempt is not", async (stage) => {
  await installForCron(stage);
  const flags = ["--max-retries", "1", "--backoff-base", "0.1"];
  await stage.enqueue("exit 3", "--id", "hopeless", ...flags);
  await stage.enqueue("test $QUEUECTL_ATTEMPT = 2", "--id", "shaky", ...flags);
  const { code, mail } = await cronEnd(stage, WORKER);
  assert.equal(code, 0);
  assert.match(mail, /^\S+ error +hopeless is dead: exit code 3\. To see it: queuectl dlq list\n$/);
  assert.equal((await stage.job("shaky")).state, "completed");
});

flow("cron: a job finds cron's environment, its own variables and nothing else", async (stage) => {
  await installForCron(stage);
  await stage.enqueue("env; ls /proc/self/fd | wc -l > count", "--id", "job");
  assert.deepEqual(await cronEnd(stage, WORKER), QUIET);
  const lines = (await stage.ok("logs", "job")).trimEnd().split("\n");
  const found = Object.fromEntries(lines.map((line) => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  }));
  const ofTheTest = /^(DENO_DIR|DENO_NO_UPDATE_CHECK|QT_STAGE)$/;
  // `env` is started by a shell, which sets the last three itself.
  const own = /^(QUEUECTL_\w+|PWD|OLDPWD|_|SHLVL)$/;
  const rest = Object.entries(found).filter(([name]) => !ofTheTest.test(name) && !own.test(name));
  assert.deepEqual(Object.fromEntries(rest), {
    HOME: stage.home,
    LOGNAME: "ada",
    PATH: `${stage.join("cron-bin")}:/usr/bin:/bin`,
    SHELL: "/bin/sh",
  });
  assert.equal(found.QUEUECTL_DB, stage.store);
  assert.equal(found.PWD, stage.home);
});

for (const HOME of [undefined, "", "relative"]) {
  const title = HOME === undefined ? "without HOME" : `with HOME="${HOME}"`;
  flow(`cron: ${title} both lines say what to set, and work where that is set`, async (stage) => {
    await installForCron(stage);
    await Deno.mkdir(stage.join("Documents"));
    for (const line of [WORKER, ENQUEUE]) {
      const { code, mail } = await cronEnd(stage, line, { HOME, QUEUECTL_DB: undefined });
      assert.equal(code, 2, mail);
      assert.match(mail, /^queuectl: [^\n]+ HOME is [^\n]+: set HOME or QUEUECTL_DB, or give --db/);
      assert.equal(mail.trimEnd().split("\n").length, 1, mail);
    }
    assert.equal(await stage.sh("ls -d relative .local 2>/dev/null || true"), "");
    const QUEUECTL_DB = stage.join("named.db");
    assert.deepEqual(await cronEnd(stage, ENQUEUE, { HOME, QUEUECTL_DB }), QUIET);
    const withFlag = `${WORKER} --db ${QUEUECTL_DB}`;
    assert.deepEqual(await cronEnd(stage, withFlag, { HOME }), QUIET);
    const jobs = await stage.json<{ state: string }[]>("list", "--db", QUEUECTL_DB);
    assert.deepEqual(jobs.map(({ state }) => state), ["completed"]);
  });
}

/** Sends a signal to the workers of the store but one: a program of the stage is only their shell. */
async function signalWorkers(stage: Stage, signal: Deno.Signal, but = 0): Promise<number[]> {
  const rows = await stage.ask("SELECT pid FROM worker WHERE pid <> ?", but);
  return rows.map(({ pid }) => {
    // One that ends just now needs no signal.
    if (isLiving(Number(pid))) Deno.kill(Number(pid), signal);
    return Number(pid);
  });
}

/** A job that never ends in its first attempt. */
const STUCK = diaryJob("test $QUEUECTL_ATTEMPT != 1 || sleep 300");

async function assertRescued(stage: Stage): Promise<void> {
  const { state, attempt_log } = await stage.job("job");
  assert.equal(state, "completed");
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
  assertNeverTwice(readDiary(stage));
}

flow("cron: the worker of the next minute takes over from one that was killed", async (stage) => {
  await installForCron(stage);
  await stage.enqueue(STUCK, "--id", "job", "--backoff-base", "0.1");
  await cron(stage, WORKER);
  await stage.untilLines("diary");
  await signalWorkers(stage, "SIGKILL");
  assert.equal((await cronEnd(stage, WORKER)).code, 0);
  await assertRescued(stage);
});

/** So many heartbeats, at most 0.8 s apart, a worker is let watch: far less than the lease of 10 s. */
const BEATS = 5;

flow("cron: workers that live for less than the lease find one that hangs", async (stage) => {
  await installForCron(stage);
  await stage.ok("config", "set", "lease", "10s");
  await stage.enqueue(STUCK, "--id", "job", "--backoff-base", "0.1");
  const hung = await cron(stage, WORKER);
  await stage.untilLines("diary");
  const [{ pid }] = await stage.json<[{ pid: number }]>("worker", "list");
  await haltWorker(stage, pid);
  const isLost = async () => await heartbeatOf(stage, pid) === null;
  let workers = 0;
  for (; !await isLost() && workers < 10; workers++) {
    const observer = await cron(stage, WORKER);
    const beats = "SELECT max(heartbeat) AS beats FROM worker WHERE pid <> ?";
    await waitFor(
      async () => await isLost() || Number((await stage.ask(beats, pid))[0]?.beats) >= BEATS,
      {
        timeout: 30_000,
        message: () => `${BEATS} heartbeats: ${observer.stderr}`,
      },
    );
    // What it has begun it brings to an end.
    await signalWorkers(stage, "SIGTERM", pid);
    await stage.end(observer);
  }
  assert.ok(await isLost() && workers > 1, `after ${workers} workers`);
  await stage.end(hung, 137);
  assert.equal(processesOf(stage, "job").size, 0);
  assert.equal((await cronEnd(stage, WORKER)).code, 0);
  await assertRescued(stage);
}, { vias: ["source"] });
