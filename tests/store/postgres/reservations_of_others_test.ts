/** What others see of jobs that a worker has reserved, and what becomes of them. */

import assert from "node:assert/strict";
import { UniqueKeyTakenError } from "../../../src/errors.ts";
import type { Claim } from "../../../src/store/tick.ts";
import { newJob } from "../../job/jobs.ts";
import { after, idsOf, launchers, LOST } from "../scene.ts";
import { ALWAYS, end, NEVER, Scene } from "./reserving.ts";

Deno.test("a worker that joins leaves reservations as they are, and waits for nobody who settles", async () => {
  await using scene = await Scene.set(4);
  const worker = await scene.worker("w");
  const claims = await worker.claim(3);
  await scene.session.script("BEGIN; LOCK TABLE gate IN ROW EXCLUSIVE MODE");
  const late = await scene.worker("late");
  await scene.session.script("COMMIT");
  assert.equal(await scene.rows(), "1 pending");
  assert.deepEqual(idsOf(await late.claim(3)), ["job-3"]);
  const { stale } = await worker.tick({ ended: claims.map((claim) => end(claim)) });
  assert.deepEqual(stale, []);
});

Deno.test("a worker that leaves has its own reservations written out, and no others", async () => {
  await using scene = await Scene.set(4);
  const [worker, leaving] = [await scene.worker("w"), await scene.worker("leaving")];
  const claims = await worker.claim(2);
  await leaving.claim(2);
  assert.equal(await scene.rows(), "2 pending");
  await leaving.store.leave("leaving");
  assert.equal(await scene.rows(), "1 pending processing");
  const { stale } = await worker.tick({ ended: claims.map((claim) => end(claim)) });
  assert.deepEqual(stale, []);
  // Others find what it has left.
  assert.equal((await scene.store.attemptsOf("leaving")).length, 2);
  const ids = (await scene.store.workers()).map(({ id }) => id);
  assert.deepEqual(ids, ["w", "leaving"]);
});

Deno.test("a job that waits for a reserved one leaves the reservation, and runs after it", async () => {
  await using scene = await Scene.set(1);
  const worker = await scene.worker("w");
  const claims = await worker.claim(2);
  await scene.store.enqueue([newJob("child", { after: after("job-0") })]);
  assert.equal(await scene.rows(), "1 blocked pending");
  const { claimed } = await worker.tick({
    ended: claims.map((claim) => end(claim)),
    ...{ free: launchers(2), ahead: [] },
  });
  assert.deepEqual(idsOf(claimed), ["child"]);
});

Deno.test("whoever replaces the holder of a unique key finds that it runs", async () => {
  await using scene = await Scene.set(0);
  await scene.store.enqueue([newJob("holder", { uniqueKey: "k" })]);
  const worker = await scene.worker("w");
  await worker.claim(2);
  assert.equal(await scene.rows(), "1 pending");
  const replacing = scene.store.enqueue([newJob("next", { uniqueKey: "k" })], "replace");
  await assert.rejects(replacing, UniqueKeyTakenError);
  assert.equal((await scene.store.job("holder"))!.state, "processing");
});

Deno.test("whoever looks or steers finds reserved jobs claimed, and their worker goes on", async () => {
  await using scene = await Scene.set(4);
  const worker = await scene.worker("w");
  const claims = await worker.claim(3);
  assert.equal(await scene.rows(), "1 pending");
  const { queues: [queue] } = await scene.store.status();
  assert.deepEqual([queue!.counts.processing, queue!.counts.pending], [3, 1]);
  assert.equal(await scene.rows(), "0 pending processing");
  const attempts = await scene.store.attemptsOf("w");
  assert.deepEqual(attempts.map(({ isAhead }) => isAhead).sort(), [false, false, true]);
  assert.equal(await scene.store.cancel("job-0"), "requested");
  const { settled, stale, cancelled } = await worker.tick({
    ended: claims.slice(1).map((claim) => end(claim)),
  });
  assert.deepEqual([settled.length, stale, cancelled], [2, [], [claims[0]!.token]]);
});

Deno.test("whoever steers a reserved job has it written out first", async () => {
  await using scene = await Scene.set(2);
  const worker = await scene.worker("w");
  const claims = await worker.claim(2);
  assert.equal(await scene.store.cancel("job-1"), "requested");
  await scene.store.reportProgress(claims[0]!, { percent: 50, message: null });
  const { settled } = await worker.tick({ ended: claims.map((claim) => end(claim)) });
  assert.deepEqual(settled.map(({ state }) => state), ["completed", "completed"]);
});

Deno.test("reserved jobs of a worker that died are found with their launchers, and settled", async () => {
  await using scene = await Scene.set(3);
  const worker = await scene.worker("dead");
  await worker.claim(3);
  const attempts = await scene.store.attemptsOf("dead");
  assert.deepEqual(attempts.map(({ launcher }) => launcher.pid).sort(), [200, 200, 201]);
  const other = await scene.worker("other", NEVER);
  const ended = attempts.map((attempt) => ({
    ...end({ ...attempt } as unknown as Claim),
    outcome: LOST,
  }));
  await other.tick({ ended, buried: ["dead"] });
  assert.deepEqual((await scene.store.workers()).map(({ id }) => id), ["other"]);
  const { queues: [queue] } = await scene.store.status();
  assert.equal(queue!.counts.processing, 0);
});

Deno.test("whoever may only look finds reserved jobs pending", async () => {
  await using scene = await Scene.set(2);
  const worker = await scene.worker("w");
  const claims = await worker.claim(2);
  const reader = await scene.open(ALWAYS, { readOnly: true });
  assert.equal((await reader.job("job-0"))!.state, "pending");
  const { settled } = await worker.tick({ ended: claims.map((claim) => end(claim)) });
  assert.equal(settled.length, 2);
  assert.equal((await reader.job("job-0"))!.state, "completed");
});

Deno.test("whoever looks finds reserved jobs pending while somebody keeps one of them", async () => {
  await using scene = await Scene.set(2);
  const worker = await scene.worker("w");
  const looker = await scene.open();
  await worker.claim(2);
  await scene.session.script("BEGIN; SELECT FROM job WHERE id = 'job-0' FOR UPDATE");
  for (const _ of ["waits for it", "does not wait again"]) {
    assert.equal((await looker.job("job-1"))!.state, "pending");
  }
  await scene.session.script("COMMIT");
  assert.equal((await scene.store.job("job-1"))!.state, "processing");
});
