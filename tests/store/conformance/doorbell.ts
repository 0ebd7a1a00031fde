import assert from "node:assert/strict";
import { waitFor } from "../../helpers/wait_for.ts";
import { Bell } from "../bell.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, HANDED_BACK, type Register } from "../scene.ts";

/** Waking workers. */
export function doorbellTests(test: Register): void {
  test("doorbell: rings for every change that makes work", async (scene) => {
    const other = await scene.open();
    const worker = await scene.worker("w");
    await using bell = await Bell.hang(scene.store, "w");
    await bell.rungBy(() => other.enqueue([newJob("a"), newJob("b")]));
    const [a, b] = await worker.claim(2);
    await bell.rungBy(() => other.cancel("a"));
    await worker.settle([a!, b!], FAILED);
    await bell.rungBy(() => other.retry("a", ["cancelled"]));
    await bell.rungBy(() => other.retryAll("dead"));
    await bell.rungBy(() => other.requestStop(["w"], "drain"));
    await bell.rungBy(() => other.requestSlots(["w"], 2));
  });

  test("doorbell: rings for every change that lets a job run", async (scene) => {
    const other = await scene.open();
    const worker = await scene.worker("w");
    await other.enqueue([
      newJob("parent"),
      newJob("child", { after: after({ id: "parent", on: "any" }) }),
      newJob("held", { held: true }),
      newJob("late", { delay: 1e9 }),
    ]);
    await other.configureQueue("default", { paused: true });
    await using bell = await Bell.hang(scene.store, "w");
    await bell.rungBy(() => other.release("held"));
    await bell.rungBy(() => other.edit("late", { delay: 0 }));
    await bell.rungBy(() => other.configureQueue("default", { paused: false }));
    await bell.rungBy(() => other.configureQueue("default", { limit: 9 }));
    await bell.rungBy(() => other.cancel("parent"));
    assert.deepEqual(await worker.workThrough(), ["child", "held", "late"]);
  });

  test("doorbell: rings when another worker's end of a job lets others run", async (scene) => {
    const ending = await scene.worker("ending", {}, await scene.open());
    await scene.worker("w");
    await scene.store.enqueue([newJob("a"), newJob("b", { after: after("a") })]);
    const claim = await ending.claimOne();
    await using bell = await Bell.hang(scene.store, "w");
    await bell.rungBy(() => ending.settle([claim], COMPLETED));
  });

  test("doorbell: rings when another worker hands a job back", async (scene) => {
    const leaving = await scene.worker("leaving", {}, await scene.open());
    await scene.worker("w");
    await scene.enqueue("a");
    const claim = await leaving.claimOne();
    await using bell = await Bell.hang(scene.store, "w");
    await bell.rungBy(() => leaving.settle([claim], HANDED_BACK));
  });

  test("doorbell: rings at every worker", async (scene) => {
    const bells: Bell[] = [];
    await using stack = new AsyncDisposableStack();
    for (const id of ["a", "b", "c"]) {
      const handle = await scene.open();
      await scene.worker(id, {}, handle);
      bells.push(stack.use(await Bell.hang(handle, id)));
    }
    const before = bells.map(({ rings }) => rings);
    await scene.enqueue("job");
    for (const [i, bell] of bells.entries()) await waitFor(() => bell.rings > before[i]!);
  });

  test("doorbell: does not ring after disposal", async (scene) => {
    await scene.worker("gone");
    await scene.worker("w");
    const gone = await Bell.hang(scene.store, "gone");
    await gone[Symbol.asyncDispose]();
    await using bell = await Bell.hang(scene.store, "w");
    for (const id of ["a", "b"]) await bell.rungBy(() => scene.enqueue(id));
    assert.equal(gone.rings, 1);
  });

  test("doorbell: can be hung again", async (scene) => {
    await scene.worker("w");
    await (await Bell.hang(scene.store, "w"))[Symbol.asyncDispose]();
    await using bell = await Bell.hang(scene.store, "w");
    await bell.rungBy(() => scene.enqueue("a"));
  });

  test("doorbell: where nobody answers, nothing fails", async (scene) => {
    const worker = await scene.worker("w");
    await scene.enqueue("a");
    const claim = await worker.claimOne();
    await scene.store.cancel("a");
    await scene.store.requestStop(["w", "nobody"], "now");
    await worker.settle([claim], COMPLETED);
    await scene.store.retry("a", ["completed"]);
  });
}
