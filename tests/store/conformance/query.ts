import assert from "node:assert/strict";
import { STATES } from "../../../src/job/state.ts";
import type { JobFilter } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, FAILED, idsOf, type Register, type Scene } from "../scene.ts";

/** What commands and the dashboard read. */
export function queryTests(test: Register): void {
  test("job: null where there is none", async (scene) => {
    assert.equal(await scene.store.job("nobody"), null);
    assert.deepEqual(await scene.store.attempts("nobody"), []);
  });

  const filters: [string, JobFilter, string[]][] = [
    ["everything, newest first", {}, ["d", "c", "b", "a"]],
    ["oldest first", { oldestFirst: true }, ["a", "b", "c", "d"]],
    ["a limit", { limit: 2 }, ["d", "c"]],
    ["a limit, oldest first", { limit: 3, oldestFirst: true }, ["a", "b", "c"]],
    ["no job", { limit: 0 }, []],
    ["one state", { states: ["completed"] }, ["a"]],
    ["several states", { states: ["pending", "completed"] }, ["d", "c", "a"]],
    ["several states, with a limit", { states: ["dead", "pending"], limit: 2 }, ["d", "c"]],
    ["no state", { states: [] }, []],
    ["a state without jobs", { states: ["held"] }, []],
    ["a queue", { queue: "mail" }, ["d", "b"]],
    ["an unknown queue", { queue: "MAIL" }, []],
    ["a tag", { tag: "x" }, ["c", "a"]],
    ["a tag that looks like a pattern", { tag: "%" }, []],
    ["a tag with a quote", { tag: 'say-"hi"' }, ["d"]],
    ["a tag that looks like a number", { tag: "7" }, ["b"]],
    ["the beginning of an id", { idPrefix: "a" }, ["a"]],
    ["the beginning of every id", { idPrefix: "", limit: 2 }, ["d", "c"]],
    ["the beginning of no id", { idPrefix: "%" }, []],
    ["the beginning of an id, in some states", { idPrefix: "d", states: ["pending"] }, ["d"]],
    ["the beginning of an id, in other states", { idPrefix: "d", states: ["dead"] }, []],
    ["all together", { states: ["pending"], queue: "mail", tag: 'say-"hi"', limit: 5 }, ["d"]],
  ];
  for (const [what, filter, expected] of filters) {
    test(`jobs: ${what}`, async (scene) => {
      await fourJobs(scene);
      assert.deepEqual(idsOf(await scene.store.jobs(filter)), expected);
      const { limit: _limit, ...all } = filter;
      const unlimited = await scene.store.jobs(all);
      assert.equal(await scene.store.count(all), unlimited.length);
    });
  }

  test("jobs: the pending ones of a queue by arrival, whatever their priorities", async (scene) => {
    const { store } = scene;
    for (const [id, priority] of Object.entries({ a: 0, b: 5, c: -5, d: 0, e: 5 })) {
      await store.enqueue([newJob(id, { queue: "mail", priority }), newJob(`${id}-other`)]);
    }
    await store.enqueue([newJob("held", { queue: "mail", held: true })]);
    const list = async (filter: JobFilter) =>
      idsOf(await store.jobs({ states: ["pending"], queue: "mail", ...filter })).join("");
    assert.equal(await list({}), "edcba");
    assert.equal(await list({ limit: 3 }), "edc");
    assert.equal(await list({ limit: 3, oldestFirst: true }), "abc");
    assert.equal(await list({ states: ["held", "pending", "held"], limit: 2 }), "helde");
  });

  test("status: counts by state for each queue", async (scene) => {
    await fourJobs(scene);
    const { queues } = await scene.store.status();
    const none = Object.fromEntries(STATES.map((state) => [state, 0]));
    assert.deepEqual(
      queues.map(({ queue, counts }) => [queue, { ...counts }]),
      [
        ["default", { ...none, completed: 1, pending: 1 }],
        ["mail", { ...none, dead: 1, pending: 1 }],
      ],
    );
  });

  test("status: of an empty store", async (scene) => {
    const status = await scene.store.status();
    assert.deepEqual(status, { queues: [], workers: [], oldestPendingAt: null });
  });

  test("status: shows the workers", async (scene) => {
    await scene.worker("w");
    assert.deepEqual((await scene.store.status()).workers, await scene.store.workers());
  });

  test("status: oldestPendingAt is that of the oldest job in pending", async (scene) => {
    const oldest = async () => (await scene.store.status()).oldestPendingAt;
    const first = scene.now;
    await scene.enqueue("a", { priority: -5 });
    scene.advance(1000);
    const second = scene.now;
    await scene.enqueue("b", { queue: "other", priority: 5 });
    assert.equal(await oldest(), first);
    const worker = await scene.worker("w");
    const [b, a] = await worker.claim(2);
    assert.equal(await oldest(), null);
    await worker.settle([b!], { kind: "handed_back" });
    assert.equal(await oldest(), second);
    await worker.settle([a!], { kind: "handed_back" });
    assert.equal(await oldest(), first);
  });

  test("outstanding: what runs, is pending, or is due soon, by queue", async (scene) => {
    const outstanding = (dueWithin: number, ...queues: string[]) =>
      scene.store.outstanding(queues.length === 0 ? null : queues, dueWithin);
    assert.equal(await outstanding(1e9), 0);
    await scene.store.enqueue([
      newJob("fails", { maxRetries: 1, backoffBase: 10 }),
      newJob("runs"),
      newJob("done"),
      newJob("waits", { queue: "b" }),
      newJob("cancelled"),
    ]);
    await scene.store.cancel("cancelled");
    const worker = await scene.worker("w", { queues: ["default"] });
    const [fails, , done] = await worker.claim(3);
    await worker.settle([fails!], FAILED);
    await worker.settle([done!], COMPLETED);
    assert.equal(await outstanding(9999), 2);
    assert.equal(await outstanding(10_000), 3);
    assert.equal(await outstanding(10_000, "default"), 2);
    assert.equal(await outstanding(0, "default"), 1);
    assert.equal(await outstanding(10_000, "b"), 1);
    assert.equal(await outstanding(10_000, "default", "b"), 3);
    assert.equal(await outstanding(10_000, "none"), 0);
    assert.equal(await scene.store.outstanding([], 10_000), 0);
    scene.advance(4000);
    assert.equal(await outstanding(6000, "default"), 2);
  });

  test("outstanding: a job that runs is not counted where the caller runs in it", async (scene) => {
    await scene.store.enqueue([newJob("self"), newJob("other"), newJob("waits")]);
    const worker = await scene.worker("w");
    await worker.claim(2);
    for (const [except, expected] of [["self", 2], ["waits", 3], ["gone", 3], [null, 3]] as const) {
      assert.equal(await scene.store.outstanding(null, 0, except), expected);
    }
    assert.equal(await scene.store.outstanding(["default"], 0, "self"), 2);
    assert.equal(await scene.store.outstanding(["mail"], 0, "self"), 0);
  });
}

/** a completed, b dead in mail, c pending, d pending in mail. */
async function fourJobs(scene: Scene): Promise<void> {
  await scene.store.enqueue([
    newJob("a", { tags: ["x", "y"] }),
    newJob("b", { queue: "mail", tags: ["7"] }),
  ]);
  const worker = await scene.worker("w");
  const [a, b] = await worker.claim(2);
  await worker.settle([a!], COMPLETED);
  await worker.settle([b!], FAILED);
  await scene.enqueue("c", { tags: ["z", "x"] });
  await scene.enqueue("d", { queue: "mail", tags: ['say-"hi"'] });
}
