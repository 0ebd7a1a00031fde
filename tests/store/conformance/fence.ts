import assert from "node:assert/strict";
import { chunk, COMPLETED, FAILED, infoOf, launchers, LOST, type Register } from "../scene.ts";

/** Promise 3: late writes change nothing. */
export function fenceTests(test: Register): void {
  test("settle: an end with an unknown token changes nothing", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    await worker.claimOne();
    const before = await scene.store.job("a");
    const { settled, stale } = await worker.settle([{ jobId: "a", token: "no" }], COMPLETED);
    assert.deepEqual([settled, stale], [[], ["no"]]);
    assert.deepEqual(await scene.store.job("a"), before);
  });

  test("settle: a token of another job changes nothing", async (scene) => {
    await scene.enqueue("a");
    await scene.enqueue("b");
    const worker = await scene.worker("w");
    const [a] = await worker.claim(2);
    const { stale } = await worker.settle([{ jobId: "b", token: a!.token }], COMPLETED);
    assert.deepEqual(stale, [a!.token]);
    assert.equal((await scene.store.job("b"))?.state, "processing");
  });

  test("settle: the second end of an attempt changes nothing", async (scene) => {
    await scene.enqueue("a", { maxRetries: 5 });
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    const { settled, stale } = await worker.tick({
      ended: [worker.end(claim, COMPLETED), worker.end(claim, FAILED)],
    });
    assert.deepEqual([settled.length, stale], [1, [claim.token]]);
    assert.deepEqual((await worker.settle([claim], FAILED)).stale, [claim.token]);
    assert.equal((await scene.store.job("a"))?.state, "completed");
    assert.equal((await scene.store.attempts("a"))[0]?.outcome, "completed");
  });

  test("settle: a late end after rescue, retry and a new claim changes nothing", async (scene) => {
    await scene.enqueue("a");
    const lost = await scene.worker("lost");
    const rescuer = await scene.worker("rescuer");
    const old = await lost.claimOne();
    await rescuer.settle([old], LOST);
    await scene.store.retry("a", ["dead"]);
    const current = await rescuer.claimOne();
    assert.notEqual(current.token, old.token);
    const before = [await scene.store.job("a"), await scene.store.attempts("a")];

    const late = lost.end(old, COMPLETED, { chunks: [chunk(old.token, 0, "late")] });
    const { settled, stale } = await lost.tick({
      ended: [late],
      output: [{ jobId: "a", token: old.token, chunk: chunk(old.token, 1, "late") }],
    });
    assert.deepEqual([settled, stale], [[], [old.token]]);
    assert.deepEqual([await scene.store.job("a"), await scene.store.attempts("a")], before);
    assert.deepEqual(await scene.store.output("a", 1, 0), []);
    assert.deepEqual(await scene.store.output("a", 2, 0), []);
  });

  test("settle: an end for a job that was removed changes nothing", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const old = await worker.claimOne();
    await worker.settle([old], FAILED);
    await scene.store.remove("a", ["dead"]);
    await scene.enqueue("a");
    const { stale } = await worker.settle([old], COMPLETED);
    assert.deepEqual(stale, [old.token]);
    assert.equal((await scene.store.job("a"))?.state, "pending");
  });

  test("output: a running command's output without the right token is not stored", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    await worker.claimOne();
    await worker.tick({ output: [{ jobId: "a", token: "no", chunk: chunk("no", 0, "x") }] });
    assert.deepEqual(await scene.store.output("a", 1, 0), []);
  });

  test("settle: a rescue of a worker that has come back changes nothing", async (scene) => {
    await scene.enqueue("a", { maxRetries: 5 });
    const remote = await scene.worker("remote");
    const rescuer = await scene.worker("rescuer");
    const claim = await remote.claimOne();
    const { heartbeat } = await infoOf(scene.store, "remote");
    const end = rescuer.end(claim, LOST, { unlessBack: { worker: "remote", heartbeat } });
    await remote.tick();
    const before = [await scene.job("a"), await scene.store.attempts("a")];
    const late = await rescuer.tick({ ended: [end], buried: ["remote"] });
    assert.deepEqual([late.settled, late.stale], [[], [claim.token]]);
    assert.deepEqual([await scene.job("a"), await scene.store.attempts("a")], before);
    assert.equal((await remote.settle([claim], COMPLETED)).evicted, false);
    assert.equal((await scene.job("a")).state, "completed");
  });

  test("settle: a rescue of a worker that has not come back counts, buried or not", async (scene) => {
    for (const id of ["a", "b"]) await scene.enqueue(id);
    const remote = await scene.worker("remote");
    const rescuers = [await scene.worker("one"), await scene.worker("two")];
    const claims = await remote.claim(2);
    const { heartbeat } = await infoOf(scene.store, "remote");
    for (const [index, rescuer] of rescuers.entries()) {
      const end = rescuer.end(claims[index]!, LOST, {
        unlessBack: { worker: "remote", heartbeat },
      });
      await rescuer.tick({ ended: [end], buried: ["remote"] });
    }
    assert.deepEqual(await scene.states("a", "b"), ["dead", "dead"]);
  });

  test("tick: an evicted worker is told so, is given nothing, and stays away", async (scene) => {
    await scene.enqueue("a", { maxRetries: 1 });
    await scene.enqueue("b");
    const lost = await scene.worker("lost");
    const rescuer = await scene.worker("rescuer");
    const old = await lost.claimOne();
    await rescuer.tick({ ended: [rescuer.end(old, LOST)], buried: ["lost"] });

    const result = await lost.tick({
      ended: [lost.end(old, COMPLETED)],
      output: [{ jobId: "a", token: old.token, chunk: chunk(old.token, 0, "late") }],
      free: launchers(2),
    });
    assert.equal(result.evicted, true);
    assert.deepEqual(result.claimed, []);
    assert.deepEqual(result.stale, [old.token]);
    assert.equal((await scene.store.job("a"))?.state, "failed");
    assert.equal((await scene.store.job("b"))?.state, "pending");
    const workers = await scene.store.workers();
    assert.deepEqual(workers.map(({ id }) => id), ["rescuer"]);
    assert.equal((await rescuer.tick()).evicted, false);
  });
}
