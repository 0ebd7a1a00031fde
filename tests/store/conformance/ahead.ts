import assert from "node:assert/strict";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, FAILED, idsOf, launchers, type Register } from "../scene.ts";

/** Jobs that are claimed before there is a free slot, and given back. */
export function aheadTests(test: Register): void {
  test("ahead: jobs wait for a slot once every free one has a job", async (scene) => {
    await scene.store.enqueue(["a", "b", "c", "d"].map((id) => newJob(id)));
    const worker = await scene.worker("w");
    const [first, second, third] = launchers(3);
    const { claimed } = await worker.tick({ free: [first!], ahead: [second!, third!] });
    assert.deepEqual(claimed.map(({ jobId, isAhead }) => [jobId, isAhead]), [
      ["a", false],
      ["b", true],
      ["c", true],
    ]);
    const running = await scene.store.attemptsOf("w");
    assert.deepEqual(
      running.map(({ jobId, launcher, isAhead }) => [jobId, launcher, isAhead]),
      [["a", first, false], ["b", second, true], ["c", third, true]],
    );
    assert.deepEqual(idsOf((await worker.tick({ ahead: launchers(2) })).claimed), ["d"]);
  });

  test("ahead: no job of a queue with a limit or a rate waits", async (scene) => {
    const { store } = scene;
    const create = { create: true };
    await store.configureQueue("limited", { limit: 3 }, create);
    await store.configureQueue("rated", { rate: { count: 3, period: 60_000 } }, create);
    await store.configureQueue("known", { paused: false }, create);
    await store.enqueue([
      newJob("k1", { queue: "known", priority: 4 }),
      newJob("k2", { queue: "known", priority: 4 }),
      newJob("l1", { queue: "limited", priority: 3 }),
      newJob("k3", { queue: "known", priority: 2 }),
      newJob("r1", { queue: "rated", priority: 1 }),
      newJob("k4", { queue: "known" }),
    ]);
    const worker = await scene.worker("w");
    const ahead = launchers(6);
    assert.deepEqual(idsOf((await worker.tick({ free: launchers(1), ahead })).claimed), [
      "k1",
      "k2",
    ]);
    // Nor does one that comes after it, or there would never be a free slot for it.
    assert.deepEqual(idsOf((await worker.tick({ ahead })).claimed), []);
    assert.deepEqual(idsOf((await worker.tick({ free: launchers(1), ahead })).claimed), [
      "l1",
      "k3",
    ]);
    await store.configureQueue("rated", { paused: true });
    assert.deepEqual(idsOf((await worker.tick({ ahead })).claimed), ["k4"]);
  });

  test("ahead: no job with input waits, nor any after it", async (scene) => {
    await scene.store.enqueue([
      newJob("a"),
      newJob("b", { stdin: "in" }),
      newJob("c"),
    ]);
    const worker = await scene.worker("w");
    const ahead = launchers(3);
    assert.deepEqual(idsOf((await worker.tick({ ahead })).claimed), ["a"]);
    assert.deepEqual(idsOf((await worker.tick({ ahead })).claimed), []);
    const { claimed } = await worker.tick({ free: launchers(1), ahead });
    assert.deepEqual(claimed.map(({ jobId, stdin }) => [jobId, stdin]), [["b", "in"], ["c", null]]);
  });

  test("unclaimed: the job is as if it had not been claimed", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1, backoffBase: 0 });
    const worker = await scene.worker("w");
    for (const earlier of [0, 1]) {
      const before = scene.now;
      const [claim] = (await worker.tick({ ahead: launchers(1) })).claimed;
      scene.advance(1000);
      const end = worker.end(claim!, { kind: "unclaimed" });
      const { settled } = await worker.tick({ ended: [end] });
      assert.partialDeepStrictEqual(settled, [{ state: "pending", outcome: null }]);
      const job = await scene.job("a");
      const startedAt = earlier === 0 ? null : before;
      assert.deepEqual([job.state, job.attempts, job.startedAt], ["pending", earlier, startedAt]);
      assert.equal((await scene.store.attempts("a")).length, earlier);
      const again = await worker.claimOne();
      assert.deepEqual([again.attempt, again.job.attempts], [earlier + 1, earlier + 1]);
      assert.notEqual(again.token, claim!.token);
      await worker.settle([again], FAILED);
    }
    assert.equal((await scene.job("a")).state, "dead");
  });

  test("unclaimed: a job that was to be cancelled is, without an attempt", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const [claim] = (await worker.tick({ ahead: launchers(1) })).claimed;
    await scene.store.cancel("a");
    const end = worker.end(claim!, { kind: "unclaimed" });
    const { cancelled, settled } = await worker.tick({ ended: [end] });
    assert.deepEqual([cancelled, settled[0]?.outcome], [[], null]);
    const job = await scene.job("a");
    assert.deepEqual([job.state, job.attempts, job.error], ["cancelled", 0, "cancelled"]);
    assert.deepEqual(await scene.store.attempts("a"), []);
  });

  test("settle: an attempt began when its end says, else when it was claimed", async (scene) => {
    await scene.store.enqueue(["a", "b", "c"].map((id) => newJob(id)));
    const worker = await scene.worker("w");
    const claimedAt = scene.now;
    const [a, b, c] = await worker.claim(3);
    scene.advance(500);
    const startedAt = scene.now;
    scene.advance(500);
    await worker.tick({
      ended: [
        worker.end(a!, COMPLETED, { startedAt }),
        worker.end(b!, FAILED, { startedAt }),
        worker.end(c!, COMPLETED),
      ],
    });
    for (const [id, at] of [["a", startedAt], ["b", startedAt], ["c", claimedAt]] as const) {
      const [attempt] = await scene.store.attempts(id);
      assert.deepEqual([attempt?.startedAt, (await scene.job(id)).startedAt], [at, at]);
    }
  });
}
