import assert from "node:assert/strict";
import { Dues } from "../../../src/store/postgres/dues.ts";
import { openStore } from "../../../src/store/open.ts";
import { newJob } from "../../job/jobs.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";

const EVER = Number.MIN_SAFE_INTEGER;

Deno.test("Dues: all are looked at until that takes long, then at a tenth of the time", () => {
  let clock = 0;
  const dues = new Dues(() => clock);
  dues.note(dues.since(), { took: 4, jobs: 20_000, now: 1_000_000, nextAt: null });
  assert.equal(dues.since(), EVER);
  dues.note(dues.since(), { took: 30, jobs: 20_000, now: 1_000_000, nextAt: null });
  assert.equal(dues.since(), 990_000, "what was hidden at that moment is looked for");
  clock = 299;
  dues.note(dues.since(), { took: 500, jobs: 20_000, now: 1_100_000, nextAt: null });
  assert.equal(dues.since(), 1_090_000, "such a look is no look at all of them");
  clock = 300;
  assert.equal(dues.since(), EVER);
});

Deno.test("Dues: goes on from the first that is left", () => {
  const dues = new Dues(() => 0);
  dues.note(EVER, { took: 20, jobs: 20_000, now: 1_000_000, nextAt: 5000 });
  assert.equal(dues.since(), 5000);
  dues.note(5000, { took: 20, jobs: 20_000, now: 1_000_000, nextAt: 2_000_000 });
  assert.equal(dues.since(), 990_000);
});

Deno.test("promote_due() makes those pending that are due since a moment", async () => {
  await using schema = await TestSchema.named();
  await using store = await openStore(schema.url, { create: true });
  await store.enqueue(["a", "b", "c", "later"].map((id) => newJob(id, { delay: 3_600_000 })));
  await using session = await schema.session();
  await session.script(
    "UPDATE job SET run_at = CASE id WHEN 'a' THEN 1000 WHEN 'b' THEN 2000 ELSE 3000 END WHERE id <> 'later'",
  );
  const promote = async (most: number, since: number) => {
    const [row] = await session.ask(`SELECT promote_due(${most}, ${since}) AS jobs`);
    const pending = await session.ask("SELECT id FROM job WHERE state = 'pending' ORDER BY id");
    return [row!.jobs, pending.map(({ id }) => id).join("")];
  };
  assert.deepEqual(await promote(9, 3001), [0, ""]);
  assert.deepEqual(await promote(1, 2000), [1, "b"]);
  assert.deepEqual(await promote(9, EVER), [2, "abc"]);
});
