/** Failing jobs: backoff, the dead letter queue and the way out of it. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, secondsBetween } from "./stage.ts";

flow("max_retries 1 and base 3: runs, waits 3 s, runs, is dead", async (stage) => {
  await stage.ok("config", "set", "max-retries", "1");
  await stage.ok("config", "set", "back-off-base", "3");
  await stage.enqueue("echo run >> runs; exit 9", "--id", "always");
  const worker = await stage.spawn(["worker", "start", "--drain"]);
  const waiting = await stage.until("always", "failed");
  assert.equal(waiting.attempts, 1);
  await stage.end(worker);
  const { state, attempts, exit_code, error, attempt_log: log } = await stage.job("always");
  assert.deepEqual({ state, attempts, exit_code, error }, {
    state: "dead",
    attempts: 2,
    exit_code: 9,
    error: "exit code 9",
  });
  assert.deepEqual(stage.lines("runs"), ["run", "run"]);
  assert.deepEqual(log.map(({ attempt, outcome }) => `${attempt} ${outcome}`), [
    "1 failed",
    "2 failed",
  ]);
  const waited = secondsBetween(log[0]?.finished_at, log[1]?.started_at);
  // Not before, and clearly after 3 seconds rather than the 9 of a second retry.
  assert.ok(waited >= 3 && waited < 6, `waited ${waited} s`);
});

flow("nonexistent_cmd fails with words, retries, and ends in the DLQ", async (stage) => {
  const job = { id: "nope", command: "nonexistent_cmd", max_retries: 2, backoff_base: 0.1 };
  await stage.ok("enqueue", JSON.stringify(job));
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, exit_code, error, attempt_log } = await stage.job("nope");
  assert.deepEqual({ state, attempts, exit_code, error, tried: attempt_log.length }, {
    state: "dead",
    attempts: 3,
    exit_code: 127,
    error: "exit code 127 (command not found)",
    tried: 3,
  });
  assert.match(await stage.ok("logs", "nope", "--stderr"), /nonexistent_cmd: (command )?not found/);
  assert.match(await stage.ok("dlq", "list"), /^nope\b.*command not found/m);
});

flow("dlq retry gives a job a new life with its log kept", async (stage) => {
  await stage.enqueue("test -e cured", "--id", "ill", "--max-retries", "0");
  await stage.ok("worker", "start", "--drain");
  assert.equal((await stage.job("ill")).state, "dead");
  await Deno.writeTextFile(stage.join("cured"), "");
  await stage.ok("dlq", "retry", "ill");
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, error, attempt_log } = await stage.job("ill");
  assert.deepEqual({ state, attempts, error }, { state: "completed", attempts: 1, error: null });
  assert.deepEqual(attempt_log.map(({ attempt, outcome }) => `${attempt} ${outcome}`), [
    "1 failed",
    "2 completed",
  ]);
  const again = await stage.run(["dlq", "retry", "ill"]);
  assert.equal(again.code, 4, again.stderr);
}, { stores: BOTH_STORES });

flow("backoff grows by the power, and the maximum cuts it", async (stage) => {
  const job = {
    id: "growing",
    command: "exit 1",
    max_retries: 3,
    backoff_base: 0.5,
    backoff_max: "300ms",
  };
  await stage.ok("enqueue", JSON.stringify(job));
  await stage.ok("worker", "start", "--drain");
  const { attempt_log: log } = await stage.job("growing");
  assert.equal(log.length, 4);
  const waits = [1, 2, 3].map((n) => secondsBetween(log[n - 1]?.finished_at, log[n]?.started_at));
  for (const [n, least] of [0.3, 0.25, 0.125].entries()) {
    assert.ok(waits[n]! >= least, `wait ${n + 1} of ${waits}`);
  }
});
