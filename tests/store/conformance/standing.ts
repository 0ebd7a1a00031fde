import assert from "node:assert/strict";
import { NotFoundError } from "../../../src/errors.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, idsOf, type Register } from "../scene.ts";

/** What decides when a job runs. */
export function standingTests(test: Register): void {
  test("standing: an unknown job is not found", async (scene) => {
    await assert.rejects(scene.store.standing("nobody"), NotFoundError);
  });

  test("standing: the job, its queue and the workers as others see them", async (scene) => {
    await scene.enqueue("a", { queue: "mail" });
    await scene.worker("w", { queues: ["other"] });
    await scene.store.configureQueue("mail", { paused: true, limit: 2 });
    const { job, queue, workers, parents, ahead, rateOpensIn, running } = await scene.store
      .standing("a");
    assert.deepEqual(job, await scene.job("a"));
    assert.deepEqual([queue], await scene.store.queues());
    assert.deepEqual(workers, await scene.store.workers());
    assert.deepEqual([parents, ahead, rateOpensIn, running], [[], 0, 0, []]);
  });

  test("standing: the parents that have yet to end, with their states", async (scene) => {
    await scene.store.enqueue([
      newJob("done", { priority: 9 }),
      newJob("runs", { priority: 8 }),
      newJob("held", { held: true }),
      newJob("child", { after: after("done", { id: "held", on: "any" }, "runs") }),
    ]);
    const worker = await scene.worker("w");
    await worker.run(COMPLETED);
    await worker.calm();
    await worker.claimOne();
    const { parents } = await scene.store.standing("child");
    assert.deepEqual(parents.toSorted((a, b) => a.id < b.id ? -1 : 1), [
      { id: "held", on: "any", state: "held" },
      { id: "runs", on: "ok", state: "processing" },
    ]);
    assert.deepEqual((await scene.store.standing("held")).parents, []);
  });

  test("standing: ahead counts the jobs of its queue that come first", async (scene) => {
    await scene.store.enqueue([
      newJob("first"),
      newJob("other", { queue: "other", priority: 9 }),
      newJob("second"),
      newJob("low", { priority: -1 }),
      newJob("high", { priority: 5 }),
      newJob("held", { held: true, priority: 9 }),
      newJob("late", { delay: 5, priority: 9 }),
      newJob("third"),
    ]);
    const ahead = async (id: string) => (await scene.store.standing(id)).ahead;
    const expected = { high: 0, first: 1, second: 2, third: 3, low: 4, other: 0, held: 0, late: 0 };
    for (const [id, count] of Object.entries(expected)) assert.equal(await ahead(id), count, id);
    const worker = await scene.worker("w", { queues: ["default"] });
    await worker.claim(2);
    assert.equal(await ahead("third"), 1);
    assert.equal(await ahead("first"), 0);
  });

  test("standing: ahead counts from either end of a long queue", async (scene) => {
    const jobs = Array.from({ length: 500 }, (_, i) => newJob(`j${i}`, { priority: -(i % 2) }));
    await scene.store.enqueue(jobs);
    const even = jobs.filter(({ priority }) => priority === 0);
    const odd = jobs.filter(({ priority }) => priority === -1);
    const line = [...even, ...odd].map(({ id }) => id);
    for (const place of [0, 99, 100, 101, 249, 250, 399, 400, 499]) {
      assert.equal((await scene.store.standing(line[place]!)).ahead, place);
    }
  });

  test("standing: how long a rate that is used up keeps the queue shut", async (scene) => {
    await scene.store.enqueue(["a", "b", "c"].map((id) => newJob(id)));
    await scene.store.configureQueue("default", { rate: { count: 2, period: 1000 } });
    const worker = await scene.worker("w");
    const opensIn = async () => (await scene.store.standing("c")).rateOpensIn;
    assert.equal(await opensIn(), 0);
    await worker.claim(1);
    assert.equal(await opensIn(), 0);
    scene.advance(300);
    await worker.claim(1);
    assert.equal(await opensIn(), 700);
    scene.advance(699);
    assert.equal(await opensIn(), 1);
    scene.advance(1);
    assert.equal(await opensIn(), 0);
    assert.deepEqual(idsOf(await worker.claim(1)), ["c"]);
  });

  test("standing: what runs, oldest first, at most a hundred", async (scene) => {
    await scene.store.enqueue(Array.from({ length: 130 }, (_, index) => newJob(`j${index}`)));
    await scene.enqueue("mail", { queue: "mail" });
    const worker = await scene.worker("w");
    for (let round = 0; round < 4; round++) {
      await worker.claim(31);
      scene.advance(1000);
    }
    const { running } = await scene.store.standing("mail");
    assert.equal(running.length, 100);
    assert.deepEqual(running[0], {
      id: running[0]!.id,
      queue: "default",
      workerId: "w",
      startedAt: scene.now - 4000,
    });
    const starts = running.map(({ startedAt }) => startedAt!);
    assert.deepEqual(starts, starts.toSorted((a, b) => a - b));
  });
}
