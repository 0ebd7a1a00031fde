import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Database, type SqlValue } from "../../../src/store/sqlite/database.ts";
import { chunk, COMPLETED, FAILED, launchers, newJob, Scene } from "../scene.ts";
import { emptyPlace } from "./place.ts";

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
  const connection = new DatabaseSync(place.path);
  try {
    for (const sql of statements.seen) {
      const plan = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
        .map((row) => String(row.detail));
      if (/priority DESC|min\(queue\)/.test(sql)) {
        const searches = plan.filter((step) => /\bjob\b/.test(step));
        assert.ok(searches.length > 0);
        for (const search of searches) assert.match(search, /USING COVERING INDEX job_claim/, sql);
      }
      for (const step of plan) {
        assert.doesNotMatch(
          step,
          /^SCAN (job|attempt|output)\b(?! USING COVERING INDEX job_claim$)/,
          `${sql}\n${plan.join("\n")}`,
        );
        // There are a handful of workers and of counters.
        if (plan.includes("SCAN worker") || plan.includes("SCAN counter")) continue;
        assert.doesNotMatch(step, /TEMP B-TREE/, `${sql}\n${plan.join("\n")}`);
      }
    }
  } finally {
    connection.close();
  }
  // Without these the test would have looked at nothing.
  for (const verb of ["SELECT", "INSERT", "UPDATE", "DELETE"]) {
    const count = [...statements.seen].filter((sql) => sql.startsWith(verb)).length;
    assert.ok(count >= 3, `${count} statements begin with ${verb}`);
  }
});

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
  await store.requestStop(["w"], "now");
  await store.removeAll("cancelled", scene.now + 1);
  await store.settings();
  await store.configure("lease", "30s");
  await store.leave("w");
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
