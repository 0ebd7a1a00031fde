import assert from "node:assert/strict";
import fc from "fast-check";
import type { Rate } from "../../../src/job/rate.ts";
import { newJob } from "../../job/jobs.ts";
import {
  COMPLETED,
  FAILED,
  HANDED_BACK,
  idsOf,
  launchers,
  LOST,
  type Register,
  Scene,
  type StorageFactory,
} from "../scene.ts";

const HOUR = 3_600_000;

/** So many jobs of a queue that has a limit or a rate. */
async function limited(
  scene: Scene,
  jobs: number,
  settings: { limit?: number; rate?: Rate },
  queue = "mail",
): Promise<void> {
  await scene.store.enqueue(
    Array.from({ length: jobs }, (_, index) => newJob(`${queue}-${index}`, { queue })),
  );
  await scene.store.configureQueue(queue, settings);
}

/** How many jobs of a queue run at once, and how many begin in a time. */
export function limitTests(test: Register): void {
  test("limit: holds within a claim and over all workers", async (scene) => {
    await limited(scene, 6, { limit: 3 });
    await scene.enqueue("other", { priority: -1 });
    const one = await scene.worker("one");
    const two = await scene.worker("two", {}, await scene.open());
    const claims = await one.claim(2);
    assert.deepEqual(idsOf(claims), ["mail-0", "mail-1"]);
    assert.deepEqual(idsOf(await two.claim(9)), ["mail-2", "other"]);
    assert.deepEqual(await one.claim(9), []);
    const { claimed } = await one.tick({
      ended: claims.map((claim) => one.end(claim, COMPLETED)),
      free: launchers(9),
    });
    assert.deepEqual(idsOf(claimed), ["mail-3", "mail-4"]);
    assert.deepEqual(await two.claim(9), []);
  });

  test("limit: attempts of a lost worker count until they are settled", async (scene) => {
    await limited(scene, 4, { limit: 2 });
    const lost = await scene.worker("lost");
    const rescuer = await scene.worker("rescuer", {}, await scene.open());
    const claims = await lost.claim(2);
    assert.deepEqual(await rescuer.claim(9), []);
    await scene.store.leave("lost");
    assert.deepEqual(await rescuer.claim(9), []);
    const { claimed } = await rescuer.tick({
      ended: claims.map((claim) => rescuer.end(claim, LOST)),
      buried: ["lost"],
      free: launchers(9),
    });
    assert.deepEqual(idsOf(claimed), ["mail-2", "mail-3"]);
    assert.deepEqual(await rescuer.claim(9), []);
  });

  test("limit: every end gives room, however the attempt ended", async (scene) => {
    await limited(scene, 1, { limit: 1 });
    await scene.store.enqueue([
      newJob("next", { queue: "mail", maxRetries: 1, priority: 2 }),
      newJob("cancelled", { queue: "mail", priority: 1 }),
    ]);
    const worker = await scene.worker("w");
    for (const outcome of [HANDED_BACK, FAILED]) {
      const claims = await worker.claim(9);
      assert.deepEqual(idsOf(claims), ["next"]);
      await worker.settle(claims, outcome);
    }
    const [cancelled] = await worker.claim(9);
    await scene.store.cancel("cancelled");
    assert.deepEqual(await worker.claim(9), []);
    await worker.settle([cancelled!], FAILED);
    assert.deepEqual(idsOf(await worker.claim(9)), ["mail-0"]);
  });

  test("limit: one below what runs ends nothing and lets nothing begin", async (scene) => {
    await limited(scene, 5, { limit: 3 });
    const worker = await scene.worker("w");
    const claims = await worker.claim(9);
    await scene.store.configureQueue("mail", { limit: 1 });
    const { cancelled } = await worker.settle(claims.slice(0, 2), COMPLETED);
    assert.deepEqual(cancelled, []);
    assert.deepEqual(await worker.claim(9), []);
    await worker.settle(claims.slice(2), COMPLETED);
    assert.deepEqual(idsOf(await worker.claim(9)), ["mail-3"]);
    await scene.store.configureQueue("mail", { limit: null });
    assert.deepEqual(idsOf(await worker.claim(9)), ["mail-4"]);
  });

  test("limit: jobs that run count from before it was set", async (scene) => {
    await limited(scene, 3, {});
    const worker = await scene.worker("w");
    await worker.claim(2);
    await scene.store.configureQueue("mail", { limit: 2 });
    assert.deepEqual(await worker.claim(9), []);
  });

  test("limit: a full queue has nothing that is due", async (scene) => {
    await limited(scene, 3, { limit: 1 });
    const worker = await scene.worker("w");
    const { claimed, nextDueIn } = await worker.tick({ free: launchers(9) });
    assert.deepEqual([claimed.length, nextDueIn], [1, null]);
  });

  test("rate: so many begin, and the next when the first of them is a period old", async (scene) => {
    await limited(scene, 5, { rate: { count: 2, period: 1000 } });
    await scene.enqueue("other", { priority: -1 });
    const worker = await scene.worker("w");
    assert.deepEqual(idsOf(await worker.claim(1)), ["mail-0"]);
    scene.advance(400);
    const second = await worker.tick({ free: launchers(9) });
    assert.deepEqual([idsOf(second.claimed), second.nextDueIn], [["mail-1", "other"], 600]);
    scene.advance(599);
    const early = await worker.tick({ free: launchers(9) });
    assert.deepEqual([early.claimed, early.nextDueIn], [[], 1]);
    scene.advance(1);
    const third = await worker.tick({ free: launchers(9) });
    assert.deepEqual([idsOf(third.claimed), third.nextDueIn], [["mail-2"], 400]);
    scene.advance(HOUR);
    const last = await worker.tick({ free: launchers(9) });
    assert.deepEqual([idsOf(last.claimed), last.nextDueIn], [["mail-3", "mail-4"], null]);
  });

  test("rate: holds over all workers, and counts retries and what was handed back", async (scene) => {
    await limited(scene, 9, { rate: { count: 3, period: 1000 } });
    const one = await scene.worker("one");
    const two = await scene.worker("two", {}, await scene.open());
    await one.settle(await one.claim(1), HANDED_BACK);
    assert.equal((await two.claim(1)).length, 1);
    assert.equal((await one.claim(9)).length, 1);
    assert.equal((await two.claim(9)).length, 0);
    scene.advance(1000);
    assert.equal((await two.claim(9)).length, 3);
  });

  test("rate: a queue with nothing to run has no next time", async (scene) => {
    await limited(scene, 1, { rate: { count: 1, period: 1000 } });
    const worker = await scene.worker("w");
    const { nextDueIn } = await worker.tick({ free: launchers(9) });
    assert.equal(nextDueIn, null);
    await scene.enqueue("next", { queue: "mail" });
    const nextDue = async () => (await worker.tick({ free: launchers(1) })).nextDueIn;
    assert.equal(await nextDue(), 1000);
    await scene.store.configureQueue("mail", { paused: true });
    assert.equal(await nextDue(), null);
    await scene.store.configureQueue("mail", { paused: false, limit: 1 });
    assert.equal(await nextDue(), null);
  });

  test("rate: is not counted twice when the settings change", async (scene) => {
    await limited(scene, 9, { rate: { count: 2, period: 1000 } });
    const worker = await scene.worker("w");
    assert.equal((await worker.claim(9)).length, 2);
    await scene.store.configureQueue("mail", { rate: { count: 3, period: 1000 } });
    assert.equal((await worker.claim(9)).length, 1);
    await scene.store.configureQueue("mail", { rate: null });
    assert.equal((await worker.claim(2)).length, 2);
  });

  for (const jump of [-HOUR, -24 * HOUR, -500]) {
    test(`rate: a clock that jumps by ${jump} ms blocks no longer than the period`, async (scene) => {
      await limited(scene, 9, { rate: { count: 2, period: 60_000 } });
      const worker = await scene.worker("w");
      assert.equal((await worker.claim(9)).length, 2);
      scene.advance(jump);
      const { nextDueIn } = await worker.tick({ free: launchers(9) });
      if (nextDueIn !== null) assert.ok(nextDueIn <= 60_000, `nextDueIn is ${nextDueIn}`);
      scene.advance(60_000);
      assert.ok((await worker.claim(9)).length > 0);
    });
  }

  test("limit and rate: the order of priorities holds among what may run", async (scene) => {
    await scene.store.enqueue([
      newJob("full-1", { queue: "full", priority: 9 }),
      newJob("full-2", { queue: "full", priority: 8 }),
      newJob("rated-1", { queue: "rated", priority: 7 }),
      newJob("free-1", { queue: "free", priority: 6 }),
      newJob("rated-2", { queue: "rated", priority: 5 }),
      newJob("rated-3", { queue: "rated", priority: 4 }),
      newJob("free-2", { queue: "free", priority: 3 }),
      newJob("both-1", { queue: "both", priority: 2 }),
      newJob("both-2", { queue: "both", priority: 1 }),
    ]);
    await scene.store.configureQueue("full", { limit: 1 });
    await scene.store.configureQueue("rated", { rate: { count: 2, period: 1000 } });
    await scene.store.configureQueue("both", { limit: 9, rate: { count: 1, period: 2000 } });
    const worker = await scene.worker("w");
    const { claimed, nextDueIn } = await worker.tick({ free: launchers(9) });
    assert.deepEqual(
      idsOf(claimed),
      ["full-1", "rated-1", "free-1", "rated-2", "free-2", "both-1"],
    );
    assert.equal(nextDueIn, 1000);
    scene.advance(1000);
    const later = await worker.tick({
      ended: claimed.map((claim) => worker.end(claim, COMPLETED)),
      free: launchers(9),
    });
    assert.deepEqual([idsOf(later.claimed), later.nextDueIn], [["full-2", "rated-3"], 1000]);
  });

  test("limit and rate: of one queue, the narrower one holds", async (scene) => {
    await limited(scene, 9, { limit: 1, rate: { count: 3, period: 1000 } });
    const worker = await scene.worker("w");
    for (let begun = 0; begun < 3; begun++) {
      const claims = await worker.claim(9);
      assert.equal(claims.length, 1);
      await worker.settle(claims, COMPLETED);
    }
    const { claimed, nextDueIn } = await worker.tick({ free: launchers(9) });
    assert.deepEqual([claimed, nextDueIn], [[], 1000]);
    await scene.store.configureQueue("mail", { limit: 5 });
    scene.advance(1000);
    assert.equal((await worker.claim(9)).length, 3);
  });

  test("limit and rate: few slots are filled as many are", async (scene) => {
    await limited(scene, 4, { limit: 2 }, "a");
    await limited(scene, 4, { rate: { count: 1, period: 1000 } }, "b");
    await limited(scene, 2, {}, "c");
    const worker = await scene.worker("w");
    const order: string[] = [];
    for (let claimed = await worker.claim(1); claimed.length > 0; claimed = await worker.claim(1)) {
      order.push(...idsOf(claimed));
    }
    assert.deepEqual(order, ["a-0", "a-1", "b-0", "c-0", "c-1"]);
  });
}

/** Random claims at random moments, in which no window may hold too many. */
export function rateHistoryTests(adapter: string, makeStorage: StorageFactory): void {
  const step = fc.record({
    wait: fc.oneof(fc.constant(0), fc.nat(300), fc.constant(-1)),
    free: fc.nat(4),
    worker: fc.nat(1),
  });
  Deno.test(`rate: no window of its length holds more, and none less than it could (${adapter})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 1000 }),
        async (steps, count, period) => {
          await using scene = await Scene.set(makeStorage);
          await limited(scene, 200, { rate: { count, period } });
          const workers = [await scene.worker("one"), await scene.worker("two")];
          const starts: number[] = [];
          let due = 0;
          for (const { wait, free, worker } of steps) {
            // -1 stands for the very moment that the store has named.
            scene.advance(wait === -1 ? due : wait);
            const result = await workers[worker]!.tick({ free: launchers(free) });
            const inWindow = starts.filter((start) => start > scene.now - period).length;
            assert.equal(result.claimed.length, Math.min(free, count - inWindow));
            starts.push(...result.claimed.map(() => scene.now));
            due = result.nextDueIn ?? 0;
            // Where every slot is taken, the end of a job comes first.
            if (result.claimed.length < free) {
              assert.equal(result.nextDueIn, starts.at(-count)! + period - scene.now);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });
}
