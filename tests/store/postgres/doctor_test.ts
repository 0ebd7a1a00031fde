/** What the doctor finds in a store in PostgreSQL. What it says is done as it stands there, and it is asked again. */

import assert from "node:assert/strict";
import type { Finding } from "../../../src/store/examination.ts";
import { openStore } from "../../../src/store/open.ts";
import type { Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { type PostgresSession, TestSchema } from "../../toolchain/postgres_session.ts";

/** Servers of tests need not survive a power cut. */
const EXPECTED = ["durable"];

/** What is found, by the names of the checks. */
async function findings(store: Store, full = false): Promise<(Finding & { name: string })[]> {
  const options = { full, now: Date.now(), command: ["queuectl"], hostIdentity: "this host" };
  const found: (Finding & { name: string })[] = [];
  for await (const { name, findings } of store.examine(options)) {
    if (!EXPECTED.includes(name)) found.push(...findings.map((finding) => ({ name, ...finding })));
  }
  return found;
}

/** The statements of `… psql URL … -c SQL -c SQL …`, as a shell takes it. */
async function statementsOf(mend: string): Promise<string[]> {
  const command = mend.slice(mend.indexOf("psql ")).replace(/ && queuectl .*$/, "");
  const { stdout, code } = await new Deno.Command("/bin/sh", {
    args: ["-c", `psql() { printf '%s\\0' "$@"; }\n${command}`],
  }).output();
  assert.equal(code, 0);
  const words = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
  assert.match(words[0]!, /^postgres:\/\/[^:]+@/, "without a password");
  assert.doesNotMatch(words[0]!, /schema=/);
  return words.filter((_, i) => words[i - 1] === "-c");
}

async function mendAll(session: PostgresSession, mend: string): Promise<void> {
  for (const statement of await statementsOf(mend)) await session.script(statement);
}

/** A store with jobs that have run, run, and wait. */
async function fill(store: Store): Promise<void> {
  await store.join({
    ...{ id: "w1", host: "h", hostIdentity: "another host", process: { pid: 1, startTime: "1" } },
    ...{ slots: 1, queues: null, lease: 30_000 },
  });
  await store.enqueue([newJob("done"), newJob("runs", { priority: -1 })]);
  const tick = { worker: "w1", ended: [], output: [], observed: new Map(), buried: [] };
  const launcher = { pid: 1, startTime: "1" };
  const { claimed } = await store.tick({ ...tick, free: [launcher, launcher], draining: false });
  const [{ jobId, token }] = claimed as [typeof claimed[number]];
  const outcome = { kind: "completed" } as const;
  const end = { jobId, token, outcome, finishedAt: Date.now(), chunks: [], outputBytes: 0 };
  await store.tick({ ...tick, ended: [end], free: [], draining: false });
  await store.enqueue([
    newJob("parent"),
    newJob("child", { after: [{ id: "parent", on: "ok" }] }),
    newJob("fed", { stdin: "input" }),
  ]);
}

/** A job by its id, in SQL. */
const seq = (id: string) => `(SELECT seq FROM job WHERE id = '${id}')`;

/** Damage, and what is said of it; `undo` where that is not for `psql` to mend. */
interface Damage {
  readonly what: string;
  readonly harm: string;
  readonly name: string;
  readonly verdict: Finding["verdict"];
  readonly finding: RegExp;
  readonly undo?: string;
  readonly full?: boolean;
}

const warning = (name: string, finding: RegExp) => ({ name, verdict: "warning", finding } as const);
const problem = (name: string, finding: RegExp) => ({ name, verdict: "problem", finding } as const);

const DAMAGES: readonly Damage[] = [
  {
    what: "attempts without a job",
    harm:
      "INSERT INTO attempt VALUES (999, 1, 'completed', 1, 2, 0, NULL, 'w1', 'h', 1, '1', 0, 0)",
    ...warning("records", /^Rows of the attempt log that belong to no job: 1 \(such as 999\)$/),
  },
  {
    what: "output without an attempt",
    harm: `INSERT INTO output VALUES (${seq("done")}, 7, 0, 'stdout', 1, 0, '')`,
    ...warning("records", /^Pieces of output that belong to no attempt: 1 /),
  },
  {
    what: "input without a job",
    harm: "INSERT INTO input VALUES (999, 'x')",
    ...warning("records", /^Inputs that belong to no job: 1 /),
  },
  {
    what: "a dependency without a job",
    harm: "INSERT INTO dependency VALUES ('done', 999, 'ok')",
    ...problem("records", /^Dependencies that belong to no job: 1 /),
  },
  {
    what: "an attempt without an end",
    harm: `UPDATE attempt SET outcome = NULL, finished_at = NULL WHERE job = ${seq("done")}`,
    ...warning("records", /^Attempts without an end, though .*: 1 /),
  },
  {
    what: "a running job without a row in the attempt log",
    harm: `DELETE FROM attempt WHERE job = ${seq("runs")}`,
    ...problem("records", /^Jobs that run without a row in the attempt log.*: 1 /),
  },
  {
    what: "a running job whose worker is not known",
    harm: "DELETE FROM worker",
    ...problem("records", /^Jobs that run in a worker that the store does not know.*: 1 /),
  },
  {
    what: "lost input",
    harm: "DELETE FROM input",
    undo: `INSERT INTO input VALUES (${seq("fed")}, 'input')`,
    ...problem("records", /^Jobs that have lost what they are to read .*: 1 \(such as fed\)$/),
  },
  {
    what: "counters that do not count",
    harm: "INSERT INTO counter_part VALUES ('dead', 'default', 6)",
    ...problem("records", /wrong \(dead: 6, not 0\)$/),
  },
  {
    what: "a queue's counters that do not count, with full",
    harm: "INSERT INTO counter_part VALUES ('pending', 'other', 1), ('pending', 'default', -1)",
    full: true,
    ...problem("records", /^(?=.*pending in default: 1, not 2)(?=.*pending in other: 1, not 0)/),
  },
  {
    what: "an index that is gone",
    harm: "DROP INDEX job_cancelled_by",
    ...problem("schema", /^The index job_cancelled_by is missing$/),
  },
  {
    what: "a trigger that is not in use",
    harm: "ALTER TABLE job DISABLE TRIGGER job_moved",
    ...problem("schema", /^The trigger job_moved is not in use$/),
  },
  {
    what: "a trigger that is gone",
    harm: "DROP TRIGGER job_deleted ON job",
    ...problem("schema", /^The trigger job_deleted is missing$/),
  },
  {
    what: "a function that is gone",
    harm: "DROP FUNCTION instr",
    ...problem("schema", /^The function instr is missing$/),
  },
  {
    what: "a parent that is gone",
    harm: "UPDATE dependency SET parent = 'gone'",
    undo: "UPDATE dependency SET parent = 'parent'",
    ...problem("parents", /^Jobs that wait for jobs that are not there: 1 \(such as child\)$/),
  },
  {
    what: "a parent that has ended unnoticed",
    harm: "INSERT INTO dependency VALUES ('done', (SELECT seq FROM job WHERE id = 'child'), 'ok')",
    undo: "DELETE FROM dependency WHERE parent = 'done'; DELETE FROM ended_parent",
    ...problem("parents", /^Jobs that have ended, while .* never told: 1 \(such as done\)$/),
  },
  {
    what: "a circle",
    harm: `UPDATE job SET state = 'blocked' WHERE id = 'parent';
      INSERT INTO dependency VALUES ('child', ${seq("parent")}, 'ok')`,
    undo: `UPDATE job SET state = 'pending' WHERE id = 'parent';
      DELETE FROM dependency WHERE parent = 'child'`,
    ...problem("parents", /in a circle: (child after parent after|parent after child after)/),
  },
  {
    what: "a parent that is held",
    harm: "UPDATE job SET state = 'held' WHERE id = 'parent'",
    undo: "UPDATE job SET state = 'pending' WHERE id = 'parent'",
    ...warning("parents", /^Jobs for which others wait, .* release: 1 \(such as parent\)$/),
  },
  {
    what: "a rate that counts the future",
    harm: "INSERT INTO start VALUES ('mail', 1, 99999999999999)",
    ...problem("times", /^The rates of mail count jobs/),
  },
  {
    what: "a table that is never cleared up",
    harm: "ALTER TABLE job SET (autovacuum_enabled = false)",
    ...problem("upkeep", /^The server does not clear up the table job$/),
  },
  {
    what: "a store that everybody may look into",
    harm: "GRANT USAGE ON SCHEMA @schema@ TO PUBLIC; GRANT SELECT ON job TO PUBLIC",
    ...warning("access", /^Everybody who can log in to the database may look into the store$/),
  },
  {
    what: "a store that everybody may change",
    harm: "GRANT USAGE ON SCHEMA @schema@ TO PUBLIC; GRANT SELECT, INSERT ON job TO PUBLIC",
    ...problem("access", /^Everybody .* may change the store \(INSERT\), and so run commands$/),
  },
  {
    what: "a block by nothing",
    harm: "DELETE FROM dependency",
    ...problem("parents", /^Jobs that are blocked by nothing: 1 \(such as child\)$/),
  },
];

Deno.test("doctor finds and mends what is wrong with a store in PostgreSQL", async (t) => {
  await using schema = await TestSchema.named();
  await using store = await openStore(schema.url, { create: true });
  await fill(store);
  await using session = await schema.session();
  assert.deepEqual(await findings(store, true), []);
  for (const { what, harm, undo, full, ...symptom } of DAMAGES) {
    await t.step(what, async () => {
      await session.script(harm.replaceAll("@schema@", schema.name));
      const [found, ...others] = await findings(store, full);
      assert.ok(found, "nothing was found");
      assert.deepEqual(others, []);
      const { name, verdict } = symptom;
      assert.deepEqual({ name: found.name, verdict: found.verdict }, { name, verdict });
      assert.match(found.text, symptom.finding);
      if (undo === undefined) await mendAll(session, found.mend!);
      else await session.script(undo);
      assert.deepEqual(await findings(store, true), []);
    });
  }
  await t.step("tables that are gone", async () => {
    await session.script("DROP TABLE output");
    const found = await findings(store);
    assert.ok(
      found.some(({ text, isUnusable }) => isUnusable && text === "The table output is missing"),
    );
    assert.ok(
      found.some(({ name, isUnusable }) => name === "records" && isUnusable),
      "and nobody crashes",
    );
  });
});
