import assert from "node:assert/strict";
import { FiringTakenError } from "../../../src/errors.ts";
import type { NewJob } from "../../../src/job/job.ts";
import type { Firing } from "../../../src/store/schedules.ts";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, FAILED, idsOf, launchers, type Register } from "../scene.ts";
import { findSchedule, firing, jobOf, MINUTE, newSchedule } from "./schedule_in.ts";

/** Schedules as workers fire them. */
export function firingTests(test: Register): void {
  test("dueSchedules: what is due and not paused, at its time and not before", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    const due = async () => (await worker.tick()).dueSchedules.map(({ name }) => name);
    await store.addSchedule(newSchedule(scene));
    await store.addSchedule(newSchedule(scene, { name: "paused" }));
    await store.addSchedule(newSchedule(scene, { name: "over", nextAt: null }));
    await store.addSchedule(newSchedule(scene, { name: "first", nextAt: scene.now + 5 }));
    await store.pauseSchedule("paused", true);
    assert.deepEqual(await due(), []);
    scene.advance(MINUTE - 1);
    assert.deepEqual(await due(), ["first"]);
    scene.advance(1);
    assert.deepEqual(await due(), ["first", "tick"]);
    const { dueSchedules, now } = await worker.tick();
    assert.deepEqual(dueSchedules, [await findSchedule(store, "first"), await findSchedule(store)]);
    assert.equal(now, scene.now);
  });

  test("dueSchedules: many that are due come by and by", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    for (let index = 0; index < 150; index++) {
      await store.addSchedule(newSchedule(scene, { name: `s${index}`, nextAt: scene.now + index }));
    }
    scene.advance(MINUTE);
    const seen: string[] = [];
    for (let due = (await worker.tick()).dueSchedules; due.length > 0;) {
      seen.push(...due.map(({ name }) => name));
      const firings = due.map(({ name: schedule, nextAt }) =>
        firing(scene, [], { schedule, expected: nextAt! })
      );
      due = (await worker.tick({ firings })).dueSchedules;
    }
    const names = Array.from({ length: 150 }, (_, index) => `s${index}`);
    assert.deepEqual(seen.slice(0, 100), names.slice(0, 100));
    assert.deepEqual(seen.toSorted(), names.toSorted());
  });

  test("dueSchedules: many that nobody can fire do not hide the others", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    for (let index = 0; index < 350; index++) {
      await store.addSchedule(newSchedule(scene, { name: `s${index}`, nextAt: scene.now + index }));
    }
    scene.advance(MINUTE);
    const seen = new Set<string>();
    for (let ticks = 0; ticks < 30; ticks++) {
      scene.advance(777);
      for (const { name } of (await worker.tick()).dueSchedules) seen.add(name);
    }
    assert.equal(seen.size, 350);
  });

  test("nextDueIn: the time until a schedule is due; one that is due already does not count", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    const nextDueIn = async () => (await worker.tick()).nextDueIn;
    assert.equal(await nextDueIn(), null);
    await store.addSchedule(newSchedule(scene));
    assert.equal(await nextDueIn(), MINUTE);
    await store.addSchedule(newSchedule(scene, { name: "soon", nextAt: scene.now + 7 }));
    assert.equal(await nextDueIn(), 7);
    scene.advance(7);
    assert.equal(await nextDueIn(), MINUTE - 7);
    await store.pauseSchedule("tick", true);
    assert.equal(await nextDueIn(), null);
  });

  test("firings: enqueue a job that says where it comes from, and move the schedule on", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    const fireTime = scene.now;
    scene.advance(3);
    const fired = firing(scene, [fireTime]);
    const [{ id }] = fired.jobs as [NewJob];
    const result = await worker.tick({ firings: [fired], free: launchers(1) });
    assert.deepEqual(result.fired, [{ schedule: "tick", fireTime, jobId: id, skipped: null }]);
    assert.deepEqual(idsOf(result.claimed), [id], "it is claimed by the same tick");
    assert.deepEqual([result.dueSchedules, result.nextDueIn], [[], MINUTE]);
    const job = await scene.job(id);
    assert.deepEqual([job.schedule, job.fireTime], ["tick", fireTime]);
    const { lastAt, lastJob, nextAt } = await findSchedule(store);
    assert.deepEqual([lastAt, lastJob, nextAt], [fireTime, id, scene.now + MINUTE]);
  });

  test("firings: several of one schedule, oldest first, and none that never comes again", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene));
    const times = [1, 2, 3].map((minutes) => scene.now + minutes * MINUTE);
    scene.advance(3 * MINUTE);
    const fired = firing(scene, times, { nextAt: null });
    const result = await worker.tick({ firings: [fired] });
    assert.deepEqual(result.fired.map(({ fireTime }) => fireTime), times);
    assert.deepEqual(await worker.workThrough(), idsOf(fired.jobs));
    const { lastAt, nextAt } = await findSchedule(store);
    assert.deepEqual([lastAt, nextAt], [times[2], null]);
    scene.advance(1000 * MINUTE);
    assert.deepEqual((await worker.tick()).dueSchedules, []);
  });

  test("firings: two workers that bring the same enqueue one job", async (scene) => {
    const { store } = scene;
    const [one, two] = [await scene.worker("one"), await scene.worker("two")];
    await store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    const [first, second] = [firing(scene, [scene.now]), firing(scene, [scene.now])];
    assert.equal((await one.tick({ firings: [first] })).fired.length, 1);
    assert.deepEqual((await two.tick({ firings: [second] })).fired, []);
    assert.deepEqual(idsOf(await store.jobs({})), idsOf(first.jobs));
  });

  test("firings: however many workers race, each fires once", async (scene) => {
    const workers = await Promise.all(
      Array.from(
        { length: 6 },
        async (_, index) => await scene.worker(`w${index}`, {}, await scene.open()),
      ),
    );
    await scene.store.addSchedule(newSchedule(scene));
    const due: number[] = [];
    for (let round = 0; round < 10; round++) {
      scene.advance(MINUTE);
      due.push(scene.now);
      const fired = await Promise.all(
        workers.map((worker) => worker.tick({ firings: [firing(scene, [scene.now])] })),
      );
      assert.equal(fired.flatMap(({ fired }) => fired).length, 1);
    }
    const jobs = await scene.store.jobs({ oldestFirst: true });
    assert.deepEqual(jobs.map(({ fireTime }) => fireTime), due);
  });

  test("firings: nothing happens to a schedule that moved, was paused, removed or never there", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    const brings = async (overrides: Partial<Firing> = {}) => {
      const { fired } = await worker.tick({ firings: [firing(scene, [scene.now], overrides)] });
      return [fired, await store.count({})];
    };
    await store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    assert.deepEqual(await brings({ expected: scene.now - 1 }), [[], 0]);
    assert.deepEqual(await brings({ schedule: "nope" }), [[], 0]);
    await store.pauseSchedule("tick", true);
    assert.deepEqual(await brings(), [[], 0]);
    assert.equal((await findSchedule(store)).nextAt, scene.now);
    await store.pauseSchedule("tick", false, scene.now + 9);
    assert.deepEqual(await brings(), [[], 0]);
    await store.removeSchedule("tick");
    assert.deepEqual(await brings(), [[], 0]);
    assert.deepEqual(await store.schedules(), []);
  });

  test("firings: a schedule that was removed and added again does not fire a time twice", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    await worker.tick({ firings: [firing(scene, [scene.now])] });
    await store.removeSchedule("tick");
    await store.addSchedule(newSchedule(scene, { nextAt: scene.now }));
    const { fired } = await worker.tick({ firings: [firing(scene, [scene.now])] });
    assert.deepEqual([fired, await store.count({})], [[], 1]);
    assert.equal((await findSchedule(store)).nextAt, scene.now + MINUTE);
  });

  test("firings: overlap skip leaves a firing out while an earlier job has not ended", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene, { overlap: "skip" }));
    await scene.enqueue("other");
    const next = async () => {
      scene.advance(MINUTE);
      const { fired } = await worker.tick({ firings: [firing(scene, [scene.now])] });
      return fired[0]!;
    };
    const first = await next();
    assert.equal(first.skipped, null);
    const skipped = await next();
    assert.equal(skipped.jobId, null);
    assert.match(skipped.skipped!, new RegExp(first.jobId!));
    assert.equal((await findSchedule(store)).lastJob, first.jobId);
    const claims = await worker.claim(2);
    assert.equal((await next()).jobId, null, "it runs");
    await worker.settle(claims, FAILED);
    assert.notEqual((await next()).jobId, null, "it is dead");
  });

  test("firings: overlap skip holds among the firings of one tick, and allow does not skip", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene, { overlap: "skip" }));
    await store.addSchedule(newSchedule(scene, { name: "allow" }));
    const times = [scene.now + MINUTE, scene.now + 2 * MINUTE];
    scene.advance(2 * MINUTE);
    const allowed = firing(scene, times, {
      schedule: "allow",
      jobs: times.map((time) => jobOf(scene, time, { schedule: "allow" })),
    });
    const { fired } = await worker.tick({ firings: [firing(scene, times), allowed] });
    assert.deepEqual(fired.map(({ skipped }) => skipped === null), [true, false, true, true]);
  });

  test("firings: one whose unique key is taken is skipped, and the schedule moves on", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene));
    await scene.enqueue("holder", { uniqueKey: "key" });
    const next = async () => {
      scene.advance(MINUTE);
      const jobs = [jobOf(scene, scene.now, { uniqueKey: "key" })];
      const { fired } = await worker.tick({ firings: [firing(scene, [scene.now], { jobs })] });
      return fired[0]!;
    };
    const skipped = await next();
    assert.deepEqual([skipped.jobId, skipped.fireTime], [null, scene.now]);
    assert.match(skipped.skipped!, /holder/);
    assert.equal((await findSchedule(store)).nextAt, scene.now + MINUTE);
    await worker.settle([await worker.claimOne()], COMPLETED);
    assert.notEqual((await next()).jobId, null);
    assert.equal((await next()).jobId, null, "its own job holds the key");
  });

  test("firings: a job with a delay is scheduled, and has its environment and input", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    const jobs = [jobOf(scene, scene.now, { delay: 500, env: { A: "1" }, stdin: "text" })];
    await worker.tick({ firings: [firing(scene, [scene.now], { jobs })] });
    const { state, runAt } = await scene.job(jobs[0]!.id);
    assert.deepEqual([state, runAt], ["scheduled", scene.now + 500]);
    scene.advance(500);
    const { env, stdin } = await worker.claimOne();
    assert.deepEqual([env, stdin], [{ A: "1" }, "text"]);
  });

  test("enqueue: a second job of a schedule for one time is a conflict", async (scene) => {
    const job = jobOf(scene, scene.now);
    await scene.store.enqueue([job]);
    const again = jobOf(scene, scene.now);
    await assert.rejects(scene.store.enqueue([newJob("other"), again]), FiringTakenError);
    assert.equal(await scene.store.count({}), 1);
  });

  test("firings: a worker that others have given up fires too, and claims nothing", async (scene) => {
    const worker = await scene.worker("w");
    await scene.store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    await scene.store.leave("w");
    const fired = firing(scene, [scene.now]);
    const result = await worker.tick({ firings: [fired], free: launchers(1) });
    assert.deepEqual([result.evicted, result.fired.length, result.claimed], [true, 1, []]);
  });
}
