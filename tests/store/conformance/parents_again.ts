import assert from "node:assert/strict";
import { ConflictError } from "../../../src/errors.ts";
import { sourcesOf, STATES } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, idsOf, type Register } from "../scene.ts";
import { ENDS } from "./family.ts";

/** Every state from which a job may be retried. */
const AGAIN = sourcesOf("retry");

/** What becomes of dependents when a parent is retried or deleted. */
export function parentAgainTests(test: Register): void {
  for (const { how, state, bring } of ENDS) {
    const on = state === "completed" ? "notok" : "ok";
    test(`retry: a parent that was ${how} is waited for again`, async (scene) => {
      await scene.store.enqueue([
        newJob("parent"),
        newJob("child", { after: after({ id: "parent", on }) }),
      ]);
      const worker = await scene.worker("w");
      await bring(scene, worker, "parent");
      await worker.calm();
      assert.equal((await scene.job("child")).state, "cancelled");

      scene.advance(10);
      await scene.store.retry("parent", AGAIN);
      await worker.calm();
      const child = await scene.job("child");
      assert.deepEqual([child.state, child.error, child.finishedAt], ["blocked", null, null]);
      assert.equal(child.updatedAt, scene.now);
      await worker.run(on === "ok" ? COMPLETED : FAILED);
      await worker.calm();
      assert.equal((await scene.job("child")).state, "pending");
      assert.deepEqual(idsOf(await worker.claim(9)), ["child"]);
    });
  }

  test("retry: dependents come back down the chain", async (scene) => {
    await scene.store.enqueue([
      newJob("a"),
      newJob("b", { after: after("a") }),
      newJob("c", { after: after("b") }),
      newJob("d", { after: after("c", "a") }),
    ]);
    const worker = await scene.worker("w");
    for (const _ of [1, 2]) {
      await worker.run(FAILED);
      await worker.calm();
      assert.deepEqual(await scene.states("b", "c", "d"), ["cancelled", "cancelled", "cancelled"]);
      await scene.store.retry("a", ["dead"]);
      await worker.calm();
      assert.deepEqual(await scene.states("b", "c", "d"), ["blocked", "blocked", "blocked"]);
    }
    assert.deepEqual(await worker.workThrough(), ["a", "b", "c", "d"]);
  });

  test("retry: a child with another parent waits for both", async (scene) => {
    await scene.store.enqueue([
      newJob("bad", { priority: 1 }),
      newJob("open"),
      newJob("child", { after: after("bad", "open") }),
    ]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    await scene.store.retry("bad", ["dead"]);
    await worker.run(COMPLETED);
    await worker.calm();
    assert.equal((await scene.job("child")).state, "blocked");
    await worker.run(COMPLETED);
    assert.deepEqual(idsOf(await worker.claim(9)), ["child"]);
  });

  for (const [first, second] of [["one", "two"], ["two", "one"]] as const) {
    test(`retry: of two parents that failed both must be retried, ${first} first`, async (scene) => {
      await scene.store.enqueue([
        newJob("one"),
        newJob("two"),
        newJob("child", { after: after("one", "two") }),
      ]);
      const worker = await scene.worker("w");
      await worker.settle(await worker.claim(2), FAILED);
      await worker.calm();
      for (const [id, state] of [[first, "cancelled"], [second, "blocked"]] as const) {
        await scene.store.retry(id, ["dead"]);
        await worker.calm();
        assert.equal((await scene.job("child")).state, state, `after the retry of ${id}`);
      }
      assert.deepEqual(await worker.workThrough(), ["one", "two", "child"]);
    });
  }

  test("retry: a child comes back only as far as it had come, and is held if it was", async (scene) => {
    await scene.store.enqueue([
      newJob("parent"),
      newJob("child", { after: after("parent"), held: true }),
      newJob("late", { after: after("child") }),
    ]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    // One that is enqueued too late is no different.
    await scene.store.enqueue([newJob("latest", { after: after("parent"), held: true })]);
    assert.deepEqual(await scene.states("child", "latest"), ["cancelled", "cancelled"]);
    await scene.store.retry("parent", ["dead"]);
    assert.deepEqual(await worker.workThrough(), ["parent"]);
    assert.deepEqual(await scene.states("child", "late", "latest"), ["held", "blocked", "held"]);
    assert.equal(await scene.store.release("child"), "pending");
    assert.deepEqual(await worker.workThrough(), ["child", "late"]);
  });

  for (const on of ["ok", "any"] as const) {
    test(`retry: another parent that failed and was deleted is not forgotten (${on})`, async (scene) => {
      await scene.store.enqueue([
        newJob("first"),
        newJob("second"),
        newJob("child", { after: after("first", { id: "second", on }) }),
      ]);
      const worker = await scene.worker("w");
      await worker.run(FAILED);
      await worker.calm();
      await worker.run(FAILED);
      await worker.calm();
      await scene.store.remove("second", ["dead"]);
      await scene.store.retry("first", ["dead"]);
      assert.deepEqual(await worker.workThrough(), on === "any" ? ["first", "child"] : ["first"]);
      const { state, error } = await scene.job("child");
      if (on === "ok") {
        assert.deepEqual([state, error], ["cancelled", "its parent second was deleted"]);
      }
    });
  }

  test("retry: a child that was cancelled by itself stays so", async (scene) => {
    await scene.store.enqueue([newJob("parent"), newJob("child", { after: after("parent") })]);
    await scene.store.cancel("child");
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    await scene.store.retry("parent", ["dead"]);
    await worker.calm();
    const child = await scene.job("child");
    assert.deepEqual([child.state, child.error], ["cancelled", "cancelled"]);
  });

  test("retry: a child alone does not wait, and does not come back with its parent", async (scene) => {
    await scene.store.enqueue([newJob("parent"), newJob("child", { after: after("parent") })]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    await scene.store.retry("child", ["cancelled"]);
    await worker.calm();
    assert.equal((await scene.job("child")).state, "pending");
    const claim = await worker.claimOne();
    assert.equal(claim.jobId, "child");
    await scene.store.retry("parent", ["dead"]);
    await worker.calm();
    assert.equal((await scene.job("child")).state, "processing");
    await worker.settle([claim], FAILED);
    await worker.run(FAILED);
    await worker.calm();
    assert.equal((await scene.job("child")).error, "exit code 1");
    await scene.store.retry("child", ["dead"]);
    await scene.store.cancel("child");
    await scene.store.retry("parent", ["dead"]);
    await worker.calm();
    assert.equal((await scene.job("child")).state, "cancelled");
  });

  test("retry: a child that has run is not run again", async (scene) => {
    await scene.store.enqueue([newJob("parent"), newJob("child", { after: after("parent") })]);
    const worker = await scene.worker("w");
    await worker.workThrough();
    await scene.store.retry("parent", ["completed"]);
    assert.deepEqual(await worker.workThrough(), ["parent"]);
    assert.deepEqual(await scene.states("parent", "child"), ["completed", "completed"]);
  });

  test("retryAll: brings dependents back too, as blocked", async (scene) => {
    await scene.store.enqueue(
      ["x", "y"].flatMap((prefix) => [
        newJob(`${prefix}-parent`, { priority: 1 }),
        newJob(`${prefix}-child`, { after: after(`${prefix}-parent`) }),
      ]),
    );
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(2), FAILED);
    await worker.calm();
    assert.equal(await scene.store.retryAll("dead"), 2);
    await worker.calm();
    assert.deepEqual(await scene.states("x-child", "y-child"), ["blocked", "blocked"]);
    const order = await worker.workThrough();
    assert.deepEqual(order, ["x-parent", "y-parent", "x-child", "y-child"]);
  });

  test("retryAll: of what was cancelled together, children still wait for their parents", async (scene) => {
    const ids = ["parent", "child", "grandchild"];
    const jobs = [
      newJob("parent"),
      newJob("child", { after: after("parent") }),
      newJob("grandchild", { after: after("child") }),
    ];
    const worker = await scene.worker("w");
    for (const order of [jobs, jobs.toReversed()]) {
      await scene.store.enqueue(order);
      await scene.store.cancel("parent");
      await worker.calm();
      await scene.store.retryAll("cancelled");
      await worker.calm();
      assert.deepEqual(await scene.states(...ids), ["pending", "blocked", "blocked"]);
      assert.deepEqual(await worker.workThrough(), ids);
      for (const id of ids) await scene.store.remove(id, ["completed"]);
    }
  });

  test("retry: a child that comes back keeps its time", async (scene) => {
    await scene.store.enqueue([
      newJob("parent"),
      newJob("child", { after: after("parent"), delay: 9000 }),
    ]);
    const due = scene.now + 9000;
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    await scene.store.retry("parent", ["dead"]);
    await worker.run(COMPLETED);
    await worker.calm();
    const child = await scene.job("child");
    assert.deepEqual([child.state, child.runAt], ["scheduled", due]);
  });

  test("remove: a job for which another one waits is refused, whatever its state", async (scene) => {
    await scene.store.enqueue([
      newJob("parent", { delay: 1000 }),
      newJob("child", { after: after("parent"), held: true }),
    ]);
    await assert.rejects(
      scene.store.remove("parent", STATES),
      (error: Error) => error instanceof ConflictError && /wait/.test(error.message),
    );
    assert.equal((await scene.job("parent")).state, "scheduled");
    await scene.store.remove("child", STATES);
    await scene.store.remove("parent", STATES);
    assert.equal(await scene.store.count({}), 0);
  });

  test("remove: a parent for which nobody waits any more can go", async (scene) => {
    await scene.store.enqueue([
      newJob("done", { priority: 1 }),
      newJob("open"),
      newJob("child", { after: after("done", "open") }),
    ]);
    const worker = await scene.worker("w");
    await worker.run(COMPLETED);
    await worker.calm();
    await scene.store.remove("done", ["completed"]);
    assert.deepEqual((await scene.job("child")).after, after("done", "open"));
    await worker.run(FAILED);
    await worker.calm();
    assert.equal((await scene.job("child")).error, "its parent open is dead");
    await scene.store.retry("open", ["dead"]);
    await worker.calm();
    assert.equal((await scene.job("child")).state, "blocked");
    assert.deepEqual(await worker.workThrough(), ["open", "child"]);
  });

  test("remove: a new job with the id of a parent that went is not that parent", async (scene) => {
    await scene.store.enqueue([newJob("parent"), newJob("child", { after: after("parent") })]);
    const worker = await scene.worker("w");
    await worker.workThrough();
    await scene.store.remove("parent", ["completed"]);
    await scene.enqueue("parent");
    await scene.store.remove("parent", ["pending"]);
    await scene.store.remove("child", ["completed"]);
    assert.equal(await scene.store.count({}), 0);
  });
}
