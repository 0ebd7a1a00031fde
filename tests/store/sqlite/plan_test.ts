import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ConflictError } from "../../../src/errors.ts";
import type { MovedJob } from "../../../src/job/record.ts";
import { Database, type SqlValue } from "../../../src/store/sqlite/database.ts";
import type { Store } from "../../../src/store/store.ts";
import { job, newJob } from "../../job/jobs.ts";
import { after, chunk, COMPLETED, FAILED, launchers, Scene, type Worker } from "../scene.ts";
import { emptyPlace } from "./place.ts";

/** What must be found by which index: a text in the statement, and a step of its plan. */
const FOUND_BY: readonly [what: string, statement: RegExp, step: RegExp][] = [
  ["the heads of a queue", /ORDER BY priority DESC/, /^SEARCH job USING COVERING INDEX job_claim/],
  ["the queues with jobs", /min\(queue\)/, /^SEARCH job USING COVERING INDEX job_claim/],
  ["what comes before a job", /priority > \?/, /^SEARCH job USING COVERING INDEX job_claim/],
  ["what is due", /UPDATE .* run_at <= \?/s, /^SEARCH job USING INDEX job_due \(run_at<\?\)/],
  ["what is due next", /ORDER BY run_at LIMIT 1$/, /^SCAN job USING INDEX job_due$/],
  ["what is outstanding", /count.* run_at <= \?/s, /^SEARCH job USING INDEX job_due/],
  ["the holder of a key", /unique_key = \?/, /^SEARCH job USING INDEX job_unique_key/],
  ["dependents", /FROM dependency JOIN/, /^SEARCH dependency USING PRIMARY KEY \(parent=\?\)/],
  ["a job's parents", /dependency WHERE job = /, /^SEARCH dependency USING .*INDEX dependency_job/],
  [
    "what a parent cancelled",
    /cancelled_by = \?\s+ORDER BY seq$/,
    /^SEARCH job USING INDEX job_cancelled_by/,
  ],
  ["what runs in a queue", /'processing' AND queue = \?/, /USING COVERING INDEX job_running$/],
  [
    "what a worker runs",
    /'processing' AND worker_id = \?/,
    /^SEARCH job USING .*INDEX job_running/,
  ],
  ["what has ended", /finished_at < \?/, /^SEARCH job USING INDEX job_ended \(state=\? AND /],
  ["a portion of jobs", /NOT INDEXED/, /^SEARCH job USING INTEGER PRIMARY KEY \(rowid>\? AND /],
  [
    "where a portion begins",
    /(min|max)\(seq\) AS seq FROM job/,
    /^SEARCH job USING INTEGER PRIMARY KEY/,
  ],
  ["a firing", /schedule = \? AND fire_time = \?/, /^SEARCH job USING .*INDEX job_firing/],
  ["when jobs began", /FROM start WHERE/, /^SEARCH start USING /],
];

/** Tables with a handful of rows: they may be walked over, and sorted. */
const SMALL = /^SCAN (worker|counter|queue|setting)\b/;

/** Steps that walk over an index of which a statement looks at the front alone, or that is short. */
const SHORT = /^SCAN (job USING INDEX job_due|ended_parent|job USING COVERING INDEX job_running)$/;

/** Statements that sort the few rows they have found. */
const SORTS_FEW = /WHERE state = 'processing'|WHERE job\.id = \?/;

Deno.test("plan: no hot statement scans the jobs or sorts", async () => {
  await using place = await emptyPlace();
  using statements = recordStatements();
  {
    await using scene = await Scene.set((surroundings) =>
      Promise.resolve({
        open: () => place.open({ surroundings }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      })
    );
    await liveADay(scene);
  }
  const plans = explain(place.path, statements.seen);
  for (const [what, statement, step] of FOUND_BY) {
    const found = [...plans].filter(([sql]) => statement.test(sql));
    assert.ok(found.length > 0, `no statement asks for ${what}`);
    for (const [sql, plan] of found) {
      assert.ok(plan.some((line) => step.test(line)), `${what}: ${sql}\n${plan.join("\n")}`);
    }
  }
  for (const [sql, plan] of plans) {
    const isSmall = plan.some((step) => SMALL.test(step)) || SORTS_FEW.test(sql);
    for (const step of plan) {
      const shown = `${sql}\n${plan.join("\n")}`;
      if (/^SCAN (job|attempt|output|input|dependency|start|ended_parent|schedule)\b/.test(step)) {
        assert.match(step, SHORT, shown);
        assert.match(sql, /LIMIT 1$|^SELECT count\(\*\).*'processing'/s, shown);
      }
      if (!isSmall) assert.doesNotMatch(step, /TEMP B-TREE/, shown);
    }
  }
  // Without these the test would have looked at nothing.
  for (const verb of ["SELECT", "INSERT", "UPDATE", "DELETE"]) {
    const count = [...statements.seen].filter((sql) => sql.startsWith(verb)).length;
    assert.ok(count >= 3, `${count} statements begin with ${verb}`);
  }
});

/** The steps of the plan of each statement. */
function explain(path: string, statements: ReadonlySet<string>): Map<string, string[]> {
  const connection = new DatabaseSync(path);
  try {
    return new Map(
      [...statements].map((sql) => [
        sql,
        connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map((row) => String(row.detail)),
      ]),
    );
  } finally {
    connection.close();
  }
}

/** Everything that a worker, an enqueuer, `status` and `wait` do again and again. */
async function liveADay(scene: Scene): Promise<void> {
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
  await store.job("a");
  await store.attempts("a");
  await store.output("a", 1, 0);
  await store.jobs({ states: ["dead"], limit: 20 });
  await store.count({ states: ["dead"] });
  await store.status();
  await store.outstanding(null, 1000, "a");
  await store.outstanding(["default"], 1000);
  await store.retry("a", ["completed"]);
  await store.retryAll("dead");
  await store.standing("a");
  await store.queues();
  await store.requestSlots(["w"], 3);
  await store.requestStop(["w"], "now");
  await store.removeEnded({ states: ["cancelled"], before: scene.now + 1 });
  await store.settings();
  await store.configure("lease", "30s");
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

/** Notes every statement that runs, until it is disposed of. */
function recordStatements(): Disposable & { readonly seen: ReadonlySet<string> } {
  const seen = new Set<string>();
  const { get, all, run } = Database.prototype;
  const note = (sql: string) => {
    if (/^\s*(WITH|SELECT|INSERT|UPDATE|DELETE)/.test(sql)) seen.add(sql.trim());
  };
  Database.prototype.get = function (sql: string, ...values: SqlValue[]) {
    note(sql);
    return get.call(this, sql, ...values);
  };
  Database.prototype.all = function (sql: string, ...values: SqlValue[]) {
    note(sql);
    return all.call(this, sql, ...values);
  };
  Database.prototype.run = function (sql: string, ...values: SqlValue[]) {
    note(sql);
    return run.call(this, sql, ...values);
  };
  return {
    seen,
    [Symbol.dispose]: () => void Object.assign(Database.prototype, { get, all, run }),
  };
}
