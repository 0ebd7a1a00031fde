import assert from "node:assert/strict";
import type { NewJob } from "../../../src/job/job.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, idsOf, launchers, type Register } from "../scene.ts";

const HOUR = 3_600_000;

/** Jobs that are not to run before a time. */
export function whenTests(test: Register): void {
  test("run_at: a time to come is scheduled, any other is pending", async (scene) => {
    const cases: [Partial<NewJob>, string, number | null][] = [
      [{ runAt: scene.now + 1 }, "scheduled", scene.now + 1],
      [{ runAt: scene.now }, "pending", null],
      [{ runAt: scene.now - HOUR }, "pending", null],
      [{ runAt: 0 }, "pending", null],
      [{ runAt: 253_402_300_799_999 }, "scheduled", 253_402_300_799_999],
      [{ delay: 1 }, "scheduled", scene.now + 1],
      [{ delay: HOUR }, "scheduled", scene.now + HOUR],
      [{ delay: 0 }, "pending", null],
    ];
    for (const [index, [when, state, runAt]] of cases.entries()) {
      await scene.enqueue(`job-${index}`, when);
      const job = await scene.job(`job-${index}`);
      assert.deepEqual([job.state, job.runAt], [state, runAt], JSON.stringify(when));
    }
  });

  test("run_at: a scheduled job is due at its time and not before", async (scene) => {
    await scene.enqueue("a", { delay: 5000 });
    const worker = await scene.worker("w");
    assert.equal((await worker.tick()).nextDueIn, 5000);
    scene.advance(4999);
    const early = await worker.tick({ free: launchers(1) });
    assert.deepEqual([early.claimed, early.nextDueIn], [[], 1]);
    assert.deepEqual(await scene.states("a"), ["scheduled"]);
    scene.advance(1);
    const { claimed, nextDueIn } = await worker.tick({ free: launchers(1) });
    assert.deepEqual([idsOf(claimed), nextDueIn], [["a"], null]);
    assert.equal((await scene.job("a")).runAt, null);
  });

  test("run_at: a due job is pending with no time, also where no slot is free", async (scene) => {
    await scene.enqueue("a", { delay: 5000 });
    const worker = await scene.worker("w");
    scene.advance(HOUR);
    assert.equal((await worker.tick()).nextDueIn, null);
    const job = await scene.job("a");
    assert.deepEqual([job.state, job.runAt], ["pending", null]);
  });

  test("run_at: due jobs are claimed by priority, then arrival, among all others", async (scene) => {
    await scene.store.enqueue([
      newJob("late", { delay: 2000 }),
      newJob("now"),
      newJob("soon", { delay: 1000 }),
      newJob("high", { delay: 3000, priority: 5, queue: "other" }),
      newJob("low", { delay: 10, priority: -5 }),
    ]);
    scene.advance(3000);
    const worker = await scene.worker("w");
    assert.deepEqual(await worker.workThrough(), ["high", "late", "now", "soon", "low"]);
  });

  test("run_at: a clock that is set back takes nothing back", async (scene) => {
    await scene.enqueue("a", { delay: 1000 });
    const worker = await scene.worker("w");
    scene.advance(1000);
    await worker.tick();
    scene.advance(-HOUR);
    assert.deepEqual(idsOf(await worker.claim(1)), ["a"]);
  });

  test("run_at: a storm of due jobs is promoted over several ticks, none forgotten", async (scene) => {
    const jobs = Array.from({ length: 5000 }, (_, index) => newJob(`j${index}`, { delay: 1000 }));
    await scene.store.enqueue(jobs);
    const worker = await scene.worker("w");
    assert.equal((await worker.tick()).nextDueIn, 1000);
    scene.advance(1000);
    assert.equal((await worker.calm()).nextDueIn, null);
    assert.equal(await scene.store.count({ states: ["pending"] }), jobs.length);
  });

  test("nextDueIn: of scheduled and failed jobs the one that is due first", async (scene) => {
    await scene.enqueue("fails", { maxRetries: 1, backoffBase: 4 });
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await scene.store.enqueue([
      newJob("later", { delay: 9000 }),
      newJob("first", { delay: 3000 }),
      newJob("held", { held: true, delay: 1000 }),
      newJob("blocked", { after: after("held"), delay: 500 }),
    ]);
    assert.equal((await worker.tick()).nextDueIn, 3000);
    await scene.store.cancel("first");
    assert.equal((await worker.tick()).nextDueIn, 4000);
    await scene.store.cancel("fails");
    assert.equal((await worker.tick()).nextDueIn, 9000);
  });

  test("cancel: a scheduled job is never due any more", async (scene) => {
    await scene.enqueue("a", { delay: 1000 });
    assert.equal(await scene.store.cancel("a"), "cancelled");
    assert.equal((await scene.job("a")).runAt, null);
    scene.advance(HOUR);
    const worker = await scene.worker("w");
    assert.deepEqual(await worker.claim(1), []);
  });

  test("outstanding: counts what is scheduled within the time, and nothing that is held or blocked", async (scene) => {
    await scene.store.enqueue([
      newJob("soon", { delay: 1000 }),
      newJob("late", { delay: HOUR }),
      newJob("held", { held: true, delay: 1 }),
      newJob("blocked", { after: after("held") }),
    ]);
    assert.equal(await scene.store.outstanding(null, 999), 0);
    assert.equal(await scene.store.outstanding(null, 1000), 1);
    assert.equal(await scene.store.outstanding(["default"], HOUR), 2);
  });

  test("held: nothing lets a held job run but its release", async (scene) => {
    await scene.enqueue("a", { held: true, priority: 1000 });
    const worker = await scene.worker("w");
    scene.advance(HOUR);
    const { claimed, nextDueIn } = await worker.tick({ free: launchers(1) });
    assert.deepEqual([claimed, nextDueIn], [[], null]);
    assert.equal((await scene.job("a")).state, "held");
    assert.equal(await scene.store.release("a"), "pending");
    assert.deepEqual(idsOf(await worker.claim(1)), ["a"]);
  });

  test("release: with a delay the job is scheduled until its time, which began at enqueue", async (scene) => {
    await scene.enqueue("early", { held: true, delay: 5000 });
    await scene.enqueue("late", { held: true, delay: 5000 });
    const due = scene.now + 5000;
    assert.equal((await scene.job("early")).runAt, due);
    scene.advance(2000);
    assert.equal(await scene.store.release("early"), "scheduled");
    assert.equal((await scene.job("early")).runAt, due);
    const worker = await scene.worker("w");
    assert.equal((await worker.tick()).nextDueIn, 3000);
    scene.advance(3000);
    assert.equal(await scene.store.release("late"), "pending");
    assert.equal((await scene.job("late")).runAt, null);
    assert.deepEqual(idsOf(await worker.claim(2)), ["early", "late"]);
  });

  test("release: with parents that have yet to end the job is blocked by them", async (scene) => {
    await scene.store.enqueue([
      newJob("parent", { priority: 1 }),
      newJob("early", { held: true, after: after("parent") }),
      newJob("late", { held: true, after: after("parent") }),
      newJob("later", { held: true, after: after("parent"), delay: 5000 }),
    ]);
    assert.deepEqual(await scene.states("early", "late", "later"), ["held", "held", "held"]);
    assert.equal(await scene.store.release("early"), "blocked");
    const worker = await scene.worker("w");
    await worker.run(COMPLETED);
    await worker.calm();
    assert.deepEqual(await scene.states("early", "late", "later"), ["pending", "held", "held"]);
    assert.equal(await scene.store.release("late"), "pending");
    assert.equal(await scene.store.release("later"), "scheduled");
  });

  test("blocked: with a delay the job is scheduled, or pending, when its parents are done", async (scene) => {
    await scene.store.enqueue([
      newJob("parent"),
      newJob("soon", { after: after("parent"), delay: 1000 }),
      newJob("late", { after: after("parent"), delay: HOUR }),
    ]);
    const due = scene.now + HOUR;
    assert.deepEqual(await scene.states("soon", "late"), ["blocked", "blocked"]);
    scene.advance(2000);
    const worker = await scene.worker("w");
    await worker.run(COMPLETED);
    await worker.calm();
    assert.deepEqual(await scene.states("soon", "late"), ["pending", "scheduled"]);
    const [soon, late] = [await scene.job("soon"), await scene.job("late")];
    assert.deepEqual([soon.runAt, late.runAt], [null, due]);
  });
}
