import assert from "node:assert/strict";
import { ConflictError, NotFoundError, UniqueKeyTakenError } from "../../../src/errors.ts";
import { type State, STATES } from "../../../src/job/state.ts";
import { BULK_ACTIONS, type BulkAction, type PageFilter } from "../../../src/store/paging.ts";
import type { Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { after, FAILED, type Register } from "../scene.ts";
import { jobIn } from "./job_in.ts";

/** What becomes of a job in each state; a job in a state that is not named is left alone. */
const ACTS: Readonly<Record<BulkAction, Partial<Record<State, State | null>>>> = {
  retry: { dead: "pending", cancelled: "pending", failed: "pending", completed: "pending" },
  cancel: {
    held: "cancelled",
    blocked: "cancelled",
    scheduled: "cancelled",
    pending: "cancelled",
    processing: "processing",
    failed: "cancelled",
  },
  release: { held: "pending" },
  delete: Object.fromEntries(
    STATES.filter((state) => state !== "processing").map((state) => [state, null]),
  ),
};

/** What is done to many jobs at once. */
export function bulkTests(test: Register): void {
  test("actOnAll, actOnEach: each action in each state", async (scene) => {
    const { store } = scene;
    for (const action of BULK_ACTIONS) {
      for (const state of STATES) {
        for (const way of ["all", "each"]) {
          const id = await jobIn(scene, state);
          const expected = ACTS[action][state];
          if (way === "all") {
            const { acted } = await actOnAll(store, action, { idPrefix: id });
            assert.equal(acted, expected === undefined ? 0 : 1, `${action} of ${state}`);
          } else {
            const [problem] = await store.actOnEach(action, [id]);
            // To cancel what is cancelled is no mistake.
            const isFine = expected !== undefined || (action === "cancel" && state === "cancelled");
            assert.equal(problem === null, isFine, `${action} of ${state}: ${problem?.message}`);
            if (!isFine) assert.ok(problem instanceof ConflictError);
          }
          const job = await store.job(id);
          assert.equal(job?.state ?? null, expected === undefined ? state : expected);
          assert.equal(
            job?.cancelRequested ?? false,
            action === "cancel" && state === "processing",
          );
        }
      }
    }
  });

  test("actOnEach: who comes back with a parent does not wait for those that are retried after that", async (scene) => {
    await scene.store.enqueue([
      newJob("other"),
      newJob("parent"),
      newJob("child", { after: after("parent", { id: "other", on: "notok" }) }),
    ]);
    const worker = await scene.worker("w");
    for (const _ of ["other", "parent"]) await worker.run(FAILED);
    await worker.calm();
    assert.deepEqual(await scene.store.actOnEach("retry", ["parent", "other"]), [null, null]);
    assert.deepEqual(await worker.workThrough(), ["other", "parent", "child"]);
  });

  test("actOnEach: says of each what became of it, in order, twice of the same too", async (scene) => {
    await scene.enqueue("a", { held: true });
    await scene.enqueue("b");
    const problems = await scene.store.actOnEach("release", ["b", "a", "nobody", "a"]);
    const classes = problems.map((problem) => problem?.constructor ?? null);
    assert.deepEqual(classes, [ConflictError, null, NotFoundError, ConflictError]);
    assert.deepEqual(await scene.store.actOnEach("release", []), []);
  });

  test("actOnAll: all that fit, in portions, and nothing else", async (scene) => {
    const { store } = scene;
    await store.enqueue(
      Array.from(
        { length: 30 },
        (_, i) => newJob(`j${i}`, { queue: i % 2 ? "odd" : "even", tags: i % 3 ? [] : ["third"] }),
      ),
    );
    const done = await actOnAll(store, "cancel", { queue: "odd", tag: "third" }, 2);
    assert.deepEqual(done, { acted: 5, refused: 0, portions: 3 });
    const cancelled = await store.jobs({ states: ["cancelled"], oldestFirst: true });
    assert.deepEqual(cancelled.map(({ id }) => id), ["j3", "j9", "j15", "j21", "j27"]);
    assert.deepEqual(await actOnAll(store, "retry", { states: ["pending"] }, 2), {
      ...{ acted: 0, refused: 0, portions: 1 },
    });
  });

  test("actOnAll: jobs that arrive meanwhile are left alone, and those that moved are asked again", async (scene) => {
    const { store } = scene;
    for (const action of ["cancel", "delete"] as const) {
      const ids = ["a", "b", "c", "d"].map((name) => `${action}-${name}`);
      await store.enqueue(ids.map((id) => newJob(id, { queue: action })));
      const filter: PageFilter = { queue: action, states: ["pending"] };
      let { acted, next } = await store.actOnAll(action, filter, { limit: 2 });
      assert.equal(acted, 2);
      await store.enqueue([newJob(`${action}-new`, { queue: action })]);
      const worker = await scene.worker(`w-${action}`, { queues: [action] });
      const { jobId } = await worker.claimOne();
      while (next !== null) {
        const portion = await store.actOnAll(action, filter, { limit: 2, cursor: next });
        acted += portion.acted;
        next = portion.next;
      }
      assert.equal(acted, 3);
      assert.deepEqual(await scene.states(jobId, `${action}-new`), ["processing", "pending"]);
      assert.equal((await scene.job(jobId)).cancelRequested, false);
    }
  });

  test("actOnAll: what is refused is counted", async (scene) => {
    const { store } = scene;
    await store.enqueue([newJob("a", { uniqueKey: "k" }), newJob("b")]);
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(2), FAILED);
    await scene.enqueue("holder", { uniqueKey: "k" });
    assert.deepEqual(await actOnAll(store, "retry", { error: "exit code 1" }), {
      ...{ acted: 1, refused: 1, portions: 1 },
    });
    assert.deepEqual(await scene.states("a", "b"), ["dead", "pending"]);
    const [problem] = await store.actOnEach("retry", ["a"]);
    assert.ok(problem instanceof UniqueKeyTakenError);
  });

  test("actOnAll, retryAll: of two that had one key the first comes back", async (scene) => {
    const { store } = scene;
    for (const way of ["actOnAll", "retryAll"]) {
      const ids = [`${way}-first`, `${way}-second`, `${way}-other`];
      for (const id of ids) {
        await scene.enqueue(id, { queue: way, uniqueKey: id === ids[2] ? id : way });
        await store.cancel(id);
      }
      if (way === "retryAll") assert.equal(await store.retryAll("cancelled"), 2);
      else {
        const { acted, refused } = await actOnAll(store, "retry", { queue: way });
        assert.deepEqual([acted, refused], [2, 1]);
      }
      assert.deepEqual(await scene.states(...ids), ["pending", "cancelled", "pending"]);
      await store.remove(ids[1]!, ["cancelled"]);
    }
  });

  test("actOnAll: retries a child with its parent, and alone where only the child fits", async (scene) => {
    const { store } = scene;
    const family = async (name: string) => {
      // In this order: a child may stand before its parent in the list.
      await store.enqueue([
        newJob(`${name}-child`, { after: after(`${name}-parent`), tags: ["child"] }),
        newJob(`${name}-parent`),
      ]);
      await store.cancel(`${name}-parent`);
      await scene.worker(`w-${name}`).then((worker) => worker.calm());
      assert.deepEqual(await scene.states(`${name}-child`), ["cancelled"]);
    };
    await family("one");
    await actOnAll(store, "retry", { states: ["cancelled"] });
    assert.deepEqual(await scene.states("one-parent", "one-child"), ["pending", "blocked"]);
    await family("two");
    await actOnAll(store, "retry", { states: ["cancelled"], tag: "child" });
    assert.deepEqual(await scene.states("two-parent", "two-child"), ["cancelled", "pending"]);
  });

  test("actOnAll: deletes those who wait before those whom they wait for", async (scene) => {
    const { store } = scene;
    for (const [limit, portions] of [[1, 3], [10, 1]] as const) {
      await store.enqueue([
        newJob("parent"),
        newJob("child", { after: after("parent") }),
        newJob("grandchild", { after: after("child") }),
      ]);
      assert.deepEqual(await actOnAll(store, "delete", {}, limit), {
        acted: 3,
        refused: 0,
        portions,
      });
      assert.equal(await store.count({}), 0);
    }
    await store.enqueue([newJob("child", { after: after("parent") }), newJob("parent")]);
    const [refused, ...others] = await store.actOnEach("delete", ["parent", "child", "parent"]);
    assert.equal(refused?.message, "Job parent cannot be deleted: 1 job waits for it");
    assert.deepEqual(others, [null, null]);
  });

  test("actOnAll, actOnEach: who waits for a cancelled job is told, and many go one after the other", async (scene) => {
    const { store } = scene;
    const jobs = Array.from({ length: 1000 }, (_, i) => [
      newJob(`p${i}`),
      newJob(`c${i}`, { after: after(`p${i}`), queue: "children" }),
    ]).flat();
    await store.enqueue(jobs);
    assert.equal((await actOnAll(store, "cancel", { queue: "default" }, 300)).acted, 1000);
    assert.equal(await store.count({ states: ["cancelled"] }), 2000);
    const ids = jobs.map(({ id }) => id);
    assert.deepEqual(new Set(await store.actOnEach("delete", ids)), new Set([null]));
    assert.equal(await store.count({}), 0);
  });

  test("removeEnded: by error, in each final state", async (scene) => {
    const { store } = scene;
    await store.enqueue(["a", "b", "c"].map((id) => newJob(id)));
    await store.enqueue([newJob("d", { queue: "mail" }), newJob("e"), newJob("f")]);
    const worker = await scene.worker("w");
    await worker.settle(await worker.claim(4), FAILED);
    await worker.settle(await worker.claim(1), { kind: "failed", exitCode: 2 });
    await store.cancel("f");
    const before = scene.now + 1;
    const remove = (error: string | null, states: readonly State[], queue?: string) =>
      store.removeEnded({ states, before, error, ...queue === undefined ? {} : { queue } });
    assert.equal(await remove("cancelled", ["dead"]), 0);
    assert.equal(await remove(null, ["dead", "cancelled"]), 0);
    assert.equal(await remove("exit code 1", ["dead"], "mail"), 1);
    assert.equal(await remove("exit code 1", ["dead", "cancelled"]), 3);
    assert.equal(await remove("cancelled", ["dead", "cancelled"]), 1);
    assert.deepEqual((await store.jobs({})).map(({ id }) => id), ["e"]);
  });
}

async function actOnAll(store: Store, action: BulkAction, filter: PageFilter, limit = 100) {
  let [acted, refused, portions] = [0, 0, 0];
  for (let cursor: string | null = null; portions === 0 || cursor !== null; portions++) {
    const portion = await store.actOnAll(action, filter, { limit, cursor });
    acted += portion.acted;
    refused += portion.refused;
    cursor = portion.next;
  }
  return { acted, refused, portions };
}
