import assert from "node:assert/strict";
import { ConflictError } from "../../../src/errors.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, HANDED_BACK, LOST, type Register } from "../scene.ts";

/** What a job carries besides its command: its surroundings, its timeout, its progress. */
export function fieldTests(test: Register): void {
  const env = { LANG: "C", _x: "", "päth": "ä\n'\"\u{1f600}", TOKEN: "secret" };

  test("env: a claim carries the values, a job only the names", async (scene) => {
    await scene.enqueue("a", { env, maxRetries: 1, backoffBase: 0 });
    const names = (list: readonly string[]) => list.toSorted();
    assert.deepEqual(names((await scene.job("a")).envNames), Object.keys(env).toSorted());
    const worker = await scene.worker("w");
    for (const outcome of [FAILED, COMPLETED]) {
      const claim = await worker.claimOne();
      assert.deepEqual({ ...claim.env }, env);
      await worker.settle([claim], outcome);
    }
    await scene.store.retry("a", ["completed"]);
    assert.deepEqual({ ...(await worker.claimOne()).env }, env);
    const seen = JSON.stringify([
      await scene.store.jobs({}),
      await scene.store.standing("a"),
      await scene.store.status(),
    ]);
    assert.ok(!seen.includes("secret"), "no job that is read holds a value");
  });

  test("stdin: a claim carries it, every time", async (scene) => {
    const stdin = "a\0b\r\n\u{1f600}" + "x".repeat(100_000);
    await scene.enqueue("a", { stdin, maxRetries: 1, backoffBase: 0 });
    await scene.enqueue("none", { priority: 1 });
    const worker = await scene.worker("w");
    const none = await worker.claimOne();
    assert.deepEqual([none.stdin, { ...none.env }], [null, {}]);
    for (const outcome of [FAILED, COMPLETED]) {
      const claim = await worker.claimOne();
      assert.equal(claim.stdin, stdin);
      await worker.settle([claim], outcome);
    }
    await scene.store.retry("a", ["completed"]);
    assert.equal((await worker.claimOne()).stdin, stdin);
  });

  test("stdin: goes with its job, and is not that of a new one with the id", async (scene) => {
    await scene.enqueue("a", { stdin: "old", env: { A: "old" } });
    await scene.store.remove("a", ["pending"]);
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    assert.deepEqual([claim.stdin, { ...claim.env }], [null, {}]);
  });

  test("fatal_exit_codes: such a code is the end at once, and no other is", async (scene) => {
    await scene.store.enqueue([
      newJob("fatal", { fatalExitCodes: [2, 64], maxRetries: 9 }),
      newJob("child", { after: after("fatal") }),
      newJob("usual", { fatalExitCodes: [2, 64], maxRetries: 9, priority: -1 }),
    ]);
    const worker = await scene.worker("w");
    const [fatal, usual] = await worker.claim(9);
    const { settled } = await worker.tick({
      ended: [
        worker.end(fatal!, { kind: "failed", exitCode: 64 }),
        worker.end(usual!, { kind: "failed", exitCode: 65 }),
      ],
    });
    assert.deepEqual(settled.map(({ state }) => state), ["dead", "failed"]);
    const job = await scene.job("fatal");
    assert.deepEqual(
      [job.state, job.error, job.exitCode, job.attempts, job.runAt],
      ["dead", "exit code 64, which is fatal", 64, 1, null],
    );
    assert.deepEqual(job.fatalExitCodes, [2, 64]);
    await worker.calm();
    assert.equal((await scene.job("child")).state, "cancelled");
  });

  test("timeout: an attempt that took too long is a failure that says so", async (scene) => {
    await scene.enqueue("a", { timeout: 30_000, maxRetries: 1 });
    const worker = await scene.worker("w");
    const outcome = { kind: "timed_out", timeout: 30_000, exitCode: 143 } as const;
    const claim = await worker.claimOne();
    assert.equal(claim.job.timeout, 30_000);
    const { settled: [settled] } = await worker.settle([claim], outcome);
    assert.deepEqual(
      [settled?.state, settled?.outcome, settled?.exitCode, settled?.runAt],
      ["failed", "timed_out", 143, scene.now + 2000],
    );
    assert.equal((await scene.job("a")).error, "timed out after 30s");
    scene.advance(2000);
    assert.equal((await worker.run({ ...outcome, exitCode: null })).state, "dead");
    const log = await scene.store.attempts("a");
    assert.deepEqual(log.map(({ outcome, error, exitCode }) => [outcome, error, exitCode]), [
      ["timed_out", "timed out after 30s", 143],
      ["timed_out", "timed out after 30s", null],
    ]);
  });

  test("reportProgress: is what the running attempt said last", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    assert.equal((await scene.job("a")).progress, null);
    const other = await scene.open();
    for (
      const progress of [
        { percent: 0, message: null },
        { percent: 40.5, message: "encoding \u{1f600}\n" },
        { percent: 100, message: "" },
        { percent: 12, message: null },
      ]
    ) {
      await other.reportProgress(claim, progress);
      assert.deepEqual((await scene.job("a")).progress, progress);
    }
    await worker.settle([claim], COMPLETED);
    assert.deepEqual((await scene.job("a")).progress, { percent: 12, message: null });
  });

  test("reportProgress: is that of one attempt, gone with the next one or a retry", async (scene) => {
    await scene.enqueue("a", { maxRetries: 2, backoffBase: 0 });
    const worker = await scene.worker("w");
    for (const outcome of [FAILED, HANDED_BACK, LOST]) {
      const claim = await worker.claimOne();
      assert.equal((await scene.job("a")).progress, null);
      await scene.store.reportProgress(claim, { percent: 50, message: "half" });
      await worker.settle([claim], outcome);
    }
    const claim = await worker.claimOne();
    await scene.store.reportProgress(claim, { percent: 60, message: "more" });
    await worker.settle([claim], FAILED);
    assert.equal((await scene.job("a")).state, "dead");
    await scene.store.retry("a", ["dead"]);
    assert.equal((await scene.job("a")).progress, null);
  });

  test("reportProgress: an attempt that does not run is refused, and changes nothing", async (scene) => {
    await scene.enqueue("a");
    await scene.enqueue("b");
    const worker = await scene.worker("w");
    const [old, b] = await worker.claim(2);
    await worker.settle([old!], FAILED);
    await scene.store.retry("a", ["dead"]);
    const current = await worker.claimOne();
    await scene.store.reportProgress(current, { percent: 1, message: null });
    const late = [
      old!,
      { jobId: "a", token: "no" },
      { jobId: "a", token: b!.token },
      { jobId: "nobody", token: current.token },
    ];
    for (const attempt of late) {
      const before = await scene.job("a");
      await assert.rejects(
        scene.store.reportProgress(attempt, { percent: 99, message: "late" }),
        ConflictError,
      );
      assert.deepEqual(await scene.job("a"), before);
    }
    await worker.settle([current], COMPLETED);
    await assert.rejects(
      scene.store.reportProgress(current, { percent: 99, message: "late" }),
      ConflictError,
    );
  });

  test("reportProgress: a job whose end was asked for runs still", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    await scene.store.cancel("a");
    await scene.store.reportProgress(claim, { percent: 99, message: null });
    const job = await scene.job("a");
    assert.deepEqual([job.progress?.percent, job.cancelRequested], [99, true]);
  });
}
