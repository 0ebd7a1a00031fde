import assert from "node:assert/strict";
import fc from "fast-check";
import { sourcesOf } from "../../../src/job/state.ts";
import type { Durability } from "../../../src/store/sql/engine.ts";
import { Database } from "../../../src/store/sqlite/database.ts";
import type { Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { movedJob } from "../../job/moved_jobs.ts";
import type { NewSchedule } from "../../../src/store/schedules.ts";
import { emptyPlace } from "./place.ts";

/** What `PRAGMA synchronous` answers. */
const NORMAL = 1;
const FULL = 2;

const SCHEDULE: NewSchedule = {
  name: "s",
  cron: "@daily",
  timezone: "UTC",
  catchUp: "none",
  overlap: "allow",
  spec: '{"command":"true"}',
  nextAt: null,
};

const tick = (store: Store) =>
  store.tick({
    worker: "w",
    ended: [],
    output: [],
    free: [],
    observed: new Map(),
    draining: false,
    buried: [],
  });

Deno.test("write: what users are told is done is synced, ticks are not", async () => {
  await using place = await emptyPlace();
  await using store = await place.open();
  await store.join({
    id: "w",
    host: "h",
    hostIdentity: "i",
    process: { pid: 1, startTime: "1" },
    slots: 1,
    queues: null,
  });
  using levels = observeSynchronous();
  const steps: [() => Promise<unknown>, number][] = [
    [() => store.enqueue([newJob("a"), newJob("b")]), FULL],
    [() => tick(store), NORMAL],
    [() => store.cancel("a"), FULL],
    [() => store.retry("a", sourcesOf("retry")), FULL],
    [() => tick(store), NORMAL],
    [() => store.configure("lease", "30s"), FULL],
    [() => store.configureQueue("default", { limit: 9 }), FULL],
    [() => store.enqueue([newJob("held", { held: true })]), FULL],
    [() => store.edit("held", { priority: 1 }), FULL],
    [() => store.release("held"), FULL],
    [() => store.cancel("held"), FULL],
    [() => store.retryAll("dead"), FULL],
    [() => store.importJobs(fc.sample(movedJob("moved", []), 1), { skipExisting: false }), FULL],
    [() => store.addSchedule(SCHEDULE), FULL],
    [() => store.pauseSchedule("s", true), FULL],
    [() => store.removeSchedule("s"), FULL],
    [() => tick(store), NORMAL],
    [() => store.remove("a", ["pending"]), FULL],
    [() => store.removeEnded({ states: ["cancelled"], before: Infinity }), FULL],
  ];
  for (const [step, level] of steps) {
    levels.seen.length = 0;
    await step();
    // A cancel tells the dependents in a transaction of its own.
    assert.ok(levels.seen.length > 0, step.toString());
    assert.deepEqual(levels.seen, levels.seen.map(() => level), step.toString());
  }
});

/** Notes at which level each write transaction runs, until it is disposed of. */
function observeSynchronous(): Disposable & { readonly seen: unknown[] } {
  const { write } = Database.prototype;
  const seen: unknown[] = [];
  Database.prototype.write = function <T>(this: Database, durability: Durability, work: () => T) {
    return write.call(this, durability, () => {
      seen.push(this.get("PRAGMA synchronous")!.synchronous);
      return work();
    }) as Promise<T>;
  };
  return {
    seen,
    [Symbol.dispose]() {
      Database.prototype.write = write;
    },
  };
}
