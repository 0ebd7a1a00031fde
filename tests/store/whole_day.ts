/**
 * Everything that workers and users ask of a store again and again, so that a test can look at the
 * statements.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ConflictError, NotFoundError, UsageError } from "../../src/errors.ts";
import type { MovedJob } from "../../src/job/record.ts";
import { STATES } from "../../src/job/state.ts";
import { BULK_ACTIONS, JOB_SORTS, type PageFilter } from "../../src/store/paging.ts";
import type { NewSchedule } from "../../src/store/schedules.ts";
import type { JobFilter, Store } from "../../src/store/store.ts";
import { job, newJob } from "../job/jobs.ts";
import { after, chunk, COMPLETED, FAILED, launchers, type Scene, type Worker } from "./scene.ts";

/** Calls every method of the port, in each of the ways that make a statement of their own. */
export async function liveADay(scene: Scene): Promise<void> {
  const { store } = scene;
  await store.enqueue([newJob("a"), newJob("b", { maxRetries: 1 }), newJob("c")]);
  const worker = await scene.worker("w");
  await scene.worker("other");
  const [a, b, c] = await worker.claim(3);
  await worker.tick({
    output: [{ ...a!, chunk: chunk(a!.token, 0, "x") }],
    observed: new Map([["other", { heartbeat: 0, unmovedFor: 5000 }]]),
  });
  await store.reportProgress(a!, { percent: 40, message: "half" });
  await store.cancel("c");
  await worker.tick({
    ended: [
      worker.end(a!, COMPLETED, {
        chunks: [chunk(a!.token, 1, "y", { dropped: { from: 0, to: 1 } })],
      }),
      worker.end(b!, FAILED),
      worker.end(c!, FAILED, { replacesOutput: true }),
    ],
    free: launchers(3),
    buried: ["other"],
  });
  await waitForMany(scene, worker);
  await moveSome(store);
  await store.attemptsOf("w");
  await store.beat("w");
  await store.job("a");
  await store.attempts("a");
  await store.output("a", 1, 0);
  await lookForSome(store);
  await pageThrough(scene);
  await actOnMany(scene, worker);
  await store.status();
  await store.workers();
  for (const queue of ["default", "mail"]) {
    await store.enqueue([newJob(`later-${queue}`, { queue, delay: 1_000_000 })]);
    await store.outstanding(null, 1000, "a");
    await store.outstanding(["default"], 1000);
  }
  await store.retry("a", ["completed"]);
  await store.retryAll("dead");
  await store.standing("a");
  await store.queues();
  await store.requestSlots(["w"], 3);
  await store.requestStop(["w"], "now");
  await store.removeEnded({ states: ["cancelled"], before: scene.now + 1 });
  await fireMany(scene, worker);
  await store.settings();
  await store.configure("lease", "30s");
  await store.configure("lease", null);
  await store.leave("w");
}

/** Parents, times, keys, limits: whatever keeps a job from running. */
async function waitForMany(scene: Scene, worker: Worker): Promise<void> {
  const { store } = scene;
  await store.configureQueue("mail", { limit: 9, rate: { count: 9, period: 1000 } }, {
    create: true,
  });
  const mail = { queue: "mail", env: { A: "b" }, stdin: "text" };
  await store.enqueue([
    newJob("parent", mail),
    newJob("child", { ...mail, after: after("parent") }),
    newJob("grandchild", { ...mail, after: after("child"), held: true }),
    newJob("late", { ...mail, delay: 1000, uniqueKey: "k" }),
    newJob("held", { ...mail, held: true }),
  ]);
  for (const ifExists of ["return", "replace"] as const) {
    await store.enqueue([newJob(`new-${ifExists}`, { uniqueKey: "k", delay: 1000 })], ifExists);
  }
  await store.release("held");
  await store.edit("held", { priority: 5, delay: 5 });
  await worker.run(FAILED);
  await store.retry("parent", ["dead"]);
  await worker.run(COMPLETED);
  await store.cancel("child");
  scene.advance(5000);
  await worker.workThrough(9);
  await store.standing("grandchild");
  await assert.rejects(store.remove("held", ["held"]), ConflictError);
  await store.remove("held", ["completed"]);
  await store.removeEnded({ states: ["completed"], queue: "mail", before: scene.now + 1 }, 5);
}

/** Out of the store in portions, and into it. */
async function moveSome(store: Store): Promise<void> {
  for (const oldestFirst of [true, false]) {
    for (
      const filter of [{}, { states: ["dead", "completed"], queue: "mail", tag: "x" } as const]
    ) {
      for await (const _ of store.keptPortions({ ...filter, oldestFirst }));
      for await (const _ of store.portions({ ...filter, oldestFirst }));
    }
  }
  const moved: MovedJob = {
    job: job({
      id: "moved",
      state: "blocked",
      after: after("a"),
      uniqueKey: "moved",
      schedule: "moved",
      fireTime: 5,
    }),
    runs: 1,
    cancelledBy: null,
    waitsFor: ["a"],
    stdin: "text",
    attempts: await store.attempts("a"),
    env: {},
    output: (await store.output("a", 1, 0)).map((piece) => ({ attempt: 1, ...piece })),
  };
  await store.findTaken({
    ids: ["a"],
    uniqueKeys: ["moved"],
    firings: [{ schedule: "moved", fireTime: 5 }],
  });
  await store.importJobs([moved], { skipExisting: true });
}

/** Lists by each filter, alone and together, and what is found by a part of its id. */
async function lookForSome(store: Store): Promise<void> {
  const common = Array.from({ length: 2000 }, (_, i) => newJob(`common-${i}`, { held: true }));
  await store.enqueue([newJob("listed", { queue: "mail" }), ...common]);
  for (
    const states of [undefined, ["dead"], ["pending"], ["processing", "dead"], STATES] as const
  ) {
    for (const queue of [undefined, "mail"]) {
      for (const tag of [undefined, "x"]) {
        for (const idPrefix of [undefined, "mo", "common"]) {
          const filter: JobFilter = {
            ...states && { states },
            ...queue !== undefined && { queue },
            ...tag !== undefined && { tag },
            ...idPrefix !== undefined && { idPrefix },
          };
          await store.count(filter);
          await store.jobs(filter);
          await store.jobs({ ...filter, limit: 20, oldestFirst: true });
        }
      }
    }
  }
  await assert.rejects(store.resolve("nothing"), NotFoundError);
}

/** Pages in each order, by each filter, from the beginning and from a cursor. */
async function pageThrough({ store, now }: Scene): Promise<void> {
  const states = [undefined, ["pending"], ["dead"], ["dead", "completed"], STATES] as const;
  for (const sort of JOB_SORTS) {
    for (const among of states) {
      for (const queue of [undefined, "mail"]) {
        for (const more of [{}, { tag: "x" }, { text: "a" }, { error: "exit code 1" }, ALL_MORE]) {
          const filter = { ...among && { states: among }, ...queue && { queue }, ...more };
          try {
            const { next } = await store.page(filter, { limit: 1, sort });
            if (next !== null) await store.page(filter, { limit: 1, sort, cursor: next });
          } catch (error) {
            if (!(error instanceof UsageError)) throw error;
          }
        }
      }
    }
  }
  await store.running(9);
  await store.revision();
  for (const queue of [undefined, "mail"]) {
    await store.statistics(now - 3_600_000, now, queue === undefined ? {} : { queue });
  }
  await store.totals();
}

const ALL_MORE = { tag: "x", text: "a", error: "exit code 1", idPrefix: "c" };

/** What is done to many at once, and statistics that are old. */
async function actOnMany(scene: Scene, worker: Worker): Promise<void> {
  const { store } = scene;
  const filter: PageFilter = { queue: "many", tag: "x", text: "m" };
  for (const action of BULK_ACTIONS) {
    await store.enqueue([newJob(`many-${action}`, { queue: "many", tags: ["x"], held: true })]);
    if (action === "retry") await store.cancel("many-retry");
    await store.actOnAll(action, filter, { limit: 5 });
    await store.actOnEach(action, ["nobody", `many-${action}`]);
  }
  for (const states of [["dead"], ["cancelled"]] as const) {
    await store.removeEnded({ states, queue: "many", before: scene.now, error: "cancelled" });
  }
  for (const id of ["old-1", "old-2"]) {
    await store.enqueue([newJob(id, { queue: "many", priority: 1000 })]);
    await worker.run(FAILED);
    scene.advance(26 * 3_600_000);
  }
  scene.advance(-52 * 3_600_000);
  await store.errorGroups(9);
}

/** More schedules than a tick names, one of which fires. */
async function fireMany({ store, now }: Scene, worker: Worker): Promise<void> {
  const schedule: NewSchedule = {
    name: "s",
    cron: "* * * * *",
    timezone: "UTC",
    catchUp: "all",
    overlap: "skip",
    spec: "{}",
    nextAt: now,
  };
  for (let i = 0; i < 102; i++) await store.addSchedule({ ...schedule, name: `s-${i}` });
  await store.addSchedule({ ...schedule, name: "s-0" }, true);
  const firing = newJob("fired", { schedule: "s-0", fireTime: now, uniqueKey: "fired" });
  await worker.tick({
    firings: [{ schedule: "s-0", expected: now, jobs: [firing], nextAt: now + 60_000 }],
  });
  await store.pauseSchedule("s-0", true, null);
  await store.schedules();
  await store.removeSchedule("s-0");
}
