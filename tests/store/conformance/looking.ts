import assert from "node:assert/strict";
import { waitFor } from "../../helpers/wait_for.ts";
import { job, newJob } from "../../job/jobs.ts";
import { COMPLETED, FAILED, idsOf, launchers, type Register } from "../scene.ts";

/** What a dashboard looks at all the time. */
export function lookingTests(test: Register): void {
  test("running: what runs, oldest first, with its attempt and its worker", async (scene) => {
    await scene.store.enqueue([newJob("a"), newJob("b", { command: "sleep 9" }), newJob("c")]);
    const worker = await scene.worker("w");
    await worker.run({ kind: "handed_back" });
    const claim = await worker.claimOne();
    scene.advance(5);
    await worker.tick({ free: launchers(1), ahead: launchers(1) });
    await scene.store.reportProgress(claim, { percent: 40, message: "half" });
    await scene.store.cancel("b");
    const common = { queue: "default", workerId: "w" };
    assert.deepEqual(await scene.store.running(9), [
      {
        ...{ id: "a", command: "true", ...common, attempt: 2, startedAt: scene.now - 5 },
        ...{ progress: { percent: 40, message: "half" }, cancelRequested: false, isAhead: false },
      },
      {
        ...{ id: "b", command: "sleep 9", ...common, attempt: 1, startedAt: scene.now },
        ...{ progress: null, cancelRequested: true, isAhead: false },
      },
      {
        ...{ id: "c", command: "true", ...common, attempt: 1, startedAt: scene.now },
        ...{ progress: null, cancelRequested: false, isAhead: true },
      },
    ]);
    assert.deepEqual(idsOf(await scene.store.running(2)), ["a", "b"]);
  });

  test("errorGroups: the dead by their error, largest group first, with the last to die", async (scene) => {
    const { store } = scene;
    assert.deepEqual(await store.errorGroups(9), []);
    await store.enqueue(["a", "b", "c", "d", "e", "f"].map((id) => newJob(id, { maxRetries: 0 })));
    const worker = await scene.worker("w");
    const codes = [2, 1, 1, 2, 1];
    for (const exitCode of codes) {
      scene.advance(10);
      await worker.run({ kind: "failed", exitCode });
    }
    await worker.run(COMPLETED);
    await store.importJobs([], { skipExisting: true });
    const one = { error: "exit code 1", count: 3, newest: "e", newestAt: scene.now };
    const two = { error: "exit code 2", count: 2, newest: "d", newestAt: scene.now - 10 };
    assert.deepEqual(await store.errorGroups(9), [one, two]);
    assert.deepEqual(await store.errorGroups(1), [one]);
    await store.retry("e", ["dead"]);
    await store.remove("b", ["dead"]);
    assert.deepEqual(await store.errorGroups(9), [
      two,
      { ...one, count: 1, newest: "c", newestAt: scene.now - 20 },
    ]);
  });

  test("errorGroups: of equally many by the text of the error, first those without", async ({ store }) => {
    const errors = ["a", null, "B", "ä"];
    const dead = errors.map((error, i) => ({
      job: job({ id: `j${i}`, state: "dead", attempts: 1, finishedAt: i, error }),
      ...{
        runs: 1,
        cancelledBy: null,
        waitsFor: [],
        stdin: null,
        attempts: [],
        env: {},
        output: [],
      },
    }));
    await store.importJobs(dead, { skipExisting: false });
    const groups = await store.errorGroups(9);
    assert.deepEqual(groups.map(({ error }) => error), [null, "B", "a", "ä"]);
    assert.deepEqual(groups.map(({ newest }) => newest), ["j1", "j2", "j0", "j3"]);
    assert.equal(await store.removeEnded({ states: ["dead"], before: 9, error: null }), 1);
    assert.equal(await store.job("j1"), null);
  });

  test("revision: another one after each change, by whomever, and the same without", async (scene) => {
    const other = await scene.open();
    const seen = new Set<string>();
    const see = async () => {
      const revision = await scene.store.revision();
      const isNew = seen.size < seen.add(revision).size;
      // Of a server with other stores it may change for them, too, but not each time.
      await waitFor(async () => {
        const before = await scene.store.revision();
        await scene.store.status();
        await other.jobs({});
        return await scene.store.revision() === before;
      }, { timeout: 10_000, message: "the same revision without a change" });
      return isNew;
    };
    assert.ok(await see());
    for (const store of [scene.store, other, other, scene.store]) {
      await store.enqueue([newJob(scene.newId("job"))]);
      assert.ok(await see());
    }
    const worker = await scene.worker("w", {}, other);
    assert.ok(await see());
    const claims = await worker.claim(2);
    assert.ok(await see());
    await worker.settle(claims, FAILED);
    assert.ok(await see());
    await scene.store.configureQueue("default", { paused: true });
    assert.ok(await see());
  });
}
