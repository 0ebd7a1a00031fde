/** A store that another program locks, empties of its side directory, or replaces. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { processesOf } from "./scene.ts";
import { hasStatus, heartbeatOf } from "./store_file.ts";

const UNTIL_GO = "echo begun >> begun; until test -e go; do sleep 0.05; done; echo ran";

flow("a job that ended while the store was away is not lost with its worker", async (stage) => {
  await stage.enqueue(UNTIL_GO, "--id", "job", "-r", "0");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  {
    await using _lock = await stage.lockStore();
    await Deno.writeTextFile(stage.join("go"), "");
    await waitFor(() => hasStatus(stage, 0));
    worker.kill();
    await worker.line("Stopping", { stream: "stderr" });
    worker.kill();
    const { stderr } = await stage.end(worker, 5);
    assert.match(stderr, /^queuectl: The worker has ended without its store: .+$/m);
  }
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, attempt_log } = await stage.job("job");
  assert.deepEqual({ state, attempts }, { state: "completed", attempts: 1 });
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["completed"]);
  assert.equal(await stage.ok("logs", "job"), "ran\n");
}, { vias: ["source"], stores: BOTH_STORES });

flow("a worker goes on beating and working after its store was away", async (stage) => {
  await stage.ok("config", "set", "poll_interval", "60s");
  const worker = await stage.worker();
  {
    await using _lock = await stage.lockStore();
    await worker.line("running jobs go on", { stream: "stderr" });
  }
  await worker.line("The store is back", { stream: "stderr" });
  const before = (await heartbeatOf(stage, worker.pid))!;
  await waitFor(async () => (await heartbeatOf(stage, worker.pid))! >= before + 3);
  await stage.enqueue("true", "--id", "job");
  await stage.until("job", "completed", 10_000);
}, { vias: ["source"] });

flow("a worker outlives a lease that was shortened after its start", async (stage) => {
  await stage.ok("config", "set", "poll_interval", "60s");
  await stage.ok("config", "set", "lease", "5m");
  const worker = await stage.worker();
  await stage.ok("config", "set", "lease", "5s");
  const judge = await stage.worker(["--count", "2"]);
  const before = (await heartbeatOf(stage, judge.pid))!;
  // At least 0.5 s each: more than the lease and the judge's next looks.
  await waitFor(async () => (await heartbeatOf(stage, judge.pid))! >= before + 9, {
    timeout: 30_000,
  });
  assert.notEqual(await heartbeatOf(stage, worker.pid), null);
  assert.doesNotMatch(judge.stderr, /taking over/);
  worker.kill();
  await stage.end(worker);
}, { vias: ["source"], stores: BOTH_STORES });

for (const stop of ["SIGTERM", "worker stop"] as const) {
  flow(`a worker survives the removal of its side directory, up to ${stop}`, async (stage) => {
    const remove = async () => {
      // A file is opened with its directory; for a server it is made when it is needed.
      await Deno.mkdir(stage.directory, { recursive: true });
      await Deno.remove(stage.directory, { recursive: true });
    };
    const worker = await stage.worker(["--count", "2"]);
    await stage.enqueue(UNTIL_GO, "--id", "running");
    await stage.untilLines("begun");
    await remove();
    await Deno.writeTextFile(stage.join("go"), "");
    await stage.until("running", "completed");
    await remove();
    await stage.enqueue("echo after", "--id", "later");
    await stage.until("later", "completed");
    assert.equal(await stage.ok("logs", "later"), "after\n");
    await remove();
    if (stop === "SIGTERM") worker.kill();
    else await stage.ok("worker", "stop");
    const { stderr } = await stage.end(worker);
    assert.ok(stderr.split("\n").length < 15, stderr);
  }, { vias: ["source"], stores: BOTH_STORES });
}

flow("a retry runs though nobody else has made the side directory again", async (stage) => {
  const worker = await stage.worker();
  await stage.enqueue("echo begun >> begun; test -e go", "--id", "job", "--backoff-base", "0.5");
  await worker.line("job failed", { stream: "stderr" });
  await Deno.remove(stage.directory, { recursive: true });
  await Deno.writeTextFile(stage.join("go"), "");
  // No command may run before: it would make the directory.
  await worker.line("job completed", { stream: "stderr", timeout: 10_000 });
  const { attempt_log } = await stage.job("job");
  assert.equal(attempt_log.at(-1)?.outcome, "completed");
  assert.ok(attempt_log.every(({ outcome }) => outcome !== "handed_back"));
}, { vias: ["source"] });

flow("a worker whose store was replaced ends what it runs and itself", async (stage) => {
  await stage.enqueue("echo begun >> begun; sleep 300", "--id", "old");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  await stage.removeStore();
  await stage.enqueue("true", "--id", "new");
  const { stderr } = await stage.end(worker, 5);
  // A server that is asked in between has none.
  assert.match(
    stderr,
    /^queuectl: The store \S+ was (replaced by another one|removed, or a part of it)$/m,
  );
  assert.ok(stderr.split("\n").length < 10, stderr);
  assert.equal(processesOf(stage, "old").size, 0);
  await stage.ok("worker", "start", "--drain");
  assert.equal((await stage.job("new")).state, "completed");
}, { vias: ["source"], stores: BOTH_STORES });
