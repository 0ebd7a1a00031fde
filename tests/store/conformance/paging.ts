import assert from "node:assert/strict";
import { UsageError } from "../../../src/errors.ts";
import type { Job } from "../../../src/job/job.ts";
import { FINAL_STATES, isFinal, STATES } from "../../../src/job/state.ts";
import type { JobPage, JobSort, PageFilter } from "../../../src/store/paging.ts";
import type { Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, FAILED, idsOf, type Register, type Scene } from "../scene.ts";
import { jobIn } from "./job_in.ts";

/** Pages of a list, as a dashboard shows it. */
export function pagingTests(test: Register): void {
  test("page: one after the other, all that fits, in each order and by each filter", async (scene) => {
    const { store } = scene;
    await manyKinds(scene);
    const jobs = await store.jobs({ oldestFirst: true });
    for (const [sort, order] of Object.entries(ORDERS) as [JobSort, Order][]) {
      for (const filter of FILTERS) {
        if (!filter.states?.every((state) => order.states.includes(state)) && filter.states) {
          continue;
        }
        const expected = order.sort(
          jobs.filter((job) => order.states.includes(job.state) && fits(job, filter)),
        );
        const what = `${sort} ${JSON.stringify(filter)}`;
        for (const limit of [1, 3, 1000]) {
          const pages = await allPages(store, filter, sort, limit);
          const found = pages.flatMap(({ jobs }) => jobs);
          assert.deepEqual(idsOf(found), idsOf(expected), `${what} by ${limit}`);
          // On a busy machine one may end before it is full, since it has taken long enough.
          assert.ok(pages.length >= Math.max(1, Math.ceil(found.length / limit)), what);
          assert.ok(pages.every(({ jobs }) => jobs.length <= limit), what);
          const isCounted = Object.keys(filter).every((key) => key === "states" || key === "queue");
          const total = isCounted ? expected.length : null;
          assert.deepEqual(new Set(pages.map((page) => page.total)), new Set([total]), what);
        }
      }
    }
    assert.deepEqual((await store.page({}, { limit: 1 })).jobs, jobs.slice(-1));
  });

  test("page: of many states, queues and priorities, however unevenly they are mixed", async (scene) => {
    const { store } = scene;
    const ids = Array.from({ length: 600 }, (_, i) => `j${i}`);
    // Long runs of one kind, and others that are spread thin.
    const kind = (i: number) => i % 41 === 0 ? 2 : i < 250 ? 0 : i % 300 < 90 ? 1 : i * 7919 % 3;
    await store.enqueue(ids.map((id, i) =>
      newJob(id, {
        queue: ["a", "b", "c"][kind(i)]!,
        priority: [i < 300 ? 3 : -3, i % 5, 0][kind(i)]!,
        tags: i * 31 % 17 === 0 ? ["rare"] : [],
        held: i % 7 === 3,
      })
    ));
    for (let i = 0; i < 600; i += 11 - kind(i) * 4) await store.cancel(ids[i]!);
    const jobs = await store.jobs({ oldestFirst: true });
    for (const [sort, order] of Object.entries(ORDERS) as [JobSort, Order][]) {
      for (const states of [["pending"], ["held", "cancelled"], ["held", "cancelled", "pending"]]) {
        for (const more of [{}, { tag: "rare" }, { queue: "a" }, { queue: "b", tag: "rare" }]) {
          const filter = { states, ...more } as PageFilter;
          if (!filter.states!.every((state) => order.states.includes(state))) continue;
          const expected = idsOf(order.sort(jobs.filter((job) => fits(job, filter))));
          for (const limit of [5, 40]) {
            const found = (await allPages(store, filter, sort, limit)).flatMap(({ jobs }) => jobs);
            assert.deepEqual(idsOf(found), expected, `${sort} ${JSON.stringify(filter)}`);
          }
        }
      }
    }
  });

  test("page: what comes, goes or moves meanwhile makes the next one neither repeat nor skip", async (scene) => {
    const { store } = scene;
    await store.enqueue(Array.from({ length: 8 }, (_, i) => newJob(`j${i}`)));
    const worker = await scene.worker("w");
    const settleOne = async () => {
      scene.advance(10);
      await worker.run(FAILED);
    };
    for (let i = 0; i < 4; i++) await settleOne();
    const next = async (filter: PageFilter, sort: JobSort, page?: JobPage) =>
      await store.page(filter, { limit: 2, sort, cursor: page?.next ?? null });

    const newest = await next({}, "newest");
    const dead = await next({ states: ["dead"] }, "newest");
    const finished = await next({}, "finished");
    const pending = await next({}, "priority");
    assert.deepEqual(
      [newest, dead, finished, pending].map(({ jobs }) => idsOf(jobs).join()),
      ["j7,j6", "j3,j2", "j3,j2", "j4,j5"],
    );
    await scene.enqueue("new");
    await settleOne();
    await store.retry("j3", ["dead"]);
    await store.cancel("j7");
    await store.remove("j2", ["dead"]);
    assert.deepEqual(idsOf((await next({}, "newest", newest)).jobs), ["j5", "j4"]);
    assert.deepEqual(idsOf((await next({ states: ["dead"] }, "newest", dead)).jobs), ["j1", "j0"]);
    assert.deepEqual(idsOf((await next({}, "finished", finished)).jobs), ["j1", "j0"]);
    assert.deepEqual(idsOf((await next({}, "priority", pending)).jobs), ["j6", "new"]);
  });

  test("page: the job whose whole id is the text comes first, once", async (scene) => {
    const { store } = scene;
    await store.enqueue(
      ["ab", "abc", "abcd", "x"].map((id) => newJob(id, { command: "echo abcd" })),
    );
    const ids = async (text: string, limit: number, filter: PageFilter = {}) =>
      (await allPages(store, { text, ...filter }, "newest", limit))
        .map(({ jobs }) => idsOf(jobs).join()).join(" ");
    assert.equal(await ids("ab", 2), "ab,x abcd,abc");
    assert.equal(await ids("ab", 1), "ab x abcd abc");
    assert.equal(await ids("x", 9), "x");
    assert.equal(await ids("abc", 9, { states: ["dead"] }), "");
    assert.equal(await ids("abc", 9, { queue: "other" }), "");
  });

  test("page: a search that finds little stops early, says how far it came, and goes on", async (scene) => {
    const { store } = scene;
    await store.enqueue([newJob("first", { tags: ["rare"] })]);
    scene.advance(1000);
    await store.enqueue(Array.from({ length: 20_500 }, (_, i) => newJob(`j${i}`)));
    scene.advance(1000);
    await store.enqueue([newJob("last", { tags: ["rare"] })]);
    for (
      const [filter, sort] of [[{ tag: "rare" }, "newest"], [{ text: "ST" }, "oldest"]] as const
    ) {
      const begin = sort === "newest" ? "last" : "first";
      const end = sort === "newest" ? "first" : "last";
      const pages = await allPages(store, filter, sort, 5);
      assert.ok(pages.length > 1, "one look at so many jobs would take too long");
      assert.deepEqual(pages.flatMap(({ jobs }) => idsOf(jobs)), [begin, end]);
      const times = pages.map(({ searchedTo }) => searchedTo);
      assert.deepEqual(times.slice(0, -1), times.slice(0, -1).map(() => scene.now - 1000));
      assert.equal(times.at(-1), null);
    }
    const full = await store.page({ tag: "rare" }, { limit: 1 });
    assert.deepEqual([idsOf(full.jobs), full.searchedTo], [["last"], null]);
  });

  test("page: of large jobs it has fewer", async ({ store }) => {
    const command = `: ${"x".repeat(120_000)}`;
    await store.enqueue(Array.from({ length: 80 }, (_, i) => newJob(`j${i}`, { command })));
    const pages = await allPages(store, {}, "oldest", 1000);
    assert.ok(pages.length > 1);
    assert.ok(pages.every(({ jobs }) => jobs.length > 0 && jobs.length < 45));
    assert.deepEqual(
      pages.flatMap(({ jobs }) => idsOf(jobs)),
      Array.from({ length: 80 }, (_, i) => `j${i}`),
    );
  });

  test("page: refuses a cursor that is none, or of another order", async ({ store }) => {
    await store.enqueue([newJob("a"), newJob("b")]);
    const { next } = await store.page({}, { limit: 1 });
    const text = atob(next!.replaceAll("-", "+").replaceAll("_", "/"));
    const wrong = ["", "x", "W10", "bnVsbA", "e30", "☃", `${next}=`.slice(1), btoa(text + "]")];
    const forged = [[], ["newest"], ["newest", 1], ["newest", 1, 2, "3"], ["newest", 1, 2, 0.5]]
      .map((value) => btoa(JSON.stringify(value)));
    for (const cursor of [...wrong, ...forged]) {
      await assert.rejects(store.page({}, { limit: 1, cursor }), UsageError, cursor);
    }
    for (const sort of ["oldest", "finished", "priority"] as const) {
      await assert.rejects(store.page({}, { limit: 1, cursor: next, sort }), UsageError);
    }
    for (const cursor of ["", "x", next!]) {
      await assert.rejects(store.actOnAll("retry", {}, { limit: 1, cursor }), UsageError);
    }
  });

  test("page: refuses states that an order does not know, and text that is too long", async ({ store }) => {
    for (const state of STATES) {
      const page = (sort: JobSort) => store.page({ states: [state] }, { limit: 1, sort });
      if (isFinal(state)) await page("finished");
      else await assert.rejects(page("finished"), UsageError);
      if (state === "pending") await page("priority");
      else await assert.rejects(page("priority"), UsageError);
    }
    await store.page({ text: "x".repeat(1000) }, { limit: 1 });
    for (const text of ["x".repeat(1001), "a\0b"]) {
      await assert.rejects(store.page({ text }, { limit: 1 }), UsageError);
    }
  });

  test("jobs, count: by text and by error as a page", async (scene) => {
    await manyKinds(scene);
    const jobs = await scene.store.jobs({});
    for (const filter of FILTERS) {
      const expected = jobs.filter((job) => fits(job, filter));
      assert.deepEqual(idsOf(await scene.store.jobs(filter)), idsOf(expected));
      assert.equal(await scene.store.count(filter), expected.length);
    }
  });
}

const FILTERS: readonly PageFilter[] = [
  {},
  { states: [] },
  ...STATES.map((state) => ({ states: [state] })),
  { states: ["completed", "dead"] },
  { states: ["pending", "pending", "held"] },
  { queue: "mail" },
  { queue: "none" },
  { queue: "mail", states: ["pending"] },
  { queue: "mail", states: ["dead", "completed", "pending"] },
  { tag: "Some Tag" },
  { tag: "Some Tag", queue: "mail", states: ["pending", "dead"] },
  { error: "exit code 1" },
  { error: "exit code 1", states: ["dead"] },
  { error: "exit code 1", states: ["dead"], queue: "mail" },
  { error: "exit code 2", states: ["dead"] },
  { error: "cancelled", states: ["cancelled", "dead"] },
  { text: "" },
  { text: "EXIT" },
  { text: "some t" },
  { text: '"' },
  { text: "ü" },
  { text: "100%" },
  { text: "_" },
  { text: "\\" },
  { text: "mail", states: ["dead", "pending"] },
  { text: "nothing" },
  // Long ones are looked for in another way.
  { text: "ÜBER Ü, 100% Of _ \\ it" },
  { text: "ÜBER ü, 100% Of _ \\ it" },
  { text: "BER ü, 100% Of _ % it" },
  { idPrefix: "mail-1" },
  { idPrefix: "mail-1", text: "ECHO", states: ["pending"] },
];

interface Order {
  readonly states: readonly Job["state"][];
  sort(jobs: readonly Job[]): readonly Job[];
}

/** Jobs that are given in their order of arrival. */
const ORDERS: Readonly<Record<JobSort, Order>> = {
  newest: { states: STATES, sort: (jobs) => jobs.toReversed() },
  oldest: { states: STATES, sort: (jobs) => jobs },
  finished: {
    states: FINAL_STATES,
    sort: (jobs) => jobs.toReversed().sort((a, b) => b.finishedAt! - a.finishedAt!),
  },
  priority: {
    states: ["pending"],
    sort: (jobs) => jobs.toSorted((a, b) => b.priority - a.priority),
  },
};

function fits(job: Job, { states, queue, tag, error, text = "", idPrefix = "" }: PageFilter) {
  const lower = (value: string) => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const texts = [job.id, job.command, job.error ?? "", ...job.tags];
  return (states?.includes(job.state) ?? true) && (queue ?? job.queue) === job.queue &&
    (tag === undefined || job.tags.includes(tag)) && (error ?? job.error) === job.error &&
    job.id.startsWith(idPrefix) && texts.some((value) => lower(value).includes(lower(text)));
}

/** Jobs in every state, of two queues, with priorities, tags and errors; several end at the same moment. */
async function manyKinds(scene: Scene): Promise<void> {
  for (const state of STATES) await jobIn(scene, state);
  const commands = ["echo 'ÜBER ü, 100% OF _ \\ IT'", "echo 100% _ \\", 'echo "x"', "true"];
  await scene.store.enqueue(
    Array.from({ length: 24 }, (_, i) =>
      newJob(`${i % 3 === 0 ? "mail" : "job"}-${i}`, {
        queue: i % 3 === 0 ? "mail" : "default",
        priority: i % 5 - 2,
        command: commands[i % 4]!,
        tags: i % 4 === 0 ? ["Some Tag", "other"] : [],
        fatalExitCodes: [],
      })),
  );
  const worker = await scene.worker("kinds", { queues: ["mail", "default"] });
  for (const outcome of [COMPLETED, FAILED, { kind: "failed", exitCode: 2 } as const]) {
    await worker.settle(await worker.claim(4), outcome);
    scene.advance(100);
  }
  for (const { id } of await scene.store.jobs({ states: ["pending"], limit: 2 })) {
    await scene.store.cancel(id);
  }
}

async function allPages(
  store: Store,
  filter: PageFilter,
  sort: JobSort,
  limit: number,
): Promise<JobPage[]> {
  const pages: JobPage[] = [];
  for (let cursor: string | null = null; pages.length === 0 || cursor !== null;) {
    const page: JobPage = await store.page(filter, { limit, sort, cursor });
    pages.push(page);
    cursor = page.next;
    if (page.searchedTo === null && cursor !== null) {
      assert.match(cursor, /^[\w-]+$/);
    }
  }
  return pages;
}
