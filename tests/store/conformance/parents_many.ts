import assert from "node:assert/strict";
import { CircleError } from "../../../src/errors.ts";
import type { State } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, type Register } from "../scene.ts";
import { chainOf, childrenOf } from "./family.ts";

/** Long chains, and more dependents than one tick tells. */
export function manyParentTests(test: Register): void {
  test("enqueue: a circle of 20,000 jobs is refused", async (scene) => {
    const jobs = chainOf(20_000);
    const closed = [{ ...jobs[0]!, after: after(jobs.at(-1)!.id) }, ...jobs.slice(1)];
    await assert.rejects(scene.store.enqueue(closed), CircleError);
    await assert.rejects(scene.store.enqueue(closed.toReversed()), CircleError);
    assert.equal(await scene.store.count({}), 0);
  });

  test("after: a chain of many jobs is cancelled to its end", async (scene) => {
    const jobs = chainOf(scene.many(20_000));
    await scene.store.enqueue(jobs.toReversed());
    assert.equal(await scene.store.count({ states: ["blocked"] }), jobs.length - 1);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    assert.equal(await scene.store.count({ states: ["cancelled"] }), jobs.length - 1);
  });

  test("after: 5,000 dependents of one job are told, over several ticks", async (scene) => {
    const children = childrenOf("parent", 5000);
    await scene.store.enqueue([newJob("parent"), ...children]);
    const worker = await scene.worker("w");
    await worker.run(COMPLETED);
    // While some have yet to be told, the parent is still waited for.
    await scene.store.removeEnded({ states: ["completed"], before: scene.now + 1 });
    const { nextDueIn } = await worker.calm();
    assert.equal(nextDueIn, null);
    assert.equal(await scene.store.count({ states: ["pending"] }), children.length);
    assert.equal((await worker.workThrough(1000)).length, children.length);
  });

  test("after: of parents that end at once each tells its own, and of two that break one the first is named", async (scene) => {
    const parents = ["a", "c", "m"];
    await scene.store.enqueue([
      ...parents.map((id) => newJob(id, { priority: 1 })),
      newJob("b", { after: after("a") }),
      newJob("last", { after: after("m", "b") }),
      newJob("sad", { after: after("c", "m") }),
      newJob("any", { after: after("c", { id: "a", on: "any" }, { id: "m", on: "notok" }) }),
      newJob("later", { after: after("c"), delay: 500 }),
      newJob("open", { after: after("c", "any") }),
    ]);
    const worker = await scene.worker("w");
    const claims = await worker.claim(3);
    const ends = claims.map((claim) => worker.end(claim, claim.jobId === "c" ? COMPLETED : FAILED));
    assert.equal((await worker.tick({ ended: ends })).settled.length, 3);
    await worker.calm();
    const found = async (id: string) => {
      const { state, error } = await scene.job(id);
      return [id, state, error];
    };
    assert.deepEqual(await Promise.all(["b", "last", "sad", "any", "later", "open"].map(found)), [
      ["b", "cancelled", "its parent a is dead"],
      ["last", "cancelled", "its parent b is cancelled"],
      ["sad", "cancelled", "its parent m is dead"],
      ["any", "pending", null],
      ["later", "scheduled", null],
      ["open", "blocked", null],
    ]);
  });

  test("after: down a line each names its parent, and with the first all wait again, a held one held", async (scene) => {
    const { store } = scene;
    await store.enqueue([
      ...[newJob("a"), newJob("b", { after: after("a") })],
      newJob("c", { after: after("b"), held: true }),
      newJob("d", { after: after("c") }),
    ]);
    const rest = ["b", "c", "d"];
    const comeBack = async (...states: State[]) => {
      await store.cancel("a");
      const jobs = await Promise.all(rest.map((id) => scene.job(id)));
      const errors = jobs.map(({ error }, i) => error === `its parent ${"abcd"[i]} is cancelled`);
      assert.deepEqual(errors, jobs.map(() => true));
      await store.retry("a", ["cancelled"]);
      assert.deepEqual(await scene.states(...rest), ["blocked", "held", ...states]);
    };
    await comeBack("blocked");
    // One that waits for two is told in its turn.
    await store.enqueue([newJob("other"), newJob("e", { after: after("d", "other") })]);
    rest.push("e");
    await comeBack("blocked", "blocked");
    await store.cancel("a");
    await store.cancel("other");
    await store.retry("a", ["cancelled"]);
    assert.equal((await scene.job("e")).error, "its parent other is cancelled");
    await store.retry("other", ["cancelled"]);
    assert.deepEqual(await scene.states("d", "e"), ["blocked", "blocked"]);
  });

  test("after: one that its parents cancel at enqueue is a reason for those that come after it", async (scene) => {
    await scene.enqueue("dead");
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await scene.store.enqueue([
      newJob("child", { after: after("dead") }),
      newJob("grandchild", { after: after("child", "dead") }),
    ]);
    assert.equal((await scene.job("grandchild")).error, "its parent child is cancelled");
  });

  test("retryAll: counts the cancelled that come back with their parents", async (scene) => {
    await scene.store.enqueue([newJob("parent"), ...childrenOf("parent", 3), newJob("other")]);
    await scene.store.cancel("parent");
    await scene.store.cancel("other");
    assert.equal(await scene.store.retryAll("cancelled"), 5);
    assert.equal(await scene.store.count({ states: ["blocked"] }), 3);
  });

  test("outstanding: there is something while dependents have yet to be told", async (scene) => {
    const last = newJob("last", { after: after({ id: "parent", on: "notok" }) });
    await scene.store.enqueue([newJob("parent"), ...childrenOf("parent", 5000), last]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    // Nothing is pending yet, but a worker that drains must not go.
    assert.equal(await scene.store.count({ states: ["pending"] }), 0);
    assert.equal(await scene.store.outstanding(["default"], 0), 1);
    await worker.calm();
    assert.equal((await scene.job("last")).state, "pending");
    assert.deepEqual(await worker.workThrough(), ["last"]);
    assert.equal(await scene.store.outstanding(null, 0), 0);
  });

  test("after: dependents of one that ended are told by whichever worker ticks next", async (scene) => {
    const children = childrenOf("parent", 5000);
    await scene.store.enqueue([newJob("parent"), ...children]);
    const first = await scene.worker("first");
    await first.run(FAILED);
    await scene.store.leave("first");
    const second = await scene.worker("second", {}, await scene.open());
    await second.calm();
    assert.equal(await scene.store.count({ states: ["cancelled"] }), children.length);
  });

  test("retry: 5,000 dependents come back", async (scene) => {
    const children = childrenOf("parent", 5000);
    await scene.store.enqueue([newJob("parent"), ...children]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    await scene.store.retry("parent", ["dead"]);
    await worker.calm();
    assert.equal(await scene.store.count({ states: ["blocked"] }), children.length);
  });

  test("retry: while dependents have yet to be told of the end, they wait on", async (scene) => {
    const children = childrenOf("parent", 5000);
    await scene.store.enqueue([newJob("parent"), ...children]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await scene.store.retry("parent", ["dead"]);
    await worker.calm();
    assert.equal(await scene.store.count({ states: ["blocked"] }), children.length);
    await worker.run(COMPLETED);
    await worker.calm();
    assert.equal(await scene.store.count({ states: ["pending"] }), children.length);
  });

  test("removeEnded: passes over a job until its dependents have been told", async (scene) => {
    const children = childrenOf("parent", 5000);
    await scene.store.enqueue([newJob("parent"), newJob("alone", { priority: -1 }), ...children]);
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(2), COMPLETED);
    const ended = { states: ["completed"], before: scene.now + 1 } as const;
    const first = await scene.store.removeEnded(ended);
    await worker.calm();
    const second = await scene.store.removeEnded(ended);
    assert.equal(first + second, 2);
    assert.equal(await scene.store.count({ states: ["pending"] }), children.length);
  });
}
