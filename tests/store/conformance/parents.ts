import assert from "node:assert/strict";
import { CircleError, UnknownParentError } from "../../../src/errors.ts";
import { type Condition, CONDITIONS } from "../../../src/job/job.ts";
import type { State } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import {
  after,
  COMPLETED,
  FAILED,
  HANDED_BACK,
  idsOf,
  launchers,
  type Register,
  type Scene,
} from "../scene.ts";
import { ENDS } from "./family.ts";

/** Whether a parent in this state lets a job run that waits for it on this condition. */
const lets = (on: Condition, state: State) =>
  on === "any" || (on === "ok") === (state === "completed");

/** Jobs that wait for others. */
export function parentTests(test: Register): void {
  for (const { how, state, bring } of ENDS) {
    test(`after: a parent that is ${how} lets those run that waited for it`, async (scene) => {
      await scene.store.enqueue([
        newJob("parent", { priority: 1 }),
        ...CONDITIONS.map((on) => newJob(on, { after: after({ id: "parent", on }) })),
      ]);
      assert.deepEqual(await scene.states(...CONDITIONS), CONDITIONS.map(() => "blocked"));
      scene.advance(10);
      const worker = await scene.worker("w");
      await bring(scene, worker, "parent");
      await worker.calm();
      assert.equal((await scene.job("parent")).state, state);
      for (const on of CONDITIONS) await isAsTold(scene, on, state);
    });

    test(`after: a parent that is ${how} already decides at enqueue`, async (scene) => {
      await scene.enqueue("parent");
      const worker = await scene.worker("w");
      await bring(scene, worker, "parent");
      await worker.calm();
      scene.advance(10);
      const jobs = CONDITIONS.map((on) => newJob(on, { after: after({ id: "parent", on }) }));
      const enqueued = await scene.store.enqueue(jobs);
      assert.deepEqual(enqueued, CONDITIONS.map((id) => ({ id, isNew: true })));
      for (const on of CONDITIONS) await isAsTold(scene, on, state);
    });
  }

  test("after: the parents stay in the job as they were given", async (scene) => {
    const parents = after("b", { id: "a", on: "any" }, { id: "c", on: "notok" });
    await scene.store.enqueue([newJob("a"), newJob("b"), newJob("c")]);
    await scene.enqueue("child", { after: parents });
    assert.deepEqual((await scene.job("child")).after, parents);
    await scene.store.cancel("b");
    assert.deepEqual((await scene.job("child")).after, parents);
  });

  test("after: a few dependents of a job that is cancelled are told at once", async (scene) => {
    await scene.store.enqueue([
      newJob("a"),
      newJob("b", { after: after("a") }),
      newJob("c", { after: after("b") }),
    ]);
    await scene.store.cancel("a");
    assert.deepEqual(await scene.states("a", "b", "c"), ["cancelled", "cancelled", "cancelled"]);
  });

  test("after: a job that waits is not claimed, and is by the tick that ends its parent", async (scene) => {
    await scene.store.enqueue([
      newJob("child", { after: after("parent"), priority: 1000 }),
      newJob("parent", { maxRetries: 1 }),
    ]);
    const worker = await scene.worker("w");
    for (const [outcome, wait] of [[HANDED_BACK, 0], [FAILED, 2000]] as const) {
      const claims = await worker.claim(9);
      assert.deepEqual(idsOf(claims), ["parent"]);
      await worker.settle(claims, outcome);
      assert.equal((await scene.job("child")).state, "blocked");
      scene.advance(wait);
    }
    const parent = await worker.claimOne();
    const { claimed } = await worker.tick({
      ended: [worker.end(parent, COMPLETED)],
      free: launchers(2),
    });
    assert.deepEqual(idsOf(claimed), ["child"]);
    assert.deepEqual([claimed[0]!.attempt, claimed[0]!.job.attempts], [1, 1]);
  });

  test("after: every parent must have ended, and the first that ends otherwise cancels", async (scene) => {
    const [parents, child] = [["a", "b", "c"], newJob("child", { after: after("a", "b", "c") })];
    await scene.store.enqueue([...parents.map((id) => newJob(id)), child]);
    const worker = await scene.worker("w");
    const claims = await worker.claim(3);
    for (const claim of claims) {
      assert.equal((await scene.job("child")).state, "blocked");
      await worker.settle([claim], COMPLETED);
    }
    assert.deepEqual(idsOf(await worker.claim(9)), ["child"]);

    await scene.store.enqueue([
      newJob("good"),
      newJob("bad"),
      newJob("open"),
      newJob("poor", { after: after("good", "bad", "open") }),
    ]);
    const [good, bad] = await worker.claim(3);
    await worker.settle([good!], COMPLETED);
    assert.equal((await scene.job("poor")).state, "blocked");
    await worker.settle([bad!], FAILED);
    await worker.calm();
    const poor = await scene.job("poor");
    assert.deepEqual([poor.state, poor.error], ["cancelled", "its parent bad is dead"]);
  });

  test("after: a chain and a diamond run in their order, in whatever order they were given", async (scene) => {
    const diamond = [
      newJob("top", { queue: "a" }),
      newJob("left", { after: after("top"), queue: "b", priority: 9 }),
      newJob("right", { after: after("top"), queue: "c" }),
      newJob("bottom", { after: after("left", "right"), priority: 99 }),
      newJob("last", { after: after({ id: "bottom", on: "any" }), priority: 100 }),
    ];
    const worker = await scene.worker("w");
    for (const jobs of [diamond, diamond.toReversed()]) {
      await scene.store.enqueue(jobs);
      assert.deepEqual(await worker.workThrough(2), ["top", "left", "right", "bottom", "last"]);
      await scene.store.removeEnded({ states: ["completed"], before: scene.now + 1 });
      assert.equal(await scene.store.count({}), 0);
    }
  });

  test("after: a parent that fails cancels down the chain, and each names its own parent", async (scene) => {
    await scene.store.enqueue([
      newJob("a"),
      newJob("b", { after: after("a") }),
      newJob("c", { after: after("b"), delay: 1000 }),
      newJob("d", { after: after("c"), held: true }),
      newJob("else", { after: after({ id: "d", on: "notok" }) }),
      newJob("always", { after: after({ id: "b", on: "any" }) }),
    ]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    assert.deepEqual(
      await scene.states("b", "c", "d", "else", "always"),
      ["cancelled", "cancelled", "cancelled", "pending", "pending"],
    );
    const errors = await Promise.all(
      ["b", "c", "d"].map(async (id) => (await scene.job(id)).error),
    );
    assert.deepEqual(errors, [
      "its parent a is dead",
      "its parent b is cancelled",
      "its parent c is cancelled",
    ]);
  });

  test("after: a list decides down the chain at enqueue too, in both orders", async (scene) => {
    await scene.enqueue("dead");
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    const chain = (prefix: string) => [
      newJob(`${prefix}-a`, { after: after("dead") }),
      newJob(`${prefix}-b`, { after: after(`${prefix}-a`) }),
      newJob(`${prefix}-c`, { after: after({ id: `${prefix}-b`, on: "notok" }) }),
    ];
    await scene.store.enqueue(chain("x"));
    await scene.store.enqueue(chain("y").toReversed());
    await worker.calm();
    for (const prefix of ["x", "y"]) {
      const states = await scene.states(...["a", "b", "c"].map((id) => `${prefix}-${id}`));
      assert.deepEqual(states, ["cancelled", "cancelled", "pending"]);
      assert.equal((await scene.job(`${prefix}-b`)).error, `its parent ${prefix}-a is cancelled`);
    }
  });

  test("enqueue: an unknown parent is refused, the job named, and nothing stored", async (scene) => {
    await assert.rejects(
      scene.store.enqueue([newJob("a"), newJob("b", { after: after("a", "nobody") })]),
      (error: Error) =>
        error instanceof UnknownParentError && error.id === "b" && error.message.includes("nobody"),
    );
    assert.equal(await scene.store.count({}), 0);
  });

  test("enqueue: jobs that wait for each other are refused, and nothing stored", async (scene) => {
    const circles = [
      [newJob("a", { after: after("a") })],
      [newJob("a", { after: after("b") }), newJob("b", { after: after("a") })],
      [
        newJob("a", { after: after("c") }),
        newJob("b", { after: after("a") }),
        newJob("c", { after: after("b") }),
      ],
    ];
    for (const circle of circles) {
      await assert.rejects(
        scene.store.enqueue([newJob("fine"), ...circle]),
        (error: Error) => error instanceof CircleError && circle.some(({ id }) => id === error.id),
      );
      assert.equal(await scene.store.count({}), 0);
    }
  });

  test("after: jobs that were enqueued while the others were told are told too", async (scene) => {
    await scene.enqueue("parent");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    await scene.enqueue("early", { after: after("parent") });
    await worker.settle([claim], COMPLETED);
    await scene.enqueue("late", { after: after("parent") });
    await worker.calm();
    assert.deepEqual(await scene.states("early", "late"), ["pending", "pending"]);
  });
}

/** That the job that waited on a condition is what a parent's end makes of it. */
async function isAsTold(scene: Scene, on: Condition, parent: State): Promise<void> {
  const job = await scene.job(on);
  if (lets(on, parent)) {
    assert.deepEqual([job.state, job.error, job.finishedAt], ["pending", null, null], on);
    return;
  }
  const error = on === "ok" ? `its parent parent is ${parent}` : "its parent parent completed";
  assert.deepEqual([job.state, job.error], ["cancelled", error], on);
  assert.deepEqual([job.finishedAt, job.updatedAt], [scene.now, scene.now]);
}
