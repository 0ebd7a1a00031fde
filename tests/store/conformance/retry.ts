import assert from "node:assert/strict";
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import { sourcesOf, STATES } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import { FAILED, type Register } from "../scene.ts";
import { jobIn } from "./job_in.ts";

/** Giving jobs a new life. */
export function retryTests(test: Register): void {
  test("retry: a new life without attempts; log and numbers go on", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1, backoffBase: 0 });
    const worker = await scene.worker("w");
    for (const _ of [1, 2]) await worker.settle([await worker.claimOne()], FAILED);
    scene.advance(10);
    await scene.store.retry("a", ["dead"]);
    const job = await scene.store.job("a");
    assert.equal(job?.state, "pending");
    assert.equal(job.attempts, 0);
    assert.equal(job.startedAt, null);
    assert.equal(job.finishedAt, null);
    assert.equal(job.exitCode, null);
    assert.equal(job.error, null);
    assert.equal(job.updatedAt, scene.now);
    assert.equal(job.createdAt, scene.now - 10);
    assert.equal((await scene.store.attempts("a")).length, 2);
    for (const number of [3, 4]) {
      const claim = await worker.claimOne();
      assert.equal(claim.attempt, number);
      await worker.settle([claim], FAILED);
    }
    assert.equal((await scene.store.job("a"))?.state, "dead");
    const log = await scene.store.attempts("a");
    assert.deepEqual(log.map(({ attempt }) => attempt), [1, 2, 3, 4]);
  });

  test("retry: from each state that the table allows, and no other", async (scene) => {
    const allowed = sourcesOf("retry");
    for (const state of STATES) {
      const id = await jobIn(scene, state);
      if (allowed.includes(state)) {
        await scene.store.retry(id, allowed);
        const job = await scene.store.job(id);
        assert.deepEqual([job?.state, job?.runAt, job?.attempts], ["pending", null, 0], state);
      } else {
        const before = await scene.store.job(id);
        await assert.rejects(
          scene.store.retry(id, STATES),
          (error: Error) => error instanceof ConflictError && error.message.includes(state),
        );
        assert.deepEqual(await scene.store.job(id), before);
      }
    }
  });

  test("retry: only from the states that the caller allows", async (scene) => {
    const id = await jobIn(scene, "completed");
    await assert.rejects(scene.store.retry(id, ["dead"]), ConflictError);
    assert.equal((await scene.store.job(id))?.state, "completed");
  });

  test("retry: an unknown job is not found", async (scene) => {
    await assert.rejects(scene.store.retry("nobody", sourcesOf("retry")), NotFoundError);
  });

  test("retryAll: every job in the state, and no other", async (scene) => {
    const dead = [await jobIn(scene, "dead"), await jobIn(scene, "dead")];
    const others = [await jobIn(scene, "completed"), await jobIn(scene, "failed")];
    const before = await Promise.all(others.map((id) => scene.store.job(id)));
    assert.equal(await scene.store.retryAll("dead"), 2);
    for (const id of dead) assert.equal((await scene.store.job(id))?.state, "pending");
    assert.deepEqual(await Promise.all(others.map((id) => scene.store.job(id))), before);
    assert.equal(await scene.store.retryAll("dead"), 0);
  });

  test("retryAll: more jobs than one transaction takes", async (scene) => {
    const count = scene.many(12_000);
    await scene.store.enqueue(Array.from({ length: count }, (_, index) => newJob(`j${index}`)));
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(count), FAILED);
    assert.equal(await scene.store.retryAll("dead"), count);
    assert.equal(await scene.store.count({ states: ["pending"] }), count);
  });

  test("retryAll: refuses a state that the table does not allow", async (scene) => {
    const id = await jobIn(scene, "processing");
    await scene.enqueue("waits");
    for (const state of ["processing", "pending", "held"] as const) {
      await assert.rejects(scene.store.retryAll(state), ConflictError);
    }
    assert.equal((await scene.store.job(id))?.state, "processing");
  });
}
