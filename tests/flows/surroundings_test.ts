/** Where and with what a command runs. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "./stage.ts";

flow("a command finds its QUEUECTL_ variables, and the worker's environment", async (stage) => {
  const print = "env | grep -E '^(QUEUECTL_|WORKERS_OWN|ENQUEUERS_OWN)' | sort; " +
    "test $QUEUECTL_ATTEMPT = 2";
  const flags = ["--max-retries", "1", "--backoff-base", "0.1", "--queue", "media"];
  const { code } = await stage.run(["enqueue", "--id", "job", ...flags, "--command", print], {
    env: { ENQUEUERS_OWN: "1", QUEUECTL_ATTEMPT_TOKEN: "planted" },
  });
  assert.equal(code, 0);
  // The store given as a relative path if it is one, and variables of an outer attempt to be dropped.
  const db = stage.store.replace(`${stage.home}/`, "");
  const worker = await stage.run(["worker", "start", "--drain", "--db", db], {
    env: { WORKERS_OWN: "1", QUEUECTL_JOB_ID: "outer", QUEUECTL_ATTEMPT_TOKEN: "outer" },
  });
  assert.equal(worker.code, 0, worker.stderr);
  const tokens = new Set<string>();
  for (const attempt of ["1", "2"]) {
    const lines = (await stage.ok("logs", "job", "--attempt", attempt)).trimEnd().split("\n");
    const { QUEUECTL_ATTEMPT_TOKEN: token, ...rest } = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    assert.deepEqual(rest, {
      QUEUECTL_ATTEMPT: attempt,
      QUEUECTL_DB: stage.store,
      QUEUECTL_JOB_ID: "job",
      QUEUECTL_MAX_RETRIES: "1",
      QUEUECTL_QUEUE: "media",
      WORKERS_OWN: "1",
    });
    assert.match(token ?? "", /^[0-9a-f-]{36}$/);
    tokens.add(token!);
  }
  assert.equal(tokens.size, 2);
}, { stores: BOTH_STORES });

flow("a job enqueues into its own store without saying which", async (stage) => {
  const db = stage.join("other.db");
  const parent = await stage.run(["enqueue", "--db", db, "--command", "queuectl enqueue -- true"]);
  assert.equal(parent.code, 0);
  const script = "exec queuectl worker start --drain --db other.db";
  assert.equal((await (await stage.shell(script)).ended()).code, 0);
  const jobs = await stage.json<{ command: string }[]>("list", "--db", db, "--state", "completed");
  assert.deepEqual(jobs.map(({ command }) => command), ["true", "queuectl enqueue -- true"]);
  await assert.rejects(Deno.stat(stage.store), Deno.errors.NotFound);
});

const ODD = "a b'c\"d $HOME\n-e ü";

flow("a job runs in the directory in which it was enqueued", async (stage) => {
  const print = 'printf %s "$PWD"; pwd -P >/dev/null';
  await Deno.mkdir(stage.join(ODD, "sub"), { recursive: true });
  await Deno.mkdir(stage.join("-dash"));
  const enqueue = (id: string, cwd: string, ...flags: string[]) =>
    stage.run(["enqueue", "--id", id, ...flags, "--command", print], { cwd });
  await enqueue("odd", stage.join(ODD));
  await enqueue("dash", stage.join("-dash"));
  await enqueue("relative", stage.join(ODD), "--cwd", "sub/../sub");
  await enqueue("absolute", stage.join(ODD), "--cwd", "/tmp");
  const { code } = await stage.run(["worker", "start", "--drain"], { cwd: "/" });
  assert.equal(code, 0);
  assert.equal(await stage.ok("logs", "odd"), stage.join(ODD));
  assert.equal(await stage.ok("logs", "dash"), stage.join("-dash"));
  assert.equal(await stage.ok("logs", "relative"), stage.join(ODD, "sub"));
  assert.equal(await stage.ok("logs", "absolute"), "/tmp");
});

flow("a directory that is missing or none is a clear error, and retried", async (stage) => {
  await Deno.mkdir(stage.join("gone"));
  await stage.run(["enqueue", "--id", "gone", "-r", "0", "--cwd", ".", "--", "true"], {
    cwd: stage.join("gone"),
  });
  await Deno.remove(stage.join("gone"));
  const back = ["--max-retries", "9", "--backoff-base", "1.1", "--cwd", "back"];
  await stage.enqueue("pwd", "--id", "back", ...back);
  await stage.enqueue("true", "--id", "file", "-r", "0", "--cwd", "bin/queuectl");
  await stage.worker(["--count", "2"]);
  const gone = await stage.until("gone", "dead");
  assert.deepEqual([gone.error, gone.exit_code], [
    `working directory ${stage.join("gone")} does not exist`,
    null,
  ]);
  const file = await stage.until("file", "dead");
  assert.equal(file.error, `working directory ${stage.join("bin/queuectl")} is not a directory`);
  await stage.until("back", "failed");
  await Deno.mkdir(stage.join("back"));
  const { attempts, attempt_log: [first] } = await stage.until("back", "completed");
  assert.ok(attempts > 1);
  assert.equal(first?.outcome, "not_started");
});

flow("--env reaches the command and is never shown", async (stage) => {
  const print = 'printf "%s|%s|%s" "$PLAIN" "$ODD" "$WORKERS_OWN"; test "$PATH" != /nowhere';
  const spec = { id: "json", command: print, env: { PLAIN: "s3cret", ODD: "a b'c\"d\n$HOME" } };
  await stage.ok("enqueue", JSON.stringify(spec));
  await stage.enqueue(print, "--id", "flags", "--env", "PLAIN=s3cret=", "-e", "ODD=");
  const worker = await stage.run(["worker", "start", "--drain"], { env: { WORKERS_OWN: "own" } });
  assert.equal(worker.code, 0, worker.stderr);
  assert.equal(await stage.ok("logs", "json"), "s3cret|a b'c\"d\n$HOME|own");
  assert.equal(await stage.ok("logs", "flags"), "s3cret=||own");
  const shown = await Promise.all(
    [["show", "json"], ["show", "json", "--json"], ["list", "--json"], ["explain", "json"]]
      .map((args) => stage.ok(...args)),
  );
  assert.ok(!`${shown}${worker.stderr}`.includes("s3cret"));
  assert.match(shown[0]!, /^Environment +PLAIN, ODD \(values hidden\)$/m);
});

flow("--stdin-file: a file, or what the command itself is given", async (stage) => {
  const text = "one\r\ntwo\0\n" + "ü".repeat(100_000);
  await Deno.writeTextFile(stage.join("in"), text);
  await stage.enqueue("cksum", "--id", "file", "--stdin-file", "in");
  const piped = await stage.run(
    ["enqueue", "--id", "pipe", "--stdin-file", "-", "--", "cksum"],
    { stdin: text },
  );
  assert.equal(piped.code, 0, piped.stderr);
  await stage.enqueue("cksum", "--id", "none");
  await stage.ok("worker", "start", "--drain");
  const expected = await stage.sh("cksum < in");
  assert.equal(await stage.ok("logs", "file"), expected);
  assert.equal(await stage.ok("logs", "pipe"), expected);
  assert.equal(await stage.ok("logs", "none"), await stage.sh("cksum < /dev/null"));
});

flow("--fatal-exit-code sends a job to the DLQ at once, and no other code does", async (stage) => {
  const flags = ["--max-retries", "2", "--backoff-base", "0", "--fatal-exit-code", "64,2"];
  await stage.enqueue("exit 2", "--id", "fatal", ...flags);
  await stage.enqueue("exit 3", "--id", "other", ...flags);
  await stage.ok("worker", "start", "--drain");
  assert.partialDeepStrictEqual(await stage.job("fatal"), { state: "dead", attempts: 1 });
  assert.partialDeepStrictEqual(await stage.job("other"), { state: "dead", attempts: 3 });
});

flow("--tag: jobs are found by their tags", async (stage) => {
  await stage.enqueue("true", "--id", "both", "--tag", "nightly", "--tag", "eu,big");
  await stage.enqueue("true", "--id", "one", "--tag", "eu");
  const found = await stage.json<{ id: string; tags: string[] }[]>("list", "--tag", "nightly");
  assert.deepEqual(found.map(({ id, tags }) => [id, tags]), [["both", ["nightly", "eu", "big"]]]);
  assert.equal((await stage.json<unknown[]>("list", "--tag", "eu")).length, 2);
  assert.deepEqual(await stage.json("list", "--tag", "e"), []);
});
