import assert from "node:assert/strict";
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import type { Outcome } from "../../../src/job/outcome.ts";
import { COMPLETED, FAILED, HANDED_BACK, LOST, type Register } from "../scene.ts";

/** Cancelling waiting, running and ended jobs. */
export function cancelTests(test: Register): void {
  test("cancel: a pending job at once", async (scene) => {
    await scene.enqueue("a");
    scene.advance(10);
    assert.equal(await scene.store.cancel("a"), "cancelled");
    const job = await scene.store.job("a");
    assert.equal(job?.state, "cancelled");
    assert.equal(job.finishedAt, scene.now);
    assert.equal(job.error, "cancelled");
    const worker = await scene.worker("w");
    assert.deepEqual(await worker.claim(1), []);
  });

  test("cancel: a failed job at once, and it is not due any more", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1 });
    const worker = await scene.worker("w");
    await worker.settle([await worker.claimOne()], FAILED);
    assert.equal(await scene.store.cancel("a"), "cancelled");
    scene.advance(60_000);
    assert.deepEqual(await worker.claim(1), []);
    assert.equal((await scene.store.job("a"))?.runAt, null);
    assert.equal((await worker.tick()).nextDueIn, null);
  });

  test("cancel: a cancelled job is so already", async (scene) => {
    await scene.enqueue("a");
    await scene.store.cancel("a");
    const before = await scene.store.job("a");
    scene.advance(10);
    assert.equal(await scene.store.cancel("a"), "already");
    assert.deepEqual(await scene.store.job("a"), before);
  });

  test("cancel: an unknown job is not found", async (scene) => {
    await assert.rejects(scene.store.cancel("nobody"), NotFoundError);
  });

  test("cancel: a job that ended in another way is a conflict that names its state", async (scene) => {
    await scene.enqueue("good");
    await scene.enqueue("bad");
    const worker = await scene.worker("w");
    const [good, bad] = await worker.claim(2);
    await worker.settle([good!], COMPLETED);
    await worker.settle([bad!], FAILED);
    for (const [id, state] of [["good", "completed"], ["bad", "dead"]] as const) {
      await assert.rejects(
        scene.store.cancel(id),
        (error: Error) => error instanceof ConflictError && error.message.includes(state),
      );
      assert.equal((await scene.store.job(id))?.state, state);
    }
  });

  test("cancel: a running job is asked for, and its worker told until it ends", async (scene) => {
    await scene.enqueue("a");
    await scene.enqueue("b");
    const worker = await scene.worker("w");
    const other = await scene.worker("other");
    const a = await worker.claimOne();
    const b = await other.claimOne();
    assert.equal(await scene.store.cancel("a"), "requested");
    assert.equal(await scene.store.cancel("a"), "requested");
    const job = await scene.store.job("a");
    assert.deepEqual([job?.state, job?.cancelRequested], ["processing", true]);
    assert.deepEqual((await worker.tick()).cancelled, [a.token]);
    assert.deepEqual((await worker.tick()).cancelled, [a.token]);
    assert.deepEqual((await other.tick()).cancelled, []);

    const { settled: [settled], cancelled } = await worker.settle([a], {
      kind: "failed",
      exitCode: 143,
    });
    assert.equal(settled?.state, "cancelled");
    assert.equal(settled.outcome, "cancelled");
    assert.deepEqual(cancelled, []);
    const ended = await scene.store.job("a");
    assert.deepEqual([ended?.state, ended?.cancelRequested], ["cancelled", false]);
    assert.equal((await scene.store.attempts("a"))[0]?.outcome, "cancelled");
    await other.settle([b], COMPLETED);
  });

  test("cancel: an exit 0 that came first wins", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    await scene.store.cancel("a");
    const { settled: [settled] } = await worker.settle([claim], COMPLETED);
    assert.equal(settled?.state, "completed");
    const job = await scene.store.job("a");
    assert.deepEqual([job?.state, job?.cancelRequested], ["completed", false]);
  });

  test("cancel: wins over every other end, retries or not", async (scene) => {
    const outcomes: Outcome[] = [
      FAILED,
      LOST,
      HANDED_BACK,
      { kind: "not_started", error: "no directory" },
    ];
    const worker = await scene.worker("w");
    for (const [index, outcome] of outcomes.entries()) {
      const id = `job-${index}`;
      await scene.enqueue(id, { maxRetries: 5 });
      const claim = await worker.claimOne();
      await scene.store.cancel(id);
      const { settled: [settled] } = await worker.settle([claim], outcome);
      assert.equal(settled?.state, "cancelled", outcome.kind);
      assert.equal((await scene.store.job(id))?.runAt, null);
    }
  });

  test("cancel: a request does not outlive its attempt", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    await scene.store.cancel("a");
    await worker.settle([claim], FAILED);
    await scene.store.retry("a", ["cancelled"]);
    const again = await worker.claimOne();
    assert.equal((await scene.job(again.jobId)).cancelRequested, false);
    assert.deepEqual((await worker.tick()).cancelled, []);
    const { settled: [settled] } = await worker.settle([again], FAILED);
    assert.equal(settled?.state, "dead");
  });
}
