import assert from "node:assert/strict";
import { NotFoundError } from "../../../src/errors.ts";
import { STATES } from "../../../src/job/state.ts";
import type { QueueSettings } from "../../../src/store/queues.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, idsOf, type Register } from "../scene.ts";

const FREE: QueueSettings = { paused: false, limit: null, rate: null };

/** Queues: what they are, and their pause. */
export function queueTests(test: Register): void {
  test("queues: each that has ever held a job or has settings, by name, with its counts", async (scene) => {
    assert.deepEqual(await scene.store.queues(), []);
    await scene.store.enqueue([
      newJob("a", { queue: "mail" }),
      newJob("b", { queue: "mail", held: true }),
      newJob("c", { queue: "emptied" }),
      newJob("d", { queue: "mail", delay: 5 }),
      newJob("e", { queue: "Zebra", after: after("a") }),
    ]);
    await scene.store.remove("c", ["pending"]);
    await scene.store.configureQueue("new", { limit: 2 }, { create: true });
    const none = Object.fromEntries(STATES.map((state) => [state, 0]));
    const queues = await scene.store.queues();
    assert.deepEqual(queues.map((queue) => ({ ...queue, counts: { ...queue.counts } })), [
      { queue: "Zebra", ...FREE, counts: { ...none, blocked: 1 } },
      { queue: "emptied", ...FREE, counts: none },
      { queue: "mail", ...FREE, counts: { ...none, pending: 1, held: 1, scheduled: 1 } },
      { queue: "new", ...FREE, limit: 2, counts: none },
    ]);
    assert.deepEqual((await scene.store.status()).queues, queues);
  });

  test("configureQueue: changes what is given, keeps the rest, and says what it is now", async (scene) => {
    await scene.enqueue("a", { queue: "mail" });
    const steps: [Partial<QueueSettings>, QueueSettings][] = [
      [{}, FREE],
      [{ limit: 3 }, { ...FREE, limit: 3 }],
      [{ paused: true }, { paused: true, limit: 3, rate: null }],
      [{ rate: { count: 5, period: 60_000 } }, {
        paused: true,
        limit: 3,
        rate: { count: 5, period: 60_000 },
      }],
      [{ paused: false, limit: null }, {
        paused: false,
        limit: null,
        rate: { count: 5, period: 60_000 },
      }],
      [{ rate: null }, FREE],
    ];
    const other = await scene.open();
    for (const [changes, expected] of steps) {
      const info = await scene.store.configureQueue("mail", changes);
      const { queue, counts, ...settings } = info;
      assert.deepEqual([queue, counts.pending, settings], ["mail", 1, expected]);
      assert.deepEqual(await other.queues(), [info]);
    }
  });

  test("configureQueue: an unknown queue is not found, unless it is to be made", async (scene) => {
    await assert.rejects(
      scene.store.configureQueue("nobody", { paused: true }),
      (error: Error) => error instanceof NotFoundError && error.message.includes("nobody"),
    );
    assert.deepEqual(await scene.store.queues(), []);
    await scene.store.configureQueue("nobody", { paused: true }, { create: true });
    await scene.enqueue("a", { queue: "nobody" });
    const worker = await scene.worker("w");
    assert.deepEqual(await worker.claim(1), []);
    await scene.store.configureQueue("nobody", { paused: false });
    assert.deepEqual(idsOf(await worker.claim(1)), ["a"]);
  });

  test("configureQueue: a queue whose jobs are all gone is known still", async (scene) => {
    await scene.enqueue("a", { queue: "mail" });
    await scene.store.configureQueue("mail", { limit: 1 });
    await scene.store.remove("a", ["pending"]);
    assert.equal((await scene.store.configureQueue("mail", { paused: true })).limit, 1);
  });

  test("paused: nothing of the queue is claimed, what runs goes on, others are not touched", async (scene) => {
    await scene.store.enqueue([
      newJob("runs", { queue: "mail", priority: 9 }),
      newJob("waits", { queue: "mail", priority: 8 }),
      newJob("other"),
    ]);
    const worker = await scene.worker("w");
    const runs = await worker.claimOne();
    await scene.store.configureQueue("mail", { paused: true });
    await scene.enqueue("new", { queue: "mail", priority: 1000 });
    assert.deepEqual(idsOf(await worker.claim(9)), ["other"]);
    assert.deepEqual((await worker.settle([runs], COMPLETED)).settled.map(({ state }) => state), [
      "completed",
    ]);
    assert.deepEqual(await worker.claim(9), []);
    assert.deepEqual(await scene.states("waits", "new"), ["pending", "pending"]);
    await scene.store.configureQueue("mail", { paused: false });
    assert.deepEqual(idsOf(await worker.claim(9)), ["new", "waits"]);
  });

  test("paused: due jobs become pending, and dependents are told", async (scene) => {
    await scene.store.enqueue([
      newJob("parent"),
      newJob("child", { queue: "mail", after: after("parent") }),
      newJob("due", { queue: "mail", delay: 1000 }),
    ]);
    await scene.store.configureQueue("mail", { paused: true });
    scene.advance(1000);
    const worker = await scene.worker("w");
    assert.deepEqual(await worker.workThrough(), ["parent"]);
    assert.deepEqual(await scene.states("child", "due"), ["pending", "pending"]);
    assert.equal((await worker.tick()).nextDueIn, null);
  });

  test("paused: many jobs before them do not keep others from being claimed in order", async (scene) => {
    await scene.store.enqueue([
      ...Array.from(
        { length: 3000 },
        (_, index) =>
          newJob(`paused-${index}`, { queue: index % 2 === 0 ? "a" : "m", priority: 1000 }),
      ),
      newJob("first", { queue: "b" }),
      newJob("last", { queue: "z", priority: -1 }),
      newJob("second", { queue: "c" }),
    ]);
    for (const queue of ["a", "m"]) await scene.store.configureQueue(queue, { paused: true });
    const worker = await scene.worker("w");
    const all = await scene.worker("all", { queues: ["a", "b", "c", "m"] });
    assert.deepEqual(idsOf(await worker.claim(1)), ["first"]);
    assert.deepEqual(idsOf(await all.claim(9)), ["second"]);
    assert.deepEqual(idsOf(await worker.claim(9)), ["last"]);
  });

  test("paused: a job that is moved out of the queue is claimed", async (scene) => {
    await scene.enqueue("a", { queue: "mail" });
    await scene.store.configureQueue("mail", { paused: true });
    await scene.store.edit("a", { queue: "default" });
    const worker = await scene.worker("w");
    assert.deepEqual(idsOf(await worker.claim(1)), ["a"]);
  });

  test("outstanding: waiting jobs of paused queues are not counted, running ones are", async (scene) => {
    await scene.store.enqueue([
      newJob("runs", { queue: "mail", priority: 1 }),
      newJob("waits", { queue: "mail" }),
      newJob("due", { queue: "mail", delay: 1000 }),
      newJob("other"),
    ]);
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    assert.equal(await scene.store.outstanding(null, 1000), 4);
    await scene.store.configureQueue("mail", { paused: true });
    assert.equal(await scene.store.outstanding(null, 1000), 2);
    assert.equal(await scene.store.outstanding(["mail"], 1000), 1);
    await worker.settle([claim], COMPLETED);
    assert.equal(await scene.store.outstanding(["mail"], 1000), 0);
    await scene.store.configureQueue("mail", { paused: false });
    assert.equal(await scene.store.outstanding(["mail"], 1000), 2);
  });
}
