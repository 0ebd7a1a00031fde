import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import { Scene } from "../scene.ts";
import { emptyPlace } from "./place.ts";
import { liveADay } from "../whole_day.ts";

/** What must be found by which index: a text in the statement, and a step of its plan. */
const FOUND_BY: readonly [what: string, statement: RegExp, step: RegExp][] = [
  [
    "the heads of a queue",
    /^SELECT seq, priority, queue FROM job WHERE/,
    /^SEARCH job USING COVERING INDEX job_claim/,
  ],
  ["the queues with jobs", /WITH RECURSIVE head/, /^SEARCH job USING COVERING INDEX job_claim/],
  ["what comes before a job", /priority > \?/, /^SEARCH job USING COVERING INDEX job_claim/],
  ["the pending jobs of a queue", /priority = \? ORDER BY seq/, /COVERING INDEX job_claim/],
  ["what is due", /UPDATE .* run_at <= \?/s, /^SEARCH job USING INDEX job_due \(run_at<\?\)/],
  ["what is due next", /ORDER BY run_at LIMIT 1$/, /^SCAN job USING INDEX job_due$/],
  ["what is outstanding", /run_at <= \? LIMIT/, /^SEARCH job USING INDEX job_due/],
  ["the holder of a key", /unique_key = \?/, /^SEARCH job USING INDEX job_unique_key/],
  [
    "dependents",
    /FROM dependency\s+CROSS JOIN/,
    /^SEARCH dependency USING PRIMARY KEY \(parent=\?\)/,
  ],
  ["a job's parents", /dependency WHERE job = /, /^SEARCH dependency USING .*INDEX dependency_job/],
  [
    "what a parent cancelled",
    /cancelled_by = \?\s+UNION/,
    /^SEARCH job USING INDEX job_cancelled_by/,
  ],
  ["what runs in a queue", /'processing' AND queue = \?/, /USING COVERING INDEX job_running$/],
  [
    "what a worker runs",
    /'processing' AND worker_id = \?/,
    /^SEARCH job USING .*INDEX job_running/,
  ],
  [
    "what has ended",
    /state = \?\s+AND finished_at < \?/,
    /^SEARCH job USING INDEX job_ended \(state=\? AND fin/,
  ],
  [
    "the last to die alike",
    /error (= \?|IS NULL)\s+ORDER BY/,
    /^SEARCH job USING INDEX job_error \(error=/,
  ],
  [
    "died alike",
    /error (= \?|IS NULL)\s+AND finished_at < \?/,
    /INDEX job_error \(error=\? AND finished_at>/,
  ],
  ["a page", /fits FROM job NOT INDEXED/, /^SEARCH job USING INTEGER PRIMARY KEY \(rowid[<>]\?\)/],
  [
    "a page of a state",
    /fits FROM job INDEXED BY job_state/,
    /state \(state=\? AND (rowid|seq)[<>]\?\)/,
  ],
  [
    "a page of a queue's pending jobs",
    /fits FROM job INDEXED BY job_claim/,
    /job_claim \(queue=\? AND priority(=\? AND seq[<>]|<)\?\)/,
  ],
  [
    "a page by the end",
    /finished_at <= \? AND/,
    /INDEX job_e\w+ \((state|error)=\? AND fin\w+<\?\)/,
  ],
  ["statistics", /JOIN statistic/, /^SEARCH statistic .* \(step=\? AND at=\? AND queue=\?\)/],
  [
    "a portion of jobs",
    /^SELECT seq FROM job NOT INDEXED/,
    /^SEARCH job USING INTEGER PRIMARY KEY \(rowid>\? AND /,
  ],
  [
    "where a portion begins",
    /(min|max)\(seq\) AS seq FROM job WHERE/,
    /^SEARCH job USING INTEGER PRIMARY KEY/,
  ],
  ["a firing", /schedule = \? AND fire_time = \?/, /^SEARCH job USING .*INDEX job_firing/],
  ["when jobs began", /FROM start WHERE/, /^SEARCH start USING /],
  ["which schedules are due", /paused = 0 AND next_at <= \?/, /^SEARCH schedule .*schedule_due/],
];

/** What may be walked over: a step, the statements that may have it, and why. */
const WALKS: readonly [step: RegExp, statement: RegExp, why: string][] = [
  [/^SCAN (worker|queue|setting|migration|sqlite_master|pragma_\w+)\b/, /./, "a handful of rows"],
  [/^SCAN schedule\b/, /^SELECT name, cron/, "`schedule list` shows them all"],
  [/^SCAN counter\b/, /^SELECT/, "a row for each queue and state"],
  [
    /^SCAN (CONSTANT ROW|json_each|head|level|line|child|moment|known|due|counted|\(subquery-\d+\))/,
    /./,
    "made by the statement",
  ],
  [/^SCAN ended_attempts$/, /./, "what ticks have written since the last heartbeat"],
  [/^SCAN job USING COVERING INDEX job_error$/, /GROUP BY error/, "60 ms for a million dead jobs"],
  [/^SCAN ended_parent$/, /LIMIT 1(00)?$/, "the first ones"],
  [/^SCAN job USING INDEX job_due$/, /ORDER BY run_at LIMIT 1$/, "the first one"],
  [/^SCAN job USING COVERING INDEX job_claim$/, /WITH RECURSIVE head/, "the first one"],
  [
    /^SCAN job USING (COVERING )?INDEX job_running$/,
    /'processing'/,
    "no more than there are slots",
  ],
  [
    /^SCAN job$/,
    /^SELECT seq FROM job\s+(WHERE .*)?ORDER BY seq (ASC|DESC) LIMIT \?$/s,
    "a list: by arrival, until there are enough of them; those of a rare tag are looked for among all",
  ],
  [/^SCAN job$/, /\+id >= \?.*ORDER BY seq (ASC|DESC) LIMIT \?$/s, "also those of a common id"],
  [/^SCAN job$/, /^SELECT count\(\*\) AS jobs FROM job WHERE .*tags/s, "how many a tag has"],
  [
    /^SCAN job USING COVERING INDEX sqlite_autoindex_job_1$/,
    /substr\(id, length\(id\) -/,
    "no index knows how ids end",
  ],
];

/** What may be sorted: the few rows that were found. */
const SORTS: readonly [statement: RegExp, why: string][] = [
  [/FROM worker|FROM counter|FROM schedule/, "small tables"],
  [/WHERE (job\.)?state = 'processing'/, "no more than there are slots"],
  [/GROUP BY error ORDER BY jobs/, "those that differ"],
  [/WHERE job\.id = \?/, "the parents of one job"],
  [/id >= \? AND \+?id < \?/, "those whose ids begin so, at most 2000 of them"],
];

/** Whoever looks for all jobs of a state must stop somewhere, but for those who count a tag. */
const STOPS = /LIMIT|min\(|max\(|'processing'|FROM dependency|json_each\(tags\)/;

/** Of the port: what asks nothing, or is to read everything. */
const NOT_HOT = [
  ...["constructor", "location", "address", "directory", "isShared"],
  ...["doorbell", "lockHolder", "examine", "relocation"],
];

Deno.test("plan: no statement walks over the jobs, nor sorts them", async () => {
  await using place = await emptyPlace();
  using statements = recordStatements();
  using methods = recordMethods();
  {
    await using scene = await Scene.set((surroundings) =>
      Promise.resolve({
        open: () => place.open({ surroundings }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      })
    );
    await liveADay(scene);
  }
  assert.deepEqual(methods.uncalled(), [], "liveADay() calls every method of the port");
  const plans = explain(place.path, [...statements.seen]);
  for (const [what, statement, step] of FOUND_BY) {
    const found = [...plans].filter(([sql]) => statement.test(sql));
    assert.ok(found.length > 0, `no statement asks for ${what}`);
    for (const [sql, plan] of found) {
      assert.ok(plan.some((line) => step.test(line)), `${what}: ${sql}\n${plan.join("\n")}`);
    }
  }
  const used = new Set<unknown>();
  for (const [sql, plan] of plans) {
    const shown = `${sql}\n${plan.join("\n")}`;
    for (const step of plan) {
      if (step.startsWith("SCAN ")) {
        const walk = WALKS.find(([steps, text]) => steps.test(step) && text.test(sql));
        assert.ok(walk, `walks over too much: ${shown}`);
        used.add(walk);
      }
      if (step.includes("TEMP B-TREE")) {
        const sort = SORTS.find(([text]) => text.test(sql));
        assert.ok(sort, `sorts too much: ${shown}`);
        used.add(sort);
      }
      if (/^SEARCH job .*INDEX job_(state|claim|due|ended) /.test(step)) {
        assert.match(sql, STOPS, `does not stop: ${shown}`);
      }
    }
  }
  for (const rule of [...WALKS, ...SORTS]) assert.ok(used.has(rule), `nothing needs ${rule}`);
  // Without these the test would have looked at nothing.
  for (const verb of ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]) {
    const count = [...plans.keys()].filter((sql) => sql.startsWith(verb)).length;
    assert.ok(count >= 2, `${count} statements begin with ${verb}`);
  }
});

/** The steps of the plan of each statement, and of those of the triggers. */
function explain(path: string, statements: readonly string[]): Map<string, string[]> {
  using connection = new DatabaseSync(path, { readOnly: true });
  const things = connection.prepare("SELECT type, name, sql FROM sqlite_schema").all();
  // As wherever nobody has run ANALYZE.
  assert.ok(!things.some(({ name }) => String(name).startsWith("sqlite_stat")));
  const triggers = things.filter(({ type }) => type === "trigger").flatMap(({ sql }) =>
    /\bBEGIN(.*)END$/s.exec(String(sql))![1]!.split(";")
      .map((text) => text.replace(/\b(OLD|NEW)\.\w+/g, "?").trim()).filter(Boolean)
  );
  assert.ok(triggers.length >= 8, `${triggers.length} statements in triggers`);
  return new Map(
    [...statements, ...triggers].map((sql) => [
      sql,
      connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map((row) => String(row.detail)),
    ]),
  );
}

/** Notes every statement that is prepared, until it is disposed of. */
function recordStatements(): Disposable & { readonly seen: ReadonlySet<string> } {
  const seen = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (sql) {
    if (/^\s*(WITH|SELECT|INSERT|UPDATE|DELETE)/.test(sql)) seen.add(sql.trim());
    return prepare.call(this, sql);
  };
  return { seen, [Symbol.dispose]: () => void (DatabaseSync.prototype.prepare = prepare) };
}

/** Notes which methods of the port are called, until it is disposed of. */
function recordMethods(): Disposable & { uncalled(): string[] } {
  const own: Record<string, PropertyDescriptor> = Object.getOwnPropertyDescriptors(
    SqlStore.prototype,
  );
  const names = Object.keys(own).filter((name) => !NOT_HOT.includes(name));
  const called = new Set<string>();
  for (const name of names) {
    const method = own[name]!.value as (...args: unknown[]) => unknown;
    Object.defineProperty(SqlStore.prototype, name, {
      ...own[name],
      value(...args: unknown[]) {
        called.add(name);
        return method.apply(this, args);
      },
    });
  }
  return {
    uncalled: () => names.filter((name) => !called.has(name)),
    [Symbol.dispose]: () => void Object.defineProperties(SqlStore.prototype, own),
  };
}
