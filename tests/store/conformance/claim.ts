import assert from "node:assert/strict";
import { newJob } from "../../job/jobs.ts";
import {
  asClaimed,
  COMPLETED,
  HANDED_BACK,
  idsOf,
  launchers,
  type Register,
  type Worker,
} from "../scene.ts";

/** Who gets which job. */
export function claimTests(test: Register): void {
  test("claim: gives the job, its token and its number", async (scene) => {
    await scene.enqueue("a", { command: "work" });
    const worker = await scene.worker("w");
    scene.advance(1000);
    const claim = await worker.claimOne();
    const stored = await scene.store.job("a");
    assert.deepEqual(claim, {
      jobId: "a",
      token: claim!.token,
      attempt: 1,
      job: asClaimed(stored!),
      env: {},
      stdin: null,
      isAhead: false,
    });
    assert.ok(claim!.token.startsWith("token-1"));
    assert.equal(stored?.state, "processing");
    assert.equal(stored.attempts, 1);
    assert.equal(stored.startedAt, scene.now);
    assert.equal(stored.workerId, "w");
    const [attempt] = await scene.store.attempts("a");
    assert.deepEqual(attempt, {
      attempt: 1,
      outcome: null,
      startedAt: scene.now,
      finishedAt: null,
      exitCode: null,
      error: null,
      workerId: "w",
      host: "host-a",
      outputBytes: 0,
    });
  });

  test("claim: higher priority first, then arrival, over all queues", async (scene) => {
    await scene.store.enqueue([
      newJob("low", { priority: -10 }),
      newJob("first", { queue: "b" }),
      newJob("second", { queue: "a" }),
      newJob("top", { priority: 1000, queue: "c" }),
      newJob("third", { queue: "b" }),
      newJob("high", { priority: 10 }),
    ]);
    const worker = await scene.worker("w");
    const order = ["top", "high", "first", "second", "third", "low"];
    assert.deepEqual(idsOf(await worker.claim(2)), order.slice(0, 2));
    assert.deepEqual(idsOf(await worker.claim(9)), order.slice(2));
  });

  test("claim: a job that was handed back keeps its place in the line", async (scene) => {
    await scene.store.enqueue([newJob("a"), newJob("b")]);
    const worker = await scene.worker("w");
    await worker.settle([await worker.claimOne()], HANDED_BACK);
    assert.deepEqual(idsOf(await worker.claim(2)), ["a", "b"]);
  });

  test("claim: never more than the free slots", async (scene) => {
    await scene.store.enqueue(Array.from({ length: 10 }, (_, index) => newJob(`j${index}`)));
    const worker = await scene.worker("w");
    for (const slots of [0, 1, 3]) assert.equal((await worker.claim(slots)).length, slots);
    assert.equal((await worker.claim(20)).length, 6);
    assert.equal((await worker.claim(20)).length, 0);
  });

  test("claim: only from the queues that the worker serves", async (scene) => {
    await scene.store.enqueue(["a", "b", "c"].map((queue) => newJob(`in-${queue}`, { queue })));
    const some = await scene.worker("some", { queues: ["a", "c", "empty"] });
    const other = await scene.worker("other", { queues: ["b"] });
    assert.deepEqual(idsOf(await some.claim(9)), ["in-a", "in-c"]);
    assert.deepEqual(idsOf(await some.claim(9)), []);
    assert.deepEqual(idsOf(await other.claim(9)), ["in-b"]);
  });

  test("claim: a slot that a tick frees is filled by the same tick", async (scene) => {
    await scene.store.enqueue([newJob("a"), newJob("b")]);
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    const { settled, claimed } = await worker.tick({
      ended: [worker.end(claim, COMPLETED)],
      free: launchers(1),
    });
    assert.deepEqual(idsOf(settled), ["a"]);
    assert.deepEqual(idsOf(claimed), ["b"]);
  });

  test("attemptsOf: the i-th job has the launcher of the i-th slot", async (scene) => {
    const env = { A: "1", TRACEPARENT: "00-trace" };
    const b = newJob("b", { priority: 5, cwd: "/b", queue: "mail", env });
    await scene.store.enqueue([newJob("a"), b, newJob("c")]);
    const worker = await scene.worker("w");
    const other = await scene.worker("other");
    const free = launchers(2);
    const { claimed } = await worker.tick({ free });
    await other.claimOne();
    const running = await scene.store.attemptsOf("w");
    const byJob = (a: { jobId: string }, b: { jobId: string }) => a.jobId < b.jobId ? -1 : 1;
    assert.deepEqual(
      running.toSorted(byJob),
      claimed.map(({ jobId, token, attempt, job }, slot) => ({
        jobId,
        token,
        attempt,
        launcher: free[slot]!,
        cwd: job.cwd,
        isAhead: false,
        trace: {
          queue: job.queue,
          startedAt: scene.now,
          traceparent: jobId === "b" ? env.TRACEPARENT : null,
        },
      })).toSorted(byJob),
    );
    await worker.settle(claimed, COMPLETED);
    assert.deepEqual(await scene.store.attemptsOf("w"), []);
    assert.deepEqual(await scene.store.attemptsOf("nobody"), []);
  });

  test("claim: gives one job to one worker, whatever the number of handles", async (scene) => {
    const jobs = Array.from({ length: 300 }, (_, index) => newJob(`job-${index}`));
    await scene.store.enqueue(jobs);
    const handles = [scene.store, await scene.open(), await scene.open()];
    // One that joins late may find nothing left.
    const workers = await Promise.all(
      handles.map((store, index) => scene.worker(`w${index}`, {}, store)),
    );
    const given = await Promise.all(workers.map(workThrough));
    assert.deepEqual(given.flat().toSorted(), idsOf(jobs).toSorted());
    assert.ok(given.every((ids) => ids.length > 0), "every worker is given some");
    assert.equal(await scene.store.count({ states: ["completed"] }), jobs.length);
  });
}

/** Claims and completes until nothing is left; the ids that it was given. */
async function workThrough(worker: Worker): Promise<string[]> {
  const given: string[] = [];
  let claimed = await worker.claim(4);
  while (claimed.length > 0) {
    given.push(...idsOf(claimed));
    ({ claimed } = await worker.tick({
      ended: claimed.map((claim) => worker.end(claim, COMPLETED)),
      free: launchers(4),
    }));
  }
  return given;
}
