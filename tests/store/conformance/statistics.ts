import assert from "node:assert/strict";
import type { Outcome } from "../../../src/job/outcome.ts";
import { bucketOf } from "../../../src/observe/durations.ts";
import type { Store } from "../../../src/store/store.ts";
import { job, newJob } from "../../job/jobs.ts";
import { COMPLETED, ENDED, FAILED, HANDED_BACK, LOST, type Register } from "../scene.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const LOGGED = {
  ...{ attempt: 1, outcome: "completed", exitCode: 0, error: null } as const,
  ...{ workerId: "w", host: "h", outputBytes: 0 },
};

/** What became of attempts, counted. */
export function statisticsTests(test: Register): void {
  test("totals: each attempt that ended, by queue and outcome, with its duration", async (scene) => {
    const outcomes: readonly Outcome[] = [
      COMPLETED,
      FAILED,
      { kind: "not_started", error: "there is no directory /gone" },
      { kind: "timed_out", timeout: 5, exitCode: null },
      LOST,
      ENDED,
      HANDED_BACK,
    ];
    const worker = await scene.worker("w");
    assert.deepEqual(await scene.store.totals(), []);
    for (const [index, outcome] of outcomes.entries()) {
      for (const queue of ["b", "a"]) {
        await scene.enqueue(`${queue}${index}`, { queue, maxRetries: 1, backoffBase: 1000 });
        const claim = await worker.claimOne();
        scene.advance(100 + index);
        await worker.settle([claim], outcome);
        if (outcome === HANDED_BACK) await scene.store.cancel(claim.jobId);
      }
    }
    const expected = ["a", "b"].flatMap((queue) =>
      outcomes.map(({ kind }, index) => ({
        ...{ queue, outcome: kind, count: 1, totalDuration: 100 + index },
        durations: new Map([[bucketOf(100 + index), 1]]),
      }))
    );
    const byName = (a: { readonly outcome: string }, b: { readonly outcome: string }) =>
      a.outcome < b.outcome ? -1 : 1;
    const totals = await scene.store.totals();
    assert.deepEqual(totals.map(({ queue }) => queue), expected.map(({ queue }) => queue));
    for (const queue of ["a", "b"]) {
      assert.deepEqual(
        totals.filter((each) => each.queue === queue).sort(byName),
        expected.filter((each) => each.queue === queue).sort(byName),
      );
    }
  });

  test("totals: an attempt that never began, or whose job has moved on, is none", async (scene) => {
    await scene.store.enqueue([newJob("a"), newJob("b")]);
    const worker = await scene.worker("w");
    const [a, b] = await worker.claim(2);
    await worker.settle([a!], { kind: "unclaimed" });
    await worker.settle([b!], COMPLETED);
    await worker.settle([a!, b!], FAILED);
    await worker.tick({ ended: [b!, b!].map((claim) => worker.end(claim, COMPLETED)) });
    assert.deepEqual(await counts(scene.store), "default completed 1");
  });

  test("totals: of a queue with whatever name", async (scene) => {
    const queues = ['a b\n1 c completed 5 1 1\n"', "\u0001 \u2028é\\"];
    const worker = await scene.worker("w");
    for (const queue of queues) {
      await scene.enqueue(queue, { queue });
      await worker.settle([await worker.claimOne()], COMPLETED);
    }
    const totals = await scene.store.totals();
    assert.deepEqual(totals.map(({ queue, count }) => [queue, count]), [
      [queues[1], 1],
      [queues[0], 1],
    ]);
  });

  test("totals: of what brief ticks settle, too, through several handles, and never go down", async (scene) => {
    const { store } = scene;
    await store.enqueue(Array.from({ length: 900 }, (_, i) => newJob(`j${i}`)));
    const other = await scene.open();
    const workers = [await scene.worker("w"), await scene.worker("v", {}, other)];
    for (let done = 0; done < 900; done += 2) {
      for (const worker of workers) {
        const claims = await worker.claim(1);
        await worker.tickBriefly({ ended: claims.map((claim) => worker.end(claim, COMPLETED)) });
      }
      if (done % 300 === 0) {
        assert.equal(await counts(other), `default completed ${done + 2}`);
        assert.equal(await counts(store), `default completed ${done + 2}`);
      }
    }
    await store.removeEnded({ states: ["completed"], before: scene.now + 1 });
    assert.equal(await counts(store), "default completed 900");
    const { points } = await store.statistics(scene.now, scene.now + 1);
    assert.deepEqual(points.map(({ count }) => count), [900]);
  });

  test("totals: where it was claimed ahead an attempt is as long as its command ran", async (scene) => {
    await scene.store.enqueue([newJob("a"), newJob("b", { maxRetries: 1 })]);
    const worker = await scene.worker("w");
    const [a, b] = await worker.claim(2);
    scene.advance(1000);
    await worker.tick({
      ended: [
        worker.end(a!, COMPLETED, { startedAt: scene.now - 7 }),
        // A clock that was set back.
        worker.end(b!, FAILED, { startedAt: scene.now + 7 }),
      ],
    });
    const durations = (await scene.store.totals()).map(({ totalDuration }) => totalDuration);
    assert.deepEqual(durations.toSorted(), [0, 7]);
  });

  test("totals: jobs that are imported bring none", async ({ store }) => {
    const attempt = { ...LOGGED, startedAt: 5, finishedAt: 9 };
    await store.importJobs([
      {
        job: job({ id: "a", state: "completed", attempts: 1, finishedAt: 9 }),
        ...{ runs: 1, cancelledBy: null, waitsFor: [], stdin: null, env: {}, output: [] },
        attempts: [attempt],
      },
    ], { skipExisting: false });
    assert.equal((await store.attempts("a")).length, 1);
    assert.deepEqual(await store.totals(), []);
  });

  test("statistics: by the minute in which attempts ended, of all queues or of one", async (scene) => {
    const { store } = scene;
    const start = Math.ceil(scene.now / HOUR) * HOUR;
    scene.advance(start - scene.now);
    const worker = await scene.worker("w");
    const run = async (queue: string, outcome: Outcome, wait: number, lasts: number) => {
      scene.advance(wait);
      await scene.enqueue(scene.newId("job"), { queue });
      const claim = await worker.claimOne();
      scene.advance(lasts);
      await worker.settle([claim], outcome);
    };
    await run("a", COMPLETED, 0, 0);
    await run("b", COMPLETED, 0, MINUTE - 1);
    await run("a", FAILED, 0, 1);
    await run("a", COMPLETED, 2 * MINUTE, 10);
    const seen = async (since: number, until: number, queue?: string) => {
      const statistics = await store.statistics(since, until, queue === undefined ? {} : { queue });
      assert.equal(statistics.step, MINUTE);
      return statistics.points.map(({ at, outcome, count, totalDuration, durations }) => {
        const inBuckets = [...durations].map(([bucket, count]) => `${bucket}x${count}`).sort();
        return `${(at - start) / MINUTE} ${outcome} ${count} ${totalDuration} ${inBuckets}`;
      });
    };
    const long = bucketOf(MINUTE);
    assert.deepEqual(await seen(start, start + HOUR), [
      `0 completed 2 59999 0x1,${long}x1`,
      "1 failed 1 1 0x1",
      `3 completed 1 10 ${bucketOf(10)}x1`,
    ]);
    assert.deepEqual(await seen(start, start + HOUR, "b"), [`0 completed 1 59999 ${long}x1`]);
    assert.deepEqual(await seen(start, start + HOUR, "none"), []);
    assert.deepEqual(await seen(start + MINUTE, start + 3 * MINUTE), ["1 failed 1 1 0x1"]);
    // What was asked for is rounded to whole steps.
    const { since, until } = await store.statistics(start + 1, start + MINUTE + 1);
    assert.deepEqual([since, until], [start, start + 2 * MINUTE]);
    assert.equal((await seen(start + 1, start + MINUTE + 1)).length, 2);
  });

  test("statistics: what brief ticks settled is of its minute alone", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    await worker.tickBriefly({ ended: [worker.end(claim, COMPLETED)] });
    const at = scene.now;
    const settled = async (since: number, until: number) =>
      (await scene.store.statistics(at + since, at + until)).points.map(({ count }) => count);
    assert.deepEqual(await settled(-5 * MINUTE, 5 * MINUTE), [1]);
    assert.deepEqual(await settled(-5 * MINUTE, -MINUTE), []);
    assert.deepEqual(await settled(MINUTE, 5 * MINUTE), []);
  });

  test("statistics: by the quarter of an hour where the span is long", async (scene) => {
    const { store } = scene;
    const start = Math.ceil(scene.now / DAY) * DAY;
    scene.advance(start - scene.now);
    const worker = await scene.worker("w");
    for (let minute = 0; minute < 60; minute += 5) {
      await scene.enqueue(`j${minute}`);
      await worker.run(minute === 20 ? FAILED : COMPLETED);
      scene.advance(5 * MINUTE);
    }
    const { step, points } = await store.statistics(scene.now - DAY, scene.now);
    assert.equal(step, 15 * MINUTE);
    assert.deepEqual(
      points.map(({ at, outcome, count }) => `${(at - start) / step} ${outcome} ${count}`).sort(),
      ["0 completed 3", "1 completed 2", "1 failed 1", "2 completed 3", "3 completed 3"],
    );
    const short = await store.statistics(scene.now - 3 * HOUR, scene.now);
    assert.deepEqual([short.step, short.points.length], [MINUTE, 12]);
  });

  test("statistics: are forgotten after eight days, and totals never", async (scene) => {
    const { store } = scene;
    const start = scene.now;
    const worker = await scene.worker("w");
    let runs = 0;
    const count = async (since: number, until: number) =>
      (await store.statistics(since, until)).points.reduce((sum, { count }) => sum + count, 0);
    // What is old is looked for with what is new, now and then, and a little at a time.
    const runUntilNone = async (since: number, until: number) => {
      const before = runs;
      do {
        await scene.enqueue(scene.newId("job"));
        await worker.run(COMPLETED);
        runs++;
      } while (await count(since, until) > 0 && runs < before + 500);
      return runs - before;
    };
    for (let day = 0; day < 3; day++) {
      await runUntilNone(0, 0);
      scene.advance(DAY);
    }
    // The minutes of the days before are gone, the quarters are not.
    const last = await runUntilNone(start, start + HOUR);
    assert.equal(await count(start, start + HOUR), 0);
    assert.equal(await count(scene.now - HOUR, scene.now + 1), last);
    assert.equal(await count(start, scene.now + 1), 3 + last);
    scene.advance(8 * DAY + HOUR);
    const late = await runUntilNone(start, scene.now - DAY);
    assert.equal(await count(start, scene.now - DAY), 0);
    assert.equal(await count(scene.now - DAY, scene.now + 1), late);
    assert.equal(await counts(store), `default completed ${runs}`);
  });
}

async function counts(store: Store): Promise<string> {
  const totals = await store.totals();
  return totals.map(({ queue, outcome, count }) => `${queue} ${outcome} ${count}`).join("; ");
}
