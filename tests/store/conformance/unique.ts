import assert from "node:assert/strict";
import { ConflictError, UniqueKeyTakenError } from "../../../src/errors.ts";
import { FINAL_STATES, isFinal, STATES, WAITING_STATES } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, idsOf, type Register } from "../scene.ts";
import { jobIn } from "./job_in.ts";

/** That a key was refused to `id` because `holder` holds it. */
const refusedTo = (id: string, holder: string) => (error: Error) => {
  assert.ok(error instanceof UniqueKeyTakenError, String(error));
  assert.deepEqual([error.id, error.holder, error.exitCode], [id, holder, 4]);
  return true;
};

/** Keys that at most one job holds that is not final. */
export function uniqueTests(test: Register): void {
  for (const state of STATES.filter((state) => !isFinal(state))) {
    test(`unique: a job that is ${state} holds its key`, async (scene) => {
      const holder = await jobIn(scene, state, { uniqueKey: "k" });
      const before = await scene.store.count({});
      await assert.rejects(
        scene.store.enqueue([newJob("one"), newJob("two", { uniqueKey: "k" })]),
        refusedTo("two", holder),
      );
      assert.equal(await scene.store.count({}), before);
      await scene.enqueue("other", { uniqueKey: "K" });
    });

    test(`unique: return gives the holder that is ${state}, and stores the rest`, async (scene) => {
      const holder = await jobIn(scene, state, { uniqueKey: "k" });
      const before = await scene.job(holder);
      const jobs = [newJob("a"), newJob("b", { uniqueKey: "k" }), newJob("c", { uniqueKey: "x" })];
      assert.deepEqual(await scene.store.enqueue(jobs, "return"), [
        { id: "a", isNew: true },
        { id: holder, isNew: false },
        { id: "c", isNew: true },
      ]);
      assert.equal(await scene.store.job("b"), null);
      assert.deepEqual(await scene.job(holder), before);
    });
  }

  for (const state of FINAL_STATES) {
    test(`unique: a job that is ${state} gives its key free, and is refused to take it back`, async (scene) => {
      const first = await jobIn(scene, state, { uniqueKey: "k" });
      await scene.enqueue("next", { uniqueKey: "k" });
      const before = await scene.job(first);
      await assert.rejects(scene.store.retry(first, STATES), refusedTo(first, "next"));
      assert.deepEqual(await scene.job(first), before);
      await scene.store.cancel("next");
      await scene.store.retry(first, STATES);
      assert.equal((await scene.job(first)).state, "pending");
    });
  }

  for (const state of WAITING_STATES) {
    test(`unique: replace cancels a holder that is ${state}`, async (scene) => {
      const holder = await jobIn(scene, state, { uniqueKey: "k" });
      scene.advance(10);
      assert.deepEqual(
        await scene.store.enqueue([newJob("new", { uniqueKey: "k" })], "replace"),
        [{ id: "new", isNew: true }],
      );
      const old = await scene.job(holder);
      assert.deepEqual([old.state, old.runAt, old.finishedAt], ["cancelled", null, scene.now]);
      assert.ok(old.error);
      assert.equal((await scene.job("new")).state, "pending");
    });
  }

  test("unique: replace of a holder that runs is refused, and nothing is replaced or stored", async (scene) => {
    const running = await jobIn(scene, "processing", { uniqueKey: "runs" });
    const waiting = await jobIn(scene, "pending", { uniqueKey: "waits" });
    const before = await scene.store.count({});
    await assert.rejects(
      scene.store.enqueue(
        [newJob("a", { uniqueKey: "waits" }), newJob("b", { uniqueKey: "runs" })],
        "replace",
      ),
      refusedTo("b", running),
    );
    assert.equal(await scene.store.count({}), before);
    assert.deepEqual(await scene.states(running, waiting), ["processing", "pending"]);
    assert.equal((await scene.job(running)).cancelRequested, false);
  });

  test("unique: replace cancels those that waited for the holder", async (scene) => {
    await scene.store.enqueue([
      newJob("holder", { uniqueKey: "k" }),
      newJob("child", { after: after("holder") }),
    ]);
    await scene.store.enqueue([newJob("new", { uniqueKey: "k" })], "replace");
    const worker = await scene.worker("w");
    await worker.calm();
    const child = await scene.job("child");
    assert.deepEqual([child.state, child.error], ["cancelled", "its parent holder is cancelled"]);
  });

  test("unique: one that its own list replaces waits for nobody, and stays cancelled", async (scene) => {
    for (const isEnded of [false, true]) {
      const [parent, old, next] = [scene.newId("parent"), scene.newId("old"), scene.newId("new")];
      const worker = await scene.worker(scene.newId("w"));
      await scene.enqueue(parent);
      if (isEnded) await worker.run(FAILED);
      const jobs = [
        newJob(old, { uniqueKey: "k", after: after(parent) }),
        newJob(next, { uniqueKey: "k", held: true }),
      ];
      await scene.store.enqueue(jobs, "replace");
      if (!isEnded) await worker.run(FAILED);
      await scene.store.cancel(next);
      await scene.store.retry(parent, ["dead"]);
      const { state, error } = await scene.job(old);
      assert.deepEqual([state, error], ["cancelled", `replaced by job ${next}`]);
      await scene.store.remove(parent, ["pending"]);
    }
  });

  test("unique: replace and return of a key that is free just enqueue", async (scene) => {
    await jobIn(scene, "dead", { uniqueKey: "k" });
    for (const ifExists of ["replace", "return"] as const) {
      const job = newJob(ifExists, { uniqueKey: "k" });
      assert.deepEqual(await scene.store.enqueue([job], ifExists), [{ id: ifExists, isNew: true }]);
      await scene.store.cancel(ifExists);
    }
  });

  test("unique: a key twice in a list is a conflict, and none is stored", async (scene) => {
    const jobs = ["a", "b", "c"].map((id) => newJob(id, { uniqueKey: id === "a" ? null : "k" }));
    await assert.rejects(scene.store.enqueue(jobs), refusedTo("c", "b"));
    assert.equal(await scene.store.count({}), 0);
  });

  test("unique: return within a list gives the first one", async (scene) => {
    const jobs = ["a", "b"].map((id) => newJob(id, { uniqueKey: "k" }));
    assert.deepEqual(await scene.store.enqueue(jobs, "return"), [
      { id: "a", isNew: true },
      { id: "a", isNew: false },
    ]);
    assert.equal(await scene.store.count({}), 1);
  });

  for (const reversed of [false, true]) {
    const order = reversed ? "before" : "after";
    test(`unique: a job of the list, ${order} the one that was not stored, waits for the holder`, async (scene) => {
      await scene.enqueue("holder", { uniqueKey: "k" });
      const jobs = [
        newJob("second", { uniqueKey: "k" }),
        newJob("child", { after: after({ id: "second", on: "notok" }, "other", "holder") }),
        newJob("other"),
      ];
      await scene.store.enqueue(reversed ? jobs.toReversed() : jobs, "return");
      assert.equal(await scene.store.job("second"), null);
      const child = await scene.job("child");
      assert.equal(child.state, "blocked");
      assert.deepEqual(child.after, after({ id: "holder", on: "notok" }, "other"));
      const worker = await scene.worker("w");
      assert.deepEqual(await worker.workThrough(), ["holder", "other"]);
      assert.equal((await scene.job("child")).error, "its parent holder completed");
      await scene.store.retry("holder", ["completed"]);
      await worker.calm();
      assert.equal((await scene.job("child")).state, "blocked");
      await worker.run(FAILED);
      assert.deepEqual(await worker.workThrough(), ["child"]);
    });
  }

  test("unique: a taken key is a conflict as a taken id is", async (scene) => {
    await scene.enqueue("a", { uniqueKey: "k" });
    for (const ifExists of ["fail", "return", "replace"] as const) {
      const again = newJob("a", { uniqueKey: "other" });
      await assert.rejects(scene.store.enqueue([again], ifExists), ConflictError);
    }
    assert.equal((await scene.job("a")).uniqueKey, "k");
  });

  test("retryAll: passes over jobs whose key is taken, and retries the rest", async (scene) => {
    const taken = await jobIn(scene, "dead", { uniqueKey: "k" });
    const free = await jobIn(scene, "dead", { uniqueKey: "free" });
    const plain = await jobIn(scene, "dead");
    await scene.enqueue("holder", { uniqueKey: "k" });
    assert.equal(await scene.store.retryAll("dead"), 2);
    assert.deepEqual(await scene.states(taken, free, plain), ["dead", "pending", "pending"]);
  });

  test("retryAll: of several dead jobs with one key one comes back", async (scene) => {
    for (const _ of [1, 2, 3]) await jobIn(scene, "dead", { uniqueKey: "k" });
    assert.equal(await scene.store.retryAll("dead"), 1);
    assert.equal(await scene.store.count({ states: ["pending"] }), 1);
    assert.equal(await scene.store.count({ states: ["dead"] }), 2);
  });

  test("retry: a dependent whose key was taken meanwhile does not come back", async (scene) => {
    await scene.store.enqueue([
      newJob("parent"),
      newJob("child", { after: after("parent"), uniqueKey: "k" }),
      newJob("other", { after: after("parent") }),
    ]);
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await worker.calm();
    await scene.enqueue("holder", { uniqueKey: "k", held: true });
    await scene.store.retry("parent", ["dead"]);
    await worker.calm();
    assert.deepEqual(
      await scene.states("parent", "child", "other", "holder"),
      ["pending", "cancelled", "blocked", "held"],
    );
    assert.deepEqual(await worker.workThrough(), ["parent", "other"]);
  });

  test("retry: of two dependents with one key the first comes back", async (scene) => {
    await scene.enqueue("parent");
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    for (const id of ["z", "a"]) {
      await scene.enqueue(id, { after: after("parent"), uniqueKey: "k" });
    }
    await scene.store.retry("parent", ["dead"]);
    assert.deepEqual(await scene.states("z", "a"), ["blocked", "cancelled"]);
  });

  test("unique: the key stays with the job through a retry and an end", async (scene) => {
    await scene.enqueue("a", { uniqueKey: "k", maxRetries: 1, backoffBase: 0 });
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    await assert.rejects(scene.enqueue("b", { uniqueKey: "k" }), UniqueKeyTakenError);
    await worker.run(COMPLETED);
    assert.equal((await scene.job("a")).uniqueKey, "k");
    await scene.enqueue("b", { uniqueKey: "k" });
    assert.deepEqual(idsOf(await scene.store.jobs({})), ["b", "a"]);
  });

  test("unique: of two handles that enqueue one key at the same moment, one wins", async (scene) => {
    const other = await scene.open();
    for (let round = 0; round < 20; round++) {
      const job = (id: string) => [newJob(`${id}-${round}`, { uniqueKey: `k${round}` })];
      const results = await Promise.allSettled([
        scene.store.enqueue(job("a")),
        other.enqueue(job("b")),
      ]);
      const refused = results.filter((result) => result.status === "rejected");
      assert.equal(refused.length, 1);
      assert.ok(refused[0]!.reason instanceof UniqueKeyTakenError);
    }
    assert.equal(await scene.store.count({}), 20);
  });

  test("unique: two handles that return agree on the holder", async (scene) => {
    const other = await scene.open();
    const answers = await Promise.all([
      scene.store.enqueue([newJob("a", { uniqueKey: "k" })], "return"),
      other.enqueue([newJob("b", { uniqueKey: "k" })], "return"),
    ]);
    const [one, two] = answers.flat();
    assert.equal(one!.id, two!.id);
    assert.notEqual(one!.isNew, two!.isNew);
    assert.deepEqual(idsOf(await scene.store.jobs({})), [one!.id]);
  });
}
