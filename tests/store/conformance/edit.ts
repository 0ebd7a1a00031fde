import assert from "node:assert/strict";
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import { type State, STATES, WAITING_STATES } from "../../../src/job/state.ts";
import type { JobChanges } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, idsOf, type Register } from "../scene.ts";
import { jobIn } from "./job_in.ts";

const HOUR = 3_600_000;

/** Changing and releasing jobs that wait. */
export function editTests(test: Register): void {
  for (const state of STATES) {
    const waits = WAITING_STATES.includes(state);
    test(`edit: a job that is ${state} is ${waits ? "changed" : "refused"}`, async (scene) => {
      const id = await jobIn(scene, state, { timeout: 1000 });
      const before = await scene.job(id);
      scene.advance(10);
      const changes = { command: "new", priority: -1000, maxRetries: 7, timeout: null };
      if (!waits) {
        await assert.rejects(
          scene.store.edit(id, changes),
          (error: Error) => error instanceof ConflictError && error.message.includes(state),
        );
        assert.deepEqual(await scene.job(id), before);
        return;
      }
      const expected = { ...before, ...changes, updatedAt: scene.now };
      assert.deepEqual(await scene.store.edit(id, changes), expected);
      assert.deepEqual(await scene.job(id), expected);
    });

    test(`release: a job that is ${state} is ${state === "held" ? "let go" : "refused"}`, async (scene) => {
      const id = await jobIn(scene, state);
      const before = await scene.job(id);
      scene.advance(10);
      if (state === "held") {
        assert.equal(await scene.store.release(id), "pending");
        assert.deepEqual(await scene.job(id), {
          ...before,
          state: "pending",
          updatedAt: scene.now,
        });
        return;
      }
      await assert.rejects(
        scene.store.release(id),
        (error: Error) => error instanceof ConflictError && error.message.includes(state),
      );
      assert.deepEqual(await scene.job(id), before);
    });
  }

  test("edit and release: an unknown job is not found", async (scene) => {
    await assert.rejects(scene.store.edit("nobody", { priority: 1 }), NotFoundError);
    await assert.rejects(scene.store.release("nobody"), NotFoundError);
  });

  test("edit: what is absent stays", async (scene) => {
    const given = newJob("a", { timeout: 5, priority: 3, maxRetries: 2, queue: "q", delay: HOUR });
    await scene.store.enqueue([given]);
    const before = await scene.job("a");
    const each: JobChanges[] = [
      { command: "new" },
      { queue: "other" },
      { priority: 4 },
      { maxRetries: 0 },
      { timeout: 9 },
      { timeout: null },
      { runAt: scene.now + 5 },
    ];
    let expected = before;
    for (const changes of each) {
      expected = { ...expected, ...changes };
      assert.deepEqual(await scene.store.edit("a", changes), expected);
    }
    await scene.store.edit("a", {});
    assert.deepEqual(await scene.job("a"), expected);
  });

  const due: [State, State, State][] = [
    // In which state it is, with a time to come, and with a time that has passed.
    ["held", "held", "held"],
    ["blocked", "blocked", "blocked"],
    ["scheduled", "scheduled", "pending"],
    ["pending", "scheduled", "pending"],
    ["failed", "failed", "failed"],
  ];
  for (const [state, later, now] of due) {
    test(`edit: run_at of a job that is ${state}`, async (scene) => {
      const id = await jobIn(scene, state);
      const at = scene.now + 7000;
      for (const changes of [{ runAt: at }, { delay: 7000 }]) {
        const job = await scene.store.edit(id, changes);
        assert.deepEqual([job.state, job.runAt], [later, at], JSON.stringify(changes));
      }
      const worker = await scene.worker("w", { queues: [(await scene.job(id)).queue] });
      const waits = later === "scheduled" || later === "failed";
      assert.equal((await worker.tick()).nextDueIn, waits ? 7000 : null);
      assert.deepEqual(await worker.claim(1), []);
      for (const changes of [{ runAt: scene.now - 1 }, { delay: 0 }]) {
        await scene.store.edit(id, { runAt: at });
        assert.equal((await scene.store.edit(id, changes)).state, now, JSON.stringify(changes));
      }
      const claimed = idsOf(await worker.claim(1));
      assert.deepEqual(claimed, now === "held" || now === "blocked" ? [] : [id]);
    });
  }

  test("edit: a held job keeps its time for its release, a blocked one for its parents' end", async (scene) => {
    await scene.store.enqueue([
      newJob("parent"),
      newJob("held", { held: true }),
      newJob("child", { after: after("parent") }),
    ]);
    const at = scene.now + 5000;
    for (const id of ["held", "child"]) await scene.store.edit(id, { delay: 5000 });
    scene.advance(1000);
    assert.equal(await scene.store.release("held"), "scheduled");
    const worker = await scene.worker("w");
    await worker.run(COMPLETED);
    await worker.calm();
    for (const id of ["held", "child"]) {
      const job = await scene.job(id);
      assert.deepEqual([job.state, job.runAt], ["scheduled", at]);
    }
    assert.equal((await worker.tick()).nextDueIn, 4000);
  });

  test("edit: a failed job with another due time keeps its attempts and its error", async (scene) => {
    await scene.enqueue("a", { maxRetries: 2 });
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    const job = await scene.store.edit("a", { runAt: scene.now + 9000 });
    assert.deepEqual(
      [job.state, job.attempts, job.error, job.runAt],
      ["failed", 1, "exit code 1", scene.now + 9000],
    );
    await scene.store.edit("a", { delay: 0 });
    const claim = await worker.claimOne();
    assert.deepEqual([claim.attempt, claim.job.attempts], [2, 2]);
  });

  test("edit: fewer retries than attempts already made end the job with the next failure", async (scene) => {
    await scene.enqueue("a", { maxRetries: 9, backoffBase: 0 });
    const worker = await scene.worker("w");
    for (const _ of [1, 2, 3]) assert.equal((await worker.run(FAILED)).state, "failed");
    await scene.store.edit("a", { maxRetries: 1 });
    assert.equal((await worker.run(FAILED)).state, "dead");
  });

  test("edit: priority and queue decide who claims it and when, and the counts follow", async (scene) => {
    await scene.store.enqueue(["a", "b", "c"].map((id) => newJob(id)));
    await scene.store.edit("c", { priority: 5 });
    await scene.store.edit("a", { priority: -5 });
    await scene.store.edit("b", { queue: "mail" });
    const counts = (await scene.store.queues()).map(({ queue, counts }) => [queue, counts.pending]);
    assert.deepEqual(counts, [["default", 2], ["mail", 1]]);
    const mail = await scene.worker("mail", { queues: ["mail"] });
    const worker = await scene.worker("w", { queues: ["default"] });
    assert.deepEqual(await mail.workThrough(), ["b"]);
    assert.deepEqual(await worker.workThrough(), ["c", "a"]);
  });

  test("edit: the next claim runs the new command with the new timeout", async (scene) => {
    await scene.enqueue("a", { command: "old" });
    const command = "printf 'x\n' \u{1f600} \"$HOME\"";
    await scene.store.edit("a", { command, timeout: 1234 });
    const worker = await scene.worker("w");
    const { job } = await worker.claimOne();
    assert.deepEqual([job.command, job.timeout], [command, 1234]);
  });
}
