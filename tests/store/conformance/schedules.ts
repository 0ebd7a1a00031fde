import assert from "node:assert/strict";
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import type { NewSchedule } from "../../../src/store/schedules.ts";
import type { Register } from "../scene.ts";
import { findSchedule, firing, MINUTE, newSchedule } from "./schedule_in.ts";

/** Schedules as users keep them. */
export function scheduleTests(test: Register): void {
  test("addSchedule: stores all of it; schedules: lists by name", async (scene) => {
    const { store } = scene;
    assert.deepEqual(await store.schedules(), []);
    const nightly: NewSchedule = {
      name: "nightly",
      cron: "30 2 * * *",
      timezone: "America/New_York",
      catchUp: "all",
      overlap: "skip",
      spec: '{"command":"echo \\"ü\\"","env":{"A":"1"}}',
      nextAt: null,
    };
    await store.addSchedule(nightly);
    await store.addSchedule(newSchedule(scene, { name: "A" }));
    const fresh = { paused: false, createdAt: scene.now, lastAt: null, lastJob: null };
    assert.deepEqual(await (await scene.open()).schedules(), [
      { ...newSchedule(scene, { name: "A" }), ...fresh },
      { ...nightly, ...fresh },
    ]);
  });

  test("addSchedule: a taken name is a conflict and changes nothing", async (scene) => {
    const { store } = scene;
    await store.addSchedule(newSchedule(scene));
    const before = await store.schedules();
    await assert.rejects(
      store.addSchedule(newSchedule(scene, { cron: "@daily" })),
      (error) => error instanceof ConflictError && /tick/.test(error.message),
    );
    assert.deepEqual(await store.schedules(), before);
  });

  test("addSchedule: replace takes the place; a pause and what was enqueued last stay", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    const fired = firing(scene, [scene.now]);
    await worker.tick({ firings: [fired] });
    await store.pauseSchedule("tick", true);
    const before = await findSchedule(store);
    const other = newSchedule(scene, {
      cron: "@daily",
      timezone: "UTC",
      catchUp: "one",
      overlap: "skip",
      spec: '{"command":"false"}',
      nextAt: scene.now + 5,
    });
    await store.addSchedule(other, true);
    assert.deepEqual(await store.schedules(), [{ ...before, ...other }]);
    assert.equal(before.lastJob, fired.jobs[0]!.id);
    await store.addSchedule(newSchedule(scene, { name: "new" }), true);
    assert.equal((await store.schedules()).length, 2);
  });

  test("addSchedule: of two at the same moment one is stored", async (scene) => {
    const other = await scene.open();
    const results = await Promise.allSettled(
      [scene.store, other].map((store, index) =>
        store.addSchedule(newSchedule(scene, { spec: `{"command":"${index}"}` }))
      ),
    );
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await scene.store.schedules()).length, 1);
  });

  test("pauseSchedule: says whether it changed anything, and moves the next firing if asked", async (scene) => {
    const { store } = scene;
    const nextAt = scene.now + MINUTE;
    await store.addSchedule(newSchedule(scene));
    const shown = async () => {
      const { paused, nextAt } = await findSchedule(store);
      return [paused, nextAt];
    };
    assert.equal(await store.pauseSchedule("tick", false, 7), false);
    assert.deepEqual(await shown(), [false, nextAt]);
    assert.equal(await store.pauseSchedule("tick", true), true);
    assert.equal(await store.pauseSchedule("tick", true, 7), false);
    assert.deepEqual(await shown(), [true, nextAt]);
    assert.equal(await store.pauseSchedule("tick", false), true);
    assert.deepEqual(await shown(), [false, nextAt]);
    await store.pauseSchedule("tick", true);
    assert.equal(await store.pauseSchedule("tick", false, nextAt + 1), true);
    assert.deepEqual(await shown(), [false, nextAt + 1]);
    await store.pauseSchedule("tick", true, null);
    assert.deepEqual(await shown(), [true, null]);
  });

  test("pauseSchedule and removeSchedule: an unknown name is not found", async ({ store }) => {
    const isNotFound = (error: unknown) =>
      error instanceof NotFoundError && /nope/.test(error.message);
    await assert.rejects(store.pauseSchedule("nope", true), isNotFound);
    await assert.rejects(store.removeSchedule("nope"), isNotFound);
  });

  test("removeSchedule: its jobs stay", async (scene) => {
    const { store } = scene;
    const worker = await scene.worker("w");
    await store.addSchedule(newSchedule(scene));
    scene.advance(MINUTE);
    const fired = firing(scene, [scene.now]);
    await worker.tick({ firings: [fired] });
    await store.removeSchedule("tick");
    assert.deepEqual(await store.schedules(), []);
    const job = await scene.job(fired.jobs[0]!.id);
    assert.deepEqual([job.state, job.schedule], ["pending", "tick"]);
  });
}
