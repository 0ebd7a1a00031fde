import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ConflictError,
  FiringTakenError,
  IdTakenError,
  UniqueKeyTakenError,
} from "../../../src/errors.ts";
import type { Attempt, Job } from "../../../src/job/job.ts";
import type { KeptJob, KeptPiece, MovedJob } from "../../../src/job/record.ts";
import { isFinal } from "../../../src/job/state.ts";
import type { JobFilter, Store } from "../../../src/store/store.ts";
import { job, newJob } from "../../job/jobs.ts";
import { movedJob } from "../../job/moved_jobs.ts";
import { Bell } from "../bell.ts";
import { COMPLETED, FAILED, idsOf, type Register } from "../scene.ts";

/** Jobs that leave a store in portions, and jobs that come from another one. */
export function movingTests(test: Register): void {
  test("portions() gives every job that fits, in either order, as many as are asked for", async ({ store }) => {
    await store.enqueue(
      Array.from(
        { length: 2500 },
        (_, i) =>
          newJob(`j${i}`, { queue: i % 2 ? "odd" : "even", tags: i % 100 === 0 ? ["round"] : [] }),
      ),
    );
    await store.cancel("j7");
    for (
      const filter of [
        {},
        { oldestFirst: true },
        { queue: "odd", oldestFirst: true },
        { tag: "round" },
        { states: ["cancelled", "pending"], limit: 1700 },
        { states: ["cancelled"] },
        { limit: 1, oldestFirst: true },
        { limit: 1000 },
        { states: ["dead"] },
      ] satisfies JobFilter[]
    ) {
      assert.deepEqual(
        idsOf(await all(store.portions(filter))),
        idsOf(await store.jobs(filter)),
        JSON.stringify(filter),
      );
    }
    for await (const jobs of store.portions({})) assert.ok(jobs.length <= 1000 && jobs.length > 0);
  });

  test("portions() finds the few among many, and what comes after a wide gap", async ({ store }) => {
    const many = Array.from({ length: 45_000 }, (_, i) => ended(`e${i}`, i % 20_000 === 5));
    await store.enqueue([newJob("first")]);
    await store.importJobs(many, { skipExisting: false });
    await store.enqueue([newJob("last")]);
    const tagged = ["e5", "e20005", "e40005"];
    assert.deepEqual(idsOf(await all(store.portions({ tag: "few", oldestFirst: true }))), tagged);
    assert.deepEqual(idsOf(await all(store.portions({ tag: "few" }))), tagged.toReversed());
    await store.removeEnded({ states: ["completed"], before: Number.MAX_SAFE_INTEGER });
    assert.deepEqual(idsOf(await all(store.portions({ oldestFirst: true }))), ["first", "last"]);
    assert.deepEqual(idsOf(await all(store.portions({}))), ["last", "first"]);
  });

  test("portions() ends a portion of large jobs early", async ({ store }) => {
    const command = `: ${"x".repeat(130_000)}`;
    await store.enqueue(Array.from({ length: 100 }, (_, i) => newJob(`j${i}`, { command })));
    const sizes: number[] = [];
    for await (const jobs of store.portions({ oldestFirst: true })) sizes.push(jobs.length);
    assert.equal(sizes.reduce((sum, size) => sum + size), 100);
    assert.ok(Math.max(...sizes) <= 40, String(sizes));
  });

  test("portions() goes on where jobs come and go meanwhile", async ({ store }) => {
    for (const oldestFirst of [true, false]) {
      const prefix = oldestFirst ? "a" : "b";
      await store.enqueue(Array.from({ length: 2000 }, (_, i) => newJob(`${prefix}${i}`)));
      const seen: string[] = [];
      for await (const jobs of store.portions({ oldestFirst, idPrefix: prefix })) {
        seen.push(...idsOf(jobs));
        if (seen.length !== 1000) continue;
        // The last that was read, and the first that is to come.
        for (const id of [seen.at(-1)!, oldestFirst ? "a1000" : "b999"]) {
          await store.remove(id, ["pending"]);
        }
        await store.enqueue([newJob(`${prefix}-new`)]);
      }
      assert.equal(new Set(seen).size, seen.length);
      assert.equal(seen.length, oldestFirst ? 2000 : 1999);
    }
  });

  test("keptPortions() gives all that a store keeps of a job", async (scene) => {
    const { store } = scene;
    await scene.enqueue("p", { maxRetries: 1, backoffBase: 0, stdin: "abc", env: { A: "secret" } });
    await scene.enqueue("c", { after: [{ id: "p", on: "ok" }] });
    const worker = await scene.worker("w");
    await worker.run(FAILED);
    assert.deepEqual(await kept(store), [
      {
        job: await store.job("p"),
        runs: 1,
        cancelledBy: null,
        waitsFor: [],
        stdin: "abc",
        attempts: await store.attempts("p"),
      },
      {
        job: await store.job("c"),
        runs: 0,
        cancelledBy: null,
        waitsFor: ["p"],
        stdin: null,
        attempts: [],
      },
    ]);
    await worker.calm();
    await worker.run(FAILED);
    await worker.calm();
    const [parent, child] = await kept(store);
    assert.deepEqual([parent!.runs, parent!.attempts.length], [2, 2]);
    assert.deepEqual([child!.job.state, child!.cancelledBy, child!.waitsFor], [
      "cancelled",
      "p",
      [],
    ]);
  });

  test("importJobs() stores jobs as they are, in their order", async ({ store }) => {
    const waiting = ["p0", "p1"].map((id) => plain(id));
    await store.importJobs(waiting, { skipExisting: false });
    let round = 0;
    const jobs = fc.noShrink(
      fc.integer({ min: 1, max: 8 }).chain((count) => {
        const ids = Array.from({ length: count }, () => `j${round++}`);
        return fc.tuple(...ids.map((id) => movedJob(id, ["p0", "p1"])));
      }),
    );
    await fc.assert(
      fc.asyncProperty(jobs, async (moved) => {
        const before = (await kept(store)).length;
        const result = await store.importJobs(moved, { skipExisting: false });
        assert.deepEqual(result, { imported: moved.length, skipped: 0 });
        const stored = (await kept(store)).slice(before);
        assert.deepEqual(stored, moved.map(({ env: _, output: __, ...rest }) => rest));
        for (const { job: { id }, attempts, output } of moved) {
          const pieces: KeptPiece[] = [];
          for (const { attempt } of attempts) {
            const found = await store.output(id, attempt, 0);
            pieces.push(...found.map((piece) => ({ attempt, ...piece })));
          }
          assert.deepEqual(pieces, output);
        }
      }),
      { numRuns: 60 },
    );
    // The counters, too.
    const jobsNow = await store.jobs({});
    const { queues } = await store.status();
    const counted = queues.flatMap(({ counts }) => Object.values(counts));
    assert.equal(counted.reduce((sum, count) => sum + count, 0), jobsNow.length);
  });

  test("importJobs() and keptPortions() give each of many jobs its own, in their order", async ({ store }) => {
    const jobs = Array.from({ length: 600 }, (_, i): MovedJob => {
      const id = `j${i}`;
      if (i % 3 === 0) return plain(id, { uniqueKey: `k${i}`, schedule: "s", fireTime: i });
      if (i % 3 === 1) return blocked(id, `j${i - 1}`);
      return { ...ended(id), runs: 1 + i % 20, attempts: attempts(1 + i % 20), stdin: `${i}` };
    });
    await store.importJobs(jobs, { skipExisting: false });
    const own = ({ job: { id }, attempts, waitsFor, stdin }: KeptJob) => ({
      ...{ id, attempts, waitsFor, stdin },
    });
    const found = await kept(store);
    assert.equal(found.length, jobs.length);
    for (const [i, job] of found.entries()) assert.deepEqual(own(job), own(jobs[i]!));
    assert.deepEqual(await store.importJobs(jobs, { skipExisting: true }), {
      ...{ imported: 0, skipped: 600 },
    });
    // What one of them takes, another one of them cannot have.
    const same = [plain("x", { uniqueKey: "same" }), plain("y", { uniqueKey: "same" })];
    await assert.rejects(store.importJobs(same, { skipExisting: false }), UniqueKeyTakenError);
    const fired = ["x", "y"].map((id) => plain(id, { schedule: "t", fireTime: 1 }));
    await assert.rejects(store.importJobs(fired, { skipExisting: false }), FiringTakenError);
  });

  test("importJobs() changes nothing where anything is taken", async (scene) => {
    const { store } = scene;
    await scene.enqueue("a", { uniqueKey: "k" });
    await scene.enqueue("b", { schedule: "s", fireTime: 5 });
    const before = await kept(store);
    const refused = (last: MovedJob, kind: abstract new (...args: never[]) => ConflictError) =>
      assert.rejects(
        store.importJobs([plain("new", { after: [{ id: "a", on: "ok" }] }), last], {
          skipExisting: false,
        }),
        (error) => error instanceof kind && "id" in error && error.id === last.job.id,
      );
    await refused(plain("a"), IdTakenError);
    await refused(plain("new"), IdTakenError);
    await refused(plain("x", { uniqueKey: "k" }), UniqueKeyTakenError);
    await refused(plain("x", { schedule: "s", fireTime: 5 }), FiringTakenError);
    assert.deepEqual(await kept(store), before);
    // A job that has ended holds no key.
    await store.importJobs([ended("x", false, { uniqueKey: "k" })], { skipExisting: false });
    assert.equal((await store.jobs({})).length, 3);
  });

  test("importJobs() leaves out what exists if it is told to", async (scene) => {
    await scene.enqueue("b", { command: "the old one" });
    const jobs = ["a", "b", "c"].map((id) => plain(id));
    const result = await scene.store.importJobs(jobs, { skipExisting: true });
    assert.deepEqual(result, { imported: 2, skipped: 1 });
    assert.deepEqual(idsOf(await scene.store.jobs({})), ["c", "a", "b"]);
    assert.equal((await scene.job("b")).command, "the old one");
  });

  test("importJobs() keeps the order of arrival and of priority, and the numbers of attempts", async (scene) => {
    await scene.store.importJobs([
      plain("second"),
      plain("third"),
      { ...plain("first", { priority: 5, attempts: 2, maxRetries: 3 }), runs: 7 },
    ], { skipExisting: false });
    const worker = await scene.worker("w");
    const claims = await worker.claim(3);
    assert.deepEqual(idsOf(claims), ["first", "second", "third"]);
    assert.deepEqual(claims.map(({ attempt }) => attempt), [8, 1, 1]);
    assert.equal(claims[0]!.job.attempts, 3);
  });

  test("importJobs() gives a job its env and stdin", async (scene) => {
    const moved = { ...plain("a"), env: { A: "1" }, stdin: "text" };
    await scene.store.importJobs([moved], { skipExisting: false });
    const claim = await (await scene.worker("w")).claimOne();
    assert.deepEqual([claim.env, claim.stdin], [{ A: "1" }, "text"]);
  });

  test("importJobs() lets a job go on waiting for its parents", async (scene) => {
    const jobs = [plain("p"), blocked("c", "p"), blocked("d", "c")];
    await scene.store.importJobs(jobs, { skipExisting: false });
    assert.deepEqual(await scene.states("p", "c", "d"), ["pending", "blocked", "blocked"]);
    const worker = await scene.worker("w");
    assert.deepEqual(await worker.workThrough(), ["p", "c", "d"]);
  });

  test("importJobs() notices parents that have ended, in whatever order they come", async (scene) => {
    const { store } = scene;
    await store.importJobs([
      blocked("early", "done"),
      blocked("sad", "dead"),
      blocked("sadder", "sad"),
    ], {
      skipExisting: false,
    });
    assert.deepEqual(await scene.states("early", "sad", "sadder"), [
      "blocked",
      "blocked",
      "blocked",
    ]);
    await store.importJobs([ended("done"), ended("dead", false, { state: "dead" })], {
      skipExisting: false,
    });
    assert.deepEqual(await scene.states("early", "sad", "sadder"), [
      "pending",
      "cancelled",
      "cancelled",
    ]);
    assert.equal((await scene.job("sad")).error, "its parent dead is dead");
    await store.importJobs([blocked("late", "done")], { skipExisting: false });
    assert.equal((await scene.job("late")).state, "pending");
  });

  test("importJobs() keeps what a retry of the parent needs", async (scene) => {
    const moved = {
      ...ended("c", false, { state: "cancelled", after: [{ id: "p", on: "ok" }] }),
      cancelledBy: "p",
    };
    await scene.store.importJobs([ended("p", false, { state: "dead" }), moved], {
      skipExisting: false,
    });
    await scene.store.retry("p", ["dead"]);
    assert.deepEqual(await scene.states("p", "c"), ["pending", "blocked"]);
  });

  test("importJobs() rings", async (scene) => {
    const worker = await scene.worker("w");
    const other = await scene.open();
    await using bell = await Bell.hang(scene.store, worker.id);
    await bell.rungBy(() => other.importJobs([plain("a")], { skipExisting: false }));
  });

  test("findTaken() says what is taken, in the order of the question", async (scene) => {
    await scene.enqueue("a", { uniqueKey: "k", schedule: "s", fireTime: 5 });
    await scene.enqueue("b", { uniqueKey: "over" });
    const worker = await scene.worker("w");
    const [, over] = await worker.claim(2);
    await worker.settle([over!], COMPLETED);
    assert.deepEqual(
      await scene.store.findTaken({
        ids: ["x", "a", "b"],
        uniqueKeys: ["k", "over", "free"],
        firings: [{ schedule: "s", fireTime: 5 }, { schedule: "s", fireTime: 6 }],
      }),
      {
        ids: [false, true, true],
        uniqueKeys: [{ id: "a", state: "processing" }, null, null],
        firings: ["a", null],
      },
    );
  });
}

async function all<T>(portions: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = [];
  for await (const portion of portions) found.push(...portion);
  return found;
}

const kept = (store: Store): Promise<KeptJob[]> => all(store.keptPortions({ oldestFirst: true }));

function plain(id: string, overrides: Partial<Job> = {}): MovedJob {
  const stored = job({ id, maxRetries: 0, ...overrides });
  const waitsFor = isFinal(stored.state) ? [] : stored.after.map((parent) => parent.id);
  const state = waitsFor.length > 0 ? "blocked" : stored.state;
  return {
    job: { ...stored, state },
    runs: stored.attempts,
    cancelledBy: null,
    waitsFor,
    stdin: null,
    attempts: [],
    env: {},
    output: [],
  };
}

function attempts(count: number): Attempt[] {
  return Array.from({ length: count }, (_, i) => ({
    ...{ attempt: i + 1, outcome: "failed", startedAt: i, finishedAt: i + 1, exitCode: i },
    ...{ error: "failed", workerId: "w", host: "h", outputBytes: 0 },
  }));
}

function blocked(id: string, parent: string): MovedJob {
  return plain(id, { after: [{ id: parent, on: "ok" }] });
}

function ended(id: string, few = false, overrides: Partial<Job> = {}): MovedJob {
  const finishedAt = 1_700_000_000_000;
  const tags = few ? ["few"] : [];
  return plain(id, { state: "completed", attempts: 1, finishedAt, tags, ...overrides });
}
