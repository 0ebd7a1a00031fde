import assert from "node:assert/strict";
import type { Outcome } from "../../../src/job/outcome.ts";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, FAILED, HANDED_BACK, idsOf, launchers, LOST, type Register } from "../scene.ts";

/** What an attempt's end makes of its job. */
export function settleTests(test: Register): void {
  test("settle: exit 0 completes the job", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    scene.advance(500);
    const end = worker.end(claim, COMPLETED, { finishedAt: scene.now - 20, outputBytes: 7 });
    const { settled, stale } = await worker.tick({ ended: [end] });
    const { jobId, token } = claim;
    assert.deepEqual(settled, [
      {
        jobId,
        token,
        state: "completed",
        outcome: "completed",
        exitCode: 0,
        error: null,
        runAt: null,
      },
    ]);
    assert.deepEqual(stale, []);
    const job = await scene.store.job("a");
    assert.equal(job?.state, "completed");
    assert.equal(job.attempts, 1);
    assert.equal(job.exitCode, 0);
    assert.equal(job.error, null);
    assert.equal(job.startedAt, scene.now - 500);
    assert.equal(job.finishedAt, scene.now - 20);
    assert.equal(job.updatedAt, scene.now);
    const [attempt] = await scene.store.attempts("a");
    assert.equal(attempt?.outcome, "completed");
    assert.equal(attempt.finishedAt, scene.now - 20);
    assert.equal(attempt.outputBytes, 7);
  });

  test("settle: a failure waits for its backoff, and says what went wrong", async (scene) => {
    await scene.enqueue("a", { maxRetries: 3, backoffBase: 3 });
    const worker = await scene.worker("w");
    const { settled: [settled] } = await worker.settle([await worker.claimOne()], {
      kind: "failed",
      exitCode: 137,
    });
    assert.equal(settled?.state, "failed");
    assert.equal(settled.runAt, scene.now + 3000);
    const job = await scene.store.job("a");
    assert.equal(job?.state, "failed");
    assert.equal(job.runAt, scene.now + 3000);
    assert.equal(job.finishedAt, null);
    assert.equal(job.exitCode, 137);
    assert.equal(job.error, "exit code 137 (SIGKILL)");
  });

  test("settle: a failed job is due after its backoff and not before", async (scene) => {
    await scene.enqueue("a", { maxRetries: 3 });
    const worker = await scene.worker("w");
    for (const wait of [2000, 4000, 8000]) {
      const claim = await worker.claimOne();
      const { nextDueIn } = await worker.settle([claim], FAILED);
      assert.equal(nextDueIn, wait);
      scene.advance(wait - 1);
      const early = await worker.tick({ free: launchers(1) });
      assert.deepEqual([early.claimed, early.nextDueIn], [[], 1]);
      assert.equal((await scene.store.job("a"))?.state, "failed");
      scene.advance(1);
    }
    assert.equal((await worker.claimOne()).attempt, 4);
    assert.equal((await worker.tick()).nextDueIn, null);
  });

  test("settle: a failed job that is due is pending with no due time", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1 });
    const worker = await scene.worker("w");
    await worker.settle([await worker.claimOne()], FAILED);
    scene.advance(2000);
    await worker.tick();
    const job = await scene.store.job("a");
    assert.deepEqual([job?.state, job?.runAt, job?.attempts], ["pending", null, 1]);
    assert.equal(job?.error, "exit code 1");
  });

  test("settle: jitter draws from the store's randomness", async (scene) => {
    await scene.enqueue("a", { maxRetries: 9, backoffJitter: 0.5 });
    const worker = await scene.worker("w");
    scene.random = 0;
    const { settled: [settled] } = await worker.settle([await worker.claimOne()], FAILED);
    assert.equal(settled?.runAt, scene.now + 1000);
  });

  test("settle: max_retries r is r + 1 attempts, then dead", async (scene) => {
    for (const maxRetries of [0, 1, 4]) {
      const id = `retries-${maxRetries}`;
      await scene.enqueue(id, { maxRetries, backoffBase: 0 });
      const worker = await scene.worker(`w${maxRetries}`);
      const states: string[] = [];
      while (states.at(-1) !== "dead") {
        const { settled } = await worker.settle([await worker.claimOne()], FAILED);
        states.push(settled[0]!.state);
      }
      assert.deepEqual(states, [...Array(maxRetries).fill("failed"), "dead"]);
      const job = await scene.store.job(id);
      assert.equal(job?.attempts, maxRetries + 1);
      assert.equal(job.runAt, null);
      assert.equal(job.finishedAt, scene.now);
      const log = await scene.store.attempts(id);
      assert.deepEqual(log.map(({ attempt }) => attempt), states.map((_, index) => index + 1));
    }
  });

  test("settle: a handed back attempt does not count, and its number is not used again", async (scene) => {
    await scene.enqueue("a", { maxRetries: 0 });
    const worker = await scene.worker("w");
    for (const number of [1, 2, 3]) {
      const claim = await worker.claimOne();
      assert.equal(claim.attempt, number);
      assert.equal(claim.job.attempts, 1);
      const { settled: [settled] } = await worker.settle([claim], HANDED_BACK);
      assert.equal(settled?.state, "pending");
      assert.equal((await scene.store.job("a"))?.attempts, 0);
    }
    const claim = await worker.claimOne();
    assert.equal(claim.attempt, 4);
    const { settled: [settled] } = await worker.settle([claim], FAILED);
    assert.equal(settled?.state, "dead");
    const log = await scene.store.attempts("a");
    assert.deepEqual(
      log.map(({ attempt, outcome }) => [attempt, outcome]),
      [[1, "handed_back"], [2, "handed_back"], [3, "handed_back"], [4, "failed"]],
    );
  });

  test("settle: a lost attempt counts", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1 });
    await scene.enqueue("hopeless", { maxRetries: 0 });
    const worker = await scene.worker("w");
    const { settled } = await worker.settle(await worker.claim(2), LOST);
    assert.deepEqual(settled.map(({ state }) => state), ["failed", "dead"]);
    const dead = await scene.store.job("hopeless");
    assert.deepEqual([dead?.error, dead?.exitCode, dead?.attempts], ["the worker died", null, 1]);
    const [attempt] = await scene.store.attempts("hopeless");
    assert.deepEqual([attempt?.outcome, attempt?.error], ["lost", "the worker died"]);
  });

  test("settle: a command that was not started says why, and retries", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1 });
    const worker = await scene.worker("w");
    const outcome: Outcome = { kind: "not_started", error: "there is no directory /gone" };
    const { settled: [settled] } = await worker.settle([await worker.claimOne()], outcome);
    assert.equal(settled?.state, "failed");
    assert.equal(settled.exitCode, null);
    assert.equal((await scene.store.job("a"))?.error, outcome.error);
  });

  test("settle: a success after failures clears the error", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1, backoffBase: 0 });
    const worker = await scene.worker("w");
    await worker.settle([await worker.claimOne()], FAILED);
    await worker.settle([await worker.claimOne()], COMPLETED);
    const job = await scene.store.job("a");
    assert.deepEqual([job?.state, job?.error, job?.exitCode], ["completed", null, 0]);
  });

  test("settle: of many ends in one tick each has its own fate", async (scene) => {
    await scene.store.enqueue([
      newJob("completes"),
      newJob("fails", { maxRetries: 1 }),
      newJob("dies"),
      newJob("returns", { priority: -1 }),
    ]);
    const worker = await scene.worker("w");
    const claims = await worker.claim(4);
    const outcomes = [COMPLETED, FAILED, FAILED, HANDED_BACK];
    const { settled } = await worker.tick({
      ended: claims.map((claim, index) => worker.end(claim, outcomes[index]!)),
    });
    assert.deepEqual(idsOf(settled), idsOf(claims));
    const jobs = await scene.store.jobs({ oldestFirst: true });
    assert.deepEqual(
      jobs.map(({ state }) => state),
      ["completed", "failed", "dead", "pending"],
    );
  });

  test("nextDueIn: is that of the job that is due first, whatever its queue", async (scene) => {
    await scene.enqueue("late", { maxRetries: 1, backoffBase: 30 });
    await scene.enqueue("soon", { maxRetries: 1, backoffBase: 3, queue: "other" });
    const worker = await scene.worker("w");
    assert.equal((await worker.tick()).nextDueIn, null);
    assert.equal((await worker.settle(await worker.claim(2), FAILED)).nextDueIn, 3000);
    scene.advance(1000);
    assert.equal((await worker.tick()).nextDueIn, 2000);
    scene.advance(2000);
    assert.equal((await worker.tick()).nextDueIn, 27_000);
  });

  test("tick: a storm of due jobs is promoted over several ticks, none forgotten", async (scene) => {
    const jobs = Array.from({ length: 2500 }, (_, index) => newJob(`j${index}`, { maxRetries: 1 }));
    await scene.store.enqueue(jobs);
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(jobs.length), FAILED);
    scene.advance(2000);
    let ticks = 0;
    do ticks++; while ((await worker.tick()).nextDueIn !== null && ticks < 10);
    assert.equal(await scene.store.count({ states: ["pending"] }), jobs.length);
  });
}
