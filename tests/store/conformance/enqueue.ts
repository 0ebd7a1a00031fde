import assert from "node:assert/strict";
import { ConflictError, IdTakenError } from "../../../src/errors.ts";
import { MAX_BATCH } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { idsOf, type Register } from "../scene.ts";

/** Storing jobs: all of them or none. */
export function enqueueTests(test: Register): void {
  test("enqueue: stores a job as it was given", async (scene) => {
    const job = newJob("a", {
      command: "printf 'x\n' \u{1f600} \"$HOME\"",
      queue: "mail",
      priority: -1000,
      maxRetries: Number.MAX_SAFE_INTEGER,
      backoffBase: 1.5,
      backoffMax: 1,
      backoffJitter: 0.25,
      cwd: "/tmp/ä b",
      tags: ["x", "ünï", '"quoted"'],
      timeout: 1,
      uniqueKey: "key of 'a' ä\n",
      fatalExitCodes: [1, 255],
      schedule: "nightly",
      fireTime: scene.now - 1,
    });
    assert.deepEqual(await scene.store.enqueue([job]), [{ id: "a", isNew: true }]);
    const { held: _held, delay: _delay, env: _env, stdin: _stdin, ...kept } = job;
    assert.deepEqual(await scene.store.job("a"), {
      ...kept,
      state: "pending",
      attempts: 0,
      runAt: null,
      createdAt: scene.now,
      updatedAt: scene.now,
      startedAt: null,
      finishedAt: null,
      exitCode: null,
      error: null,
      workerId: null,
      cancelRequested: false,
      envNames: [],
      progress: null,
    });
    assert.deepEqual(await scene.store.attempts("a"), []);
  });

  test("enqueue: another handle sees the jobs when it returns", async (scene) => {
    const other = await scene.open();
    await scene.store.enqueue([newJob("a"), newJob("b")]);
    assert.deepEqual(idsOf(await other.jobs({ oldestFirst: true })), ["a", "b"]);
  });

  test("enqueue: an empty list changes nothing", async (scene) => {
    assert.deepEqual(await scene.store.enqueue([]), []);
    assert.equal(await scene.store.count({}), 0);
  });

  test("enqueue: a taken id is a conflict that names it, and none is stored", async (scene) => {
    await scene.enqueue("taken", { command: "first" });
    await assert.rejects(
      scene.store.enqueue([newJob("a"), newJob("taken", { command: "second" }), newJob("b")]),
      (error: Error) => error instanceof IdTakenError && error.id === "taken",
    );
    assert.deepEqual(idsOf(await scene.store.jobs({})), ["taken"]);
    assert.equal((await scene.store.job("taken"))?.command, "first");
    assert.equal(await scene.store.count({}), 1);
  });

  test("enqueue: an id twice in the list is a conflict, and none is stored", async (scene) => {
    await assert.rejects(
      scene.store.enqueue([newJob("a"), newJob("b"), newJob("a")]),
      (error: Error) => error instanceof IdTakenError && error.id === "a",
    );
    assert.equal(await scene.store.count({}), 0);
  });

  test("enqueue: goes on after a conflict", async (scene) => {
    await scene.enqueue("a");
    await assert.rejects(scene.enqueue("a"), ConflictError);
    await scene.enqueue("b");
    assert.equal(await scene.store.count({}), 2);
  });

  test("enqueue: ids that differ in case alone are two", async (scene) => {
    await scene.store.enqueue([newJob("job"), newJob("JOB")]);
    assert.equal(await scene.store.count({}), 2);
  });

  test("enqueue: takes a whole batch at once, all or none", async (scene) => {
    const jobs = Array.from({ length: MAX_BATCH }, (_, index) => newJob(`job-${index}`));
    const twice = [...jobs.slice(0, -1), newJob("job-0")];
    await assert.rejects(scene.store.enqueue(twice), ConflictError);
    assert.equal(await scene.store.count({}), 0);
    await scene.store.enqueue(jobs);
    assert.equal(await scene.store.count({ states: ["pending"] }), MAX_BATCH);
    const ends = await scene.store.jobs({ limit: 1 });
    assert.deepEqual(idsOf(ends), [`job-${MAX_BATCH - 1}`]);
  });

  test("enqueue: of two handles with one id, one wins", async (scene) => {
    const other = await scene.open();
    const results = await Promise.allSettled([
      scene.store.enqueue([newJob("a"), newJob("one")]),
      other.enqueue([newJob("b"), newJob("one")]),
    ]);
    const refused = results.filter((result) => result.status === "rejected");
    assert.equal(refused.length, 1);
    assert.ok(refused[0]!.reason instanceof ConflictError);
    assert.equal(await scene.store.count({}), 2);
  });
}
