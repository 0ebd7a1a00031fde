/** `wait` and `cancel` from another process. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, isLiving } from "./stage.ts";

flow("wait ends as the job did", async (stage) => {
  await stage.enqueue("sleep 0.3", "--id", "good");
  await stage.enqueue("sleep 0.3; exit 3", "--id", "three", "-r", "0");
  await stage.enqueue("exit 4; false", "--id", "four", "-r", "0");
  await stage.enqueue("kill -9 $$", "--id", "killed", "-r", "0");
  await stage.enqueue("test $QUEUECTL_ATTEMPT = 2", "--id", "second", "--backoff-base", "0.3");
  await stage.enqueue("true", "--id", "cancelled", "--queue", "none");
  await stage.enqueue("true", "--id", "nowhere", "-r", "0", "--cwd", "missing");
  await stage.enqueue("true", "--id", "open", "--queue", "none");
  const waits: [string[], number][] = [
    [["good"], 0],
    [["three"], 3],
    [["killed"], 137],
    [["second"], 0],
    [["cancelled"], 1],
    [["nowhere"], 1],
    [["good", "second"], 0],
    [["good", "four", "three"], 4],
    [["three", "four"], 3],
  ];
  const programs = await Promise.all(waits.map(([ids]) => stage.spawn(["wait", ...ids])));
  await stage.ok("cancel", "cancelled");
  const worker = await stage.spawn(["worker", "start", "--drain", "--queue", "default"]);
  const codes = await Promise.all(programs.map(async (program) => (await program.ended()).code));
  assert.deepEqual(
    waits.map(([ids], n) => `${ids}: ${codes[n]}`),
    waits.map(([ids, code]) => `${ids}: ${code}`),
  );
  await stage.end(worker);
  const json = await stage.run(["wait", "three", "--json"]);
  assert.equal(json.code, 3);
  assert.partialDeepStrictEqual(JSON.parse(json.stdout), {
    id: "three",
    state: "dead",
    exit_code: 3,
  });
  const late = await stage.run(["wait", "open", "--timeout", "100ms"]);
  assert.equal(late.code, 124);
  assert.match(late.stderr, /\bopen\b.*pending/);
});

flow("wait that is interrupted leaves the job alone", async (stage) => {
  await stage.enqueue("true", "--id", "over");
  await stage.ok("worker", "start", "--drain");
  await stage.enqueue("true", "--id", "job");
  for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const wait = await stage.spawn(["wait", "over", "job"]);
    // It listens before it looks at the jobs, and says which have ended.
    await wait.line(/\bover\b/, { stream: "stderr" });
    wait.kill(name);
    assert.partialDeepStrictEqual(await wait.ended(), { code, signal: null });
  }
  assert.equal((await stage.job("job")).state, "pending");
});

/** Children in the foreground, in the background, in a session of their own, and an orphan in one. */
const TREE = "echo $$ >> pids; sleep 300 & echo $! >> pids; setsid sleep 301 & echo $! >> pids; " +
  "(setsid sh -c 'echo $$ >> pids; echo up >> orphan; sleep 303; true' &); " +
  "until test -s orphan; do sleep 0.05; done; rm orphan; " +
  "sh -c 'echo $$ >> pids; echo ready >> ready; sleep 302; true'; echo went on >> wrong";

flow("cancel of a running job ends its whole tree", async (stage) => {
  await stage.enqueue(TREE, "--id", "job");
  await stage.enqueue("echo next", "--id", "next");
  await stage.worker();
  await stage.untilLines("ready");
  const waiting = await stage.spawn(["wait", "job"]);
  await stage.ok("cancel", "job");
  const { state, attempts, error, attempt_log } = await stage.until("job", "cancelled");
  assert.deepEqual({ state, attempts, error }, {
    state: "cancelled",
    attempts: 1,
    error: "cancelled",
  });
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["cancelled"]);
  assert.deepEqual(stage.lines("pids").map(Number).filter(isLiving), []);
  // That of SIGTERM, by which the command was ended.
  assert.equal((await waiting.ended()).code, 143);
  assert.equal(stage.read("wrong"), "");
  // The slot is free again, and the job can have a new life.
  await stage.until("next", "completed");
  await stage.ok("retry", "job");
  await stage.untilLines("ready", 2);
  await stage.ok("cancel", "job");
  assert.equal((await stage.job("job")).state, "cancelled");
  assert.deepEqual(stage.lines("pids").map(Number).filter(isLiving), []);
}, { vias: ["source", "executable", "oldest"], stores: BOTH_STORES });

flow("cancel: SIGTERM first, SIGKILL after kill_grace", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "300ms");
  const loop = "echo up >> up; while :; do sleep 0.05; done";
  await stage.enqueue(`trap 'echo cleaned > cleaned; exit 5' TERM; ${loop}`, "--id", "tidy");
  await stage.enqueue(`trap '' TERM; ${loop}`, "--id", "stubborn");
  await stage.enqueue(`trap 'exit 0' TERM; ${loop}`, "--id", "polite");
  await stage.worker(["--count", "3"]);
  await stage.untilLines("up", 3);
  await stage.ok("cancel", "tidy", "stubborn", "polite");
  assert.partialDeepStrictEqual(await stage.job("polite"), { state: "cancelled", exit_code: 0 });
  assert.equal((await stage.run(["wait", "polite"])).code, 1);
  assert.partialDeepStrictEqual(await stage.job("tidy"), { state: "cancelled", exit_code: 5 });
  assert.partialDeepStrictEqual(await stage.job("stubborn"), {
    state: "cancelled",
    exit_code: 137,
  });
  assert.equal(stage.read("cleaned"), "cleaned\n");
});

flow("cancel of jobs that do not run", async (stage) => {
  await stage.enqueue("true", "--id", "done-one");
  await stage.ok("worker", "start", "--drain");
  await stage.enqueue("echo ran >> ran", "--id", "waits");
  await stage.ok("cancel", "waits");
  await stage.ok("cancel", "waits");
  assert.equal((await stage.run(["cancel", "done-one"])).code, 4);
  const mixed = await stage.run(["cancel", "nobody", "done-one", "waits", "--json"]);
  assert.equal(mixed.code, 3);
  const results: { id: string; ok: boolean; error: string | null }[] = JSON.parse(mixed.stdout);
  assert.deepEqual(results.map(({ id, ok }) => `${id} ${ok}`), [
    "nobody false",
    "done-one false",
    "waits true",
  ]);
  await stage.ok("worker", "start", "--drain");
  assert.equal(stage.read("ran"), "");
});

flow("cancel of a job whose worker was killed does not let it run again", async (stage) => {
  await stage.enqueue("echo run >> runs; sleep 300", "--id", "job");
  const victim = await stage.worker();
  await stage.untilLines("runs");
  victim.kill("SIGKILL");
  await victim.ended();
  await stage.run(["cancel", "job"]);
  await stage.ok("worker", "start", "--drain");
  assert.equal((await stage.job("job")).state, "cancelled");
  assert.deepEqual(stage.lines("runs"), ["run"]);
}, { stores: BOTH_STORES });
