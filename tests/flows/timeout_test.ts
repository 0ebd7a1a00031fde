/** An attempt that takes too long is ended, with all that it has started. */

import assert from "node:assert/strict";
import { flow, isLiving, secondsBetween } from "./stage.ts";

/** It and a grandchild note their pids; the text runs in a single-quoted `sh -c`. */
const FAMILY = 'echo $$ >> pids; sh -c "echo \\$\\$ >> pids; while :; do sleep 0.05; done"; true';

flow("--timeout ends the whole tree, whatever it does against it", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "300ms");
  const flags = ["--timeout", "3s", "--max-retries", "0"];
  await stage.enqueue(FAMILY, "--id", "plain", ...flags);
  await stage.enqueue(`trap '' TERM; ${FAMILY}`, "--id", "deaf", ...flags);
  await stage.enqueue(`exec setsid sh -c '${FAMILY}'`, "--id", "session", ...flags);
  await stage.enqueue("true", "--id", "quick", ...flags);
  await stage.worker(["--count", "4"]);
  const errors = new Map<string, string | null>();
  for (const id of ["plain", "deaf", "session"]) {
    const { error, attempt_log: [attempt, ...more] } = await stage.until(id, "dead");
    errors.set(id, error);
    assert.equal(attempt?.outcome, "timed_out");
    assert.deepEqual(more, []);
    assert.ok(secondsBetween(attempt.started_at, attempt.finished_at) >= 3, id);
  }
  assert.deepEqual([...new Set(errors.values())], ["timed out after 3s"]);
  assert.deepEqual(stage.lines("pids").map(Number).filter(isLiving), []);
  assert.equal(stage.lines("pids").length, 6);
  assert.equal((await stage.job("quick")).state, "completed");
});

flow(
  "a timeout is per attempt, from the job or the config, and can be edited away",
  async (stage) => {
    await stage.ok("config", "set", "default_timeout", "1s");
    await stage.enqueue(
      "test $QUEUECTL_ATTEMPT -ge 2 || sleep 60",
      "--id",
      "twice",
      "--backoff-base",
      "0",
    );
    await stage.enqueue("sleep 2", "--id", "none", "--timeout", "none");
    await stage.enqueue("sleep 2", "--id", "edited", "--hold");
    await stage.ok("edit", "edited", "--timeout", "none");
    await stage.ok("release", "edited");
    await stage.enqueue("sleep 60", "--id", "short", "--max-retries", "0", "--timeout", "100ms");
    await stage.ok("worker", "start", "--count", "4", "--drain");
    const { state, attempts, attempt_log } = await stage.job("twice");
    assert.deepEqual([state, attempts], ["completed", 2]);
    assert.equal(attempt_log[0]?.error, "timed out after 1s");
    assert.equal((await stage.job("none")).state, "completed");
    assert.equal((await stage.job("edited")).state, "completed");
    assert.equal((await stage.job("short")).error, "timed out after 100ms");
  },
);
