import assert from "node:assert/strict";
import { MIGRATIONS } from "../../../src/store/sqlite/migrations.ts";
import { newJob } from "../../job/jobs.ts";
import { closedStore, emptyPlace, type Place, refused } from "./place.ts";

Deno.test("SqliteStore.open: of processes that make a store at one moment all succeed", async () => {
  await using place = await emptyPlace();
  const names = Array.from({ length: 8 }, (_, index) => `process-${index}`);
  const results = await Promise.all(names.map((name) => run("fresh_store.ts", [place.path, name])));
  for (const { success, stderr } of results) assert.ok(success, stderr);
  await using store = await place.open({ create: false });
  assert.equal(await store.count({}), names.length * 5);
  assert.equal((await store.jobs({ states: ["pending"] })).length, names.length * 5);
});

Deno.test("enqueue: what it has accepted survives the death of its process", async () => {
  await using place = await emptyPlace();
  const { signal } = await run("fresh_store.ts", [place.path, "a", "die"]);
  assert.equal(signal, "SIGKILL");
  await using store = await place.open({ create: false });
  assert.equal(await store.count({ states: ["pending"] }), 5);
  await store.enqueue([newJob("more")]);
});

Deno.test("SqliteStore.open: goes on where a process died while it made the store", async () => {
  await using place = await emptyPlace();
  const { signal } = await run("half_migration.ts", [place.path]);
  assert.equal(signal, "SIGKILL");
  await using store = await place.open();
  await store.enqueue([newJob("a")]);
  assert.equal(await store.count({}), 1);
});

Deno.test("SqliteStore.open: a migration that fails half-way leaves the old state", async () => {
  await using place = await closedStore((store) => store.enqueue([newJob("a")]));
  {
    using _broken = migration(
      "CREATE TABLE half (x INT); UPDATE job SET state = 'dead'; CREATE TABLE half (y INT)",
    );
    await assert.rejects(place.open(), /half/);
    await assert.rejects(place.open(), /half/);
  }
  {
    await using store = await place.open({ create: false });
    assert.equal((await store.job("a"))?.state, "pending");
  }
  // And the same step, mended.
  using _mended = migration("CREATE TABLE half (x INT) STRICT");
  for (const _again of [1, 2]) {
    await using store = await place.open({ create: false });
    assert.equal((await store.job("a"))?.state, "pending");
  }
});

Deno.test("SqliteStore.open: a first migration that fails leaves an empty file", async () => {
  await using place = await emptyPlace();
  {
    using _broken = migration("CREATE nonsense");
    await assert.rejects(place.open(), /nonsense/);
  }
  await using store = await place.open();
  await store.enqueue([newJob("a")]);
});

Deno.test("SqliteStore.open: several handles of one process migrate once", async () => {
  await using place = await emptyPlace();
  await using stack = new AsyncDisposableStack();
  const stores = await Promise.all([1, 2, 3, 4].map(() => place.open()));
  for (const store of stores) stack.use(store);
  await Promise.all(stores.map((store, index) => store.enqueue([newJob(`job-${index}`)])));
  assert.equal(await stores[0]!.count({}), 4);
});

/** Adds a migration, until it is disposed of. */
Deno.test("SqliteStore.open: to be read only, it changes nothing", async () => {
  await using place = await closedStore((store) => store.enqueue([newJob("a")]));
  const readOnly = { create: false, readOnly: true };
  // As where somebody has cleaned up.
  await Deno.remove(`${place.path}.d`, { recursive: true });
  const before = place.names();
  {
    await using store = await place.open(readOnly);
    assert.equal((await store.job("a"))?.state, "pending");
    await assert.rejects(store.enqueue([newJob("b")]), /for reading only/);
  }
  assert.deepEqual(place.names(), before);
  using _newer = migration("CREATE TABLE later (x INT) STRICT");
  await refused(() => place.open(readOnly), /is of an older version/, place.path);
  await using store = await place.open({ create: false });
  await store.enqueue([newJob("b")]);
  await using reader = await place.open(readOnly);
  assert.equal(await reader.count({}), 2);
});

Deno.test("SqliteStore.open: to be read only, it makes no store", async () => {
  await using place = await emptyPlace();
  const readOnly = { create: false, readOnly: true };
  await refused(() => place.open(readOnly), /There is no store/, place.path);
  await Deno.writeTextFile(place.path, "");
  await refused(() => place.open(readOnly), /There is no store/, place.path);
  assert.deepEqual([place.names(), Deno.statSync(place.path).size], [["q.db"], 0]);
});

function migration(sql: string): Disposable {
  const steps = MIGRATIONS as string[];
  steps.push(sql);
  return {
    [Symbol.dispose]() {
      steps.pop();
    },
  };
}

interface Ended {
  readonly success: boolean;
  readonly signal: Deno.Signal | null;
  readonly stderr: string;
}

/** Runs a script of this folder with the Deno and the packages of the tests. */
async function run(script: string, args: readonly [Place["path"], ...string[]]): Promise<Ended> {
  const { success, signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-all",
      "--config",
      new URL("../../deno.json", import.meta.url).pathname,
      new URL(script, import.meta.url).pathname,
      ...args,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return { success, signal, stderr: new TextDecoder().decode(stderr) };
}
