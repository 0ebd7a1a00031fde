/**
 * How the server finds what statements ask for. A session keeps the plans of its statements, and they are made for a store as
 * it is then: a worker that has begun with a few jobs must not walk over all of those that come later.
 */

import assert from "node:assert/strict";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import type { Reserving } from "../../../src/store/postgres/reservations.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import { newJob } from "../../job/jobs.ts";
import { PostgresServer, type PostgresVersion } from "../../toolchain/postgres.ts";
import { PostgresSession } from "../../toolchain/postgres_session.ts";
import { Scene } from "../scene.ts";
import { liveADay } from "../whole_day.ts";

/** Every plan is one that is kept, and is logged, also those of functions and triggers. */
const SETTINGS = {
  plan_cache_mode: "force_generic_plan",
  session_preload_libraries: "auto_explain",
  "auto_explain.log_min_duration": "0",
  "auto_explain.log_format": "json",
  "auto_explain.log_nested_statements": "on",
};

/** What grows with the number of jobs. */
const LARGE = new Set(["job", "attempt", "output", "input", "dependency", "statistic", "start"]);

/** What may be walked over: by which index, the statements that may do so, and why. */
const WALKS: readonly [index: RegExp, statement: RegExp, why: string][] = [
  [/^job_claim$/, /WITH (RECURSIVE head|fleet)/, "the first ones"],
  [/^job_due$/, /WITH fleet|WITH RECURSIVE head|run_at >= since/, "the first one"],
  [/^job_to_cancel$/, /WITH fleet/, "what is being cancelled"],
  [/^job_running$/, /state = 'processing'/, "no more than there are slots"],
  [/^job_error$/, /GROUP BY error/, "what is dead"],
  [/^job_pkey$/, /^SELECT (max|min)\(seq\)/, "the last one"],
  [/^job_pkey$/, /ORDER BY seq (ASC|DESC) LIMIT/, "a list, until there are enough of them"],
  [/^job_id_key$/, /substr\(id, length\(id\) -/, "no index knows how ids end"],
  [/^none$/, /^SELECT count\(\*\) AS jobs FROM job WHERE .*tags/s, "how many a tag has"],
];

/** A step of a plan, as the server logs it. */
interface Step {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Plans"?: readonly Step[];
}

for (const version of ["newest", "oldest"] as const) {
  Deno.test(`plan: none that was made for a few jobs walks over all that come later (${version})`, () =>
    test(version));
}

async function test(version: PostgresVersion): Promise<void> {
  await using server = await PostgresServer.run({ version, settings: SETTINGS });
  await liveIn(server, "unknown", { isKnown: false });
  await liveIn(server, "known", { isKnown: true });
  await liveIn(server, "reserving", { isKnown: true, reserving: { from: 1, pause: 0 } });
  const plans = plansIn(await server.log());
  const used = new Set<unknown>();
  for (const { text, steps } of plans) {
    for (const step of steps.filter((step) => LARGE.has(step["Relation Name"] ?? ""))) {
      const { "Index Name": index = "none", "Index Cond": condition } = step;
      const shown = `${text}\n${JSON.stringify(step, null, 2)}`;
      if (step["Node Type"].endsWith("Scan") && condition === undefined) {
        const walk = WALKS.find(([name, statement]) => name.test(index) && statement.test(text));
        assert.ok(walk, `walks over too much: ${shown}`);
        used.add(walk);
      }
      // All that is in a state is looked at for who asks for it.
      if (index === "job_state") {
        assert.match(condition!, /^\(+state = .*\$/, `finds by the state: ${shown}`);
      }
    }
  }
  // An older server says that the last one is not null.
  for (const rule of version === "newest" ? WALKS : []) {
    assert.ok(used.has(rule), `nothing needs ${rule}`);
  }
  // Without these the test would have looked at nothing.
  for (
    const what of ["UPDATE job SET state = 'processing'", "write_out", "INSERT INTO reservation"]
  ) {
    assert.ok(plans.some(({ text }) => text.includes(what)), `no plan of ${what}`);
  }
}

/** Has a day lived in a store of a server; `isKnown`: the server has counted its rows when there was one. */
async function liveIn(
  server: PostgresServer,
  schema: string,
  { isKnown, reserving }: { readonly isKnown: boolean; readonly reserving?: Reserving },
): Promise<void> {
  const url = `${server.url}?schema=${schema}`;
  await using scene = await Scene.set((surroundings) =>
    Promise.resolve({
      open: async () => {
        const own = { ...surroundings, ...reserving && { reserving } };
        return new SqlStore(await PostgresEngine.open(url, { create: true, surroundings: own }));
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  );
  if (isKnown) {
    await scene.store.enqueue([newJob("first")]);
    await using session = await PostgresSession.open(server.url, schema);
    await session.script("ANALYZE");
    await scene.store.cancel("first");
    await scene.store.remove("first", ["cancelled"]);
  }
  await liveADay(scene);
  // Of so many workers not all are woken.
  for (let n = 0; n < 10; n++) await scene.worker(`one-of-many-${n}`);
  await scene.enqueue("for one of many");
}

/** The plans of a log: what each is for, and its steps. */
function plansIn(log: string): { readonly text: string; readonly steps: readonly Step[] }[] {
  return log.split(/\n(?=\d{4}-\d\d-\d\d )/).flatMap((entry) => {
    const [, plan] = entry.split(" plan:\n");
    if (plan === undefined) return [];
    const { "Query Text": text, Plan } = JSON.parse(plan);
    return [{ text, steps: stepsOf(Plan) }];
  });
}

function stepsOf(step: Step): Step[] {
  return [step, ...(step.Plans ?? []).flatMap(stepsOf)];
}
