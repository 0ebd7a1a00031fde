import assert from "node:assert/strict";
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import { FINAL_STATES, STATES } from "../../../src/job/state.ts";
import { chunk, COMPLETED, FAILED, idsOf, newJob, type Register } from "../scene.ts";
import { jobIn } from "./retry.ts";

/** Deleting jobs. */
export function removeTests(test: Register): void {
  test("remove: the job, its attempts and its output", async (scene) => {
    await scene.enqueue("a");
    await scene.enqueue("b");
    const worker = await scene.worker("w");
    for (const claim of await worker.claim(2)) {
      const chunks = [chunk(claim.token, 0, "text")];
      await worker.tick({ ended: [worker.end(claim, COMPLETED, { chunks })] });
    }
    await scene.store.remove("a", ["completed"]);
    assert.equal(await scene.store.job("a"), null);
    assert.deepEqual(await scene.store.attempts("a"), []);
    assert.deepEqual(await scene.store.output("a", 1, 0), []);
    assert.equal((await scene.store.output("b", 1, 0)).length, 1);
    assert.equal((await scene.store.attempts("b")).length, 1);
    assert.equal(await scene.store.count({}), 1);
  });

  test("remove: nothing of an old job turns up in a new one with its id", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    const chunks = [chunk(claim.token, 0, "old")];
    await worker.tick({ ended: [worker.end(claim, FAILED, { chunks })] });
    await scene.store.remove("a", ["dead"]);
    await scene.enqueue("a");
    assert.deepEqual(await scene.store.attempts("a"), []);
    assert.deepEqual(await scene.store.output("a", 1, 0), []);
    assert.equal((await worker.claimOne()).attempt, 1);
  });

  test("remove: only from the states that the caller allows", async (scene) => {
    for (const state of ["pending", "processing", "failed"] as const) {
      const id = await jobIn(scene, state);
      await assert.rejects(
        scene.store.remove(id, FINAL_STATES),
        (error: Error) => error instanceof ConflictError && error.message.includes(state),
      );
      assert.equal((await scene.store.job(id))?.state, state);
    }
    for (const state of FINAL_STATES) {
      const id = await jobIn(scene, state);
      await scene.store.remove(id, FINAL_STATES);
      assert.equal(await scene.store.job(id), null);
    }
  });

  test("remove: an unknown job is not found", async (scene) => {
    await assert.rejects(scene.store.remove("nobody", STATES), NotFoundError);
  });

  test("removeAll: what ended in the state before the time, and nothing else", async (scene) => {
    const early = await jobIn(scene, "dead");
    const other = await jobIn(scene, "completed");
    const waiting = await jobIn(scene, "pending");
    scene.advance(1000);
    const late = await jobIn(scene, "dead");
    assert.equal(await scene.store.removeAll("dead", scene.now), 1);
    const left = idsOf(await scene.store.jobs({ oldestFirst: true }));
    assert.deepEqual(left, [other, waiting, late]);
    assert.equal(await scene.store.job(early), null);
    assert.equal(await scene.store.removeAll("dead", scene.now + 1), 1);
    assert.equal(await scene.store.removeAll("dead", scene.now + 1), 0);
  });

  test("removeAll: spares jobs that have not ended", async (scene) => {
    for (const state of ["pending", "processing", "failed"] as const) {
      const id = await jobIn(scene, state);
      assert.equal(await scene.store.removeAll(state, Number.MAX_SAFE_INTEGER), 0);
      assert.equal((await scene.store.job(id))?.state, state);
    }
  });

  test("removeAll: more jobs than one transaction takes", async (scene) => {
    const count = 12_000;
    await scene.store.enqueue(Array.from({ length: count }, (_, index) => newJob(`j${index}`)));
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(count), COMPLETED);
    assert.equal(await scene.store.removeAll("completed", scene.now + 1), count);
    assert.equal(await scene.store.count({}), 0);
  });
}
