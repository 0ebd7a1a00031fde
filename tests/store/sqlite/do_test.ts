import assert from "node:assert/strict";
import { get, run, type Work } from "../../../src/store/sql/work.ts";
import { Database } from "../../../src/store/sqlite/database.ts";
import { emptyPlace } from "./place.ts";

Deno.test("do() answers each statement, and leaves out the row locks of the other database", async () => {
  await using place = await emptyPlace();
  await using db = await Database.open(place.path, { create: true, patience: 1000 });
  function* work(): Work<unknown> {
    const changed = yield* run("INSERT INTO setting (key, value) VALUES (?, ?)", "k", "v");
    const row = yield* get("SELECT value FROM setting WHERE key = ? FOR UPDATE OF setting", "k");
    const other = yield* get("SELECT 1 FROM setting WHERE key = 'x' FOR SHARE SKIP LOCKED");
    return [changed, row?.value, other];
  }
  assert.deepEqual(db.do(work()), [1, "v", null]);
});

Deno.test("do() throws what a statement throws into the work, at its place", async () => {
  await using place = await emptyPlace();
  await using db = await Database.open(place.path, { create: true, patience: 1000 });
  const steps: string[] = [];
  function* work(): Work<void> {
    try {
      yield* get("SELECT * FROM nowhere");
      steps.push("answered");
    } finally {
      steps.push("left");
    }
  }
  assert.throws(() => db.do(work()), /nowhere/);
  assert.deepEqual(steps, ["left"]);
});
