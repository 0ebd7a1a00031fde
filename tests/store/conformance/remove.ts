import assert from "node:assert/strict";
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import { FINAL_STATES, isFinal, STATES } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import { chunk, COMPLETED, FAILED, idsOf, type Register } from "../scene.ts";
import { jobIn } from "./job_in.ts";

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
    for (const state of STATES.filter((state) => !isFinal(state))) {
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

  test("removeEnded: what ended in the states before the time, and nothing else", async (scene) => {
    const early = await jobIn(scene, "dead");
    const other = await jobIn(scene, "completed");
    const waiting = await jobIn(scene, "pending");
    scene.advance(1000);
    const late = await jobIn(scene, "dead");
    const dead = { states: ["dead"], before: scene.now } as const;
    assert.equal(await scene.store.removeEnded(dead), 1);
    const left = idsOf(await scene.store.jobs({ oldestFirst: true }));
    assert.deepEqual(left, [other, waiting, late]);
    assert.equal(await scene.store.job(early), null);
    const both = { states: ["completed", "dead"], before: scene.now + 1 } as const;
    assert.equal(await scene.store.removeEnded(both), 2);
    assert.equal(await scene.store.removeEnded(both), 0);
    assert.equal((await scene.job(waiting)).state, "pending");
  });

  test("removeEnded: no state is none, and no job of another queue goes", async (scene) => {
    const [mine, other] = [await jobIn(scene, "completed"), await jobIn(scene, "completed")];
    const before = scene.now + 1;
    assert.equal(await scene.store.removeEnded({ states: [], before }), 0);
    const { queue } = await scene.job(mine);
    assert.equal(
      await scene.store.removeEnded({ states: FINAL_STATES, queue: "none", before }),
      0,
    );
    assert.equal(await scene.store.removeEnded({ states: FINAL_STATES, queue, before }), 1);
    assert.equal(await scene.store.job(mine), null);
    assert.equal((await scene.job(other)).state, "completed");
  });

  test("removeEnded: not more than its limit", async (scene) => {
    for (let index = 0; index < 5; index++) await jobIn(scene, "cancelled");
    const filter = { states: ["cancelled"], before: scene.now + 1 } as const;
    assert.equal(await scene.store.removeEnded(filter, 2), 2);
    assert.equal(await scene.store.count({}), 3);
    assert.equal(await scene.store.removeEnded(filter, 9), 3);
    assert.equal(await scene.store.removeEnded(filter, 9), 0);
  });

  test("removeEnded: passes over those of other queues, however many they are", async (scene) => {
    for (let i = 0; i < 3; i++) await jobIn(scene, "cancelled");
    await scene.store.enqueue([newJob("mail", { queue: "mail" })]);
    await scene.store.cancel("mail");
    const filter = { states: ["cancelled"], before: scene.now + 1, queue: "mail" } as const;
    assert.equal(await scene.store.removeEnded(filter, 1), 1);
    assert.equal(await scene.store.job("mail"), null);
    assert.equal(await scene.store.count({}), 3);
  });

  test("removeEnded: spares jobs that have not ended", async (scene) => {
    const before = Number.MAX_SAFE_INTEGER;
    for (const state of STATES.filter((state) => !isFinal(state))) {
      const id = await jobIn(scene, state);
      assert.equal(await scene.store.removeEnded({ states: [state], before }), 0);
      assert.equal((await scene.job(id)).state, state);
    }
    assert.equal(await scene.store.removeEnded({ states: FINAL_STATES, before }), 0);
  });

  test("removeEnded: more jobs than one transaction takes", async (scene) => {
    const count = scene.many(12_000);
    await scene.store.enqueue(Array.from({ length: count }, (_, index) => newJob(`j${index}`)));
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(count), COMPLETED);
    const filter = { states: ["completed"], before: scene.now + 1 } as const;
    assert.equal(await scene.store.removeEnded(filter), count);
    assert.equal(await scene.store.count({}), 0);
  });
}
