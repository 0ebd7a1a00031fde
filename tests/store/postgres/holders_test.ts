/** What the doctor says of those who read for so long that nothing can be cleared up. */

import assert from "node:assert/strict";
import { holdersCheck } from "../../../src/store/postgres/examine_upkeep.ts";
import { openStore } from "../../../src/store/open.ts";
import { testServerAdmin } from "../../toolchain/postgres.ts";
import { PostgresSession, TestSchema } from "../../toolchain/postgres_session.ts";

const psql = (sql: string) => `psql -c "${sql}"`;

/** What is found if "long" is no time at all. */
async function find(session: PostgresSession, pid: number) {
  const rows = (sql: string) =>
    session.ask(sql.replaceAll("600000 milliseconds", "0").replaceAll("> 10000", ">= 0"));
  const { findings } = await holdersCheck({ rows, psql });
  return findings.filter(({ text }) => text.includes(`Session ${pid} `));
}

async function pidOf(session: PostgresSession): Promise<number> {
  return (await session.ask("SELECT pg_backend_pid() AS pid"))[0]!.pid as number;
}

Deno.test("doctor tells who has been reading for long, for how long, and how to end it", async () => {
  await using schema = await TestSchema.named();
  await using store = await openStore(schema.url, { create: true });
  await using session = await schema.session();
  await using reader = await schema.session();
  await reader.script(
    "SET application_name = 'report''s'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM job",
  );
  const pid = await pidOf(reader);
  const [found, ...others] = await find(session, pid);
  assert.deepEqual(others, []);
  assert.match(found!.text, /^Session \d+ \(report's\) has been in one transaction for \S+: /);
  assert.match(found!.mend!, new RegExp(`psql -c "SELECT pg_terminate_backend\\(${pid}\\)"$`));
  await reader.script("COMMIT");
  assert.deepEqual(await find(session, pid), []);
  const options = { full: false, now: Date.now(), command: ["queuectl"], hostIdentity: "h" };
  for await (const { name, findings } of store.examine(options)) {
    if (name === "holders") assert.deepEqual(findings, [], "of a short while nothing is said");
  }
});

Deno.test("doctor tells who has been reading for long as another role, though not since when", async () => {
  await using schema = await TestSchema.named();
  await using session = await schema.session();
  await using reader = await PostgresSession.open(await testServerAdmin(), "public");
  await reader.script("SET application_name = ''; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
  const pid = await pidOf(reader);
  const [found] = await find(session, pid);
  assert.match(
    found!.text,
    /^Session \d+ \(a program without a name\) has been in one transaction for \d+ transactions: /,
  );
});
