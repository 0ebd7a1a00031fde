/** How a store gets from one version of the schema to the next, whatever happens on the way. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { NewerStoreError } from "../../../src/errors.ts";
import { Schema } from "../../../src/store/sqlite/migrate.ts";
import { MIGRATIONS } from "../../../src/store/sqlite/migrations.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { newJob } from "../../job/jobs.ts";
import { openAtOnce, startUpgrade } from "./openers.ts";
import { closedStore, emptyPlace, type Place, refused } from "./place.ts";
import { makeStoreOf, schemaOf } from "./schemas/schemas.ts";
import { BROKEN, NEXT, SLOW } from "./steps.ts";

const NEXT_PROGRAM = { create: false, migrations: [...MIGRATIONS, ...NEXT] };
const OLD_PROGRAM = { create: false };

/** The version of this program, and of the next one. */
const NOW = MIGRATIONS.length;
const NEWEST = NOW + NEXT.length;

/** All versions up to this one. */
const upTo = (version: number) => Array.from({ length: version }, (_, i) => i + 1);

Deno.test("SqliteEngine.open: an old store is updated once, step by step", async () => {
  await using place = await oldStore();
  for (const _again of [1, 2]) {
    await using store = await place.open(NEXT_PROGRAM);
    assert.equal((await store.job("pending"))?.priority, 10);
  }
  assert.deepEqual(versionsOf(place.path), upTo(NEWEST));
  assert.deepEqual(ask(place.path, "SELECT DISTINCT color FROM job"), [{ color: "red" }]);
  await using fresh = await emptyPlace();
  await (await fresh.open({ ...NEXT_PROGRAM, create: true }))[Symbol.asyncDispose]();
  assert.deepEqual(schemaOf(place.path), schemaOf(fresh.path));
});

Deno.test("SqliteEngine.open: of processes that update a store at one moment all succeed", async () => {
  await using place = await oldStore();
  const { stored, failures } = await openAtOnce(place.path, { processes: 8, mode: "update" });
  assert.deepEqual([stored.length, failures], [8, []]);
  assert.deepEqual(versionsOf(place.path), upTo(NEWEST));
  await using store = await place.open(NEXT_PROGRAM);
  assert.equal(await store.count({ states: ["pending"] }), 3 + 8);
});

Deno.test("SqliteEngine.open: old processes write before an update at the same moment, or not", async () => {
  await using place = await oldStore();
  const { stored, failures } = await openAtOnce(place.path, { processes: 8, mode: "mixed" });
  for (const failure of failures) assert.match(failure, /NewerStoreError: .* update queuectl/);
  assert.equal(stored.length + failures.length, 8);
  await using store = await place.open(NEXT_PROGRAM);
  const ids = (await store.jobs({})).map(({ id }) => id).filter((id) => id.startsWith("opener-"));
  assert.deepEqual(ids.toSorted(), stored.toSorted());
  // Those of the future have all succeeded.
  assert.deepEqual(stored.filter((id) => /[1357]$/.test(id)).length, 4);
});

Deno.test("SqliteEngine.open: of processes that make a store at one moment all succeed", async () => {
  await using place = await emptyPlace();
  const { stored, failures } = await openAtOnce(place.path, { processes: 8, mode: "make" });
  assert.deepEqual([stored.length, failures], [8, []]);
  assert.deepEqual(versionsOf(place.path), upTo(NOW));
  await using store = await place.open(OLD_PROGRAM);
  assert.equal(await store.count({ states: ["pending"] }), 8);
});

Deno.test("SqliteEngine.open: several handles of one process update once", async () => {
  await using place = await oldStore();
  await using stack = new AsyncDisposableStack();
  const stores = await Promise.all([1, 2, 3, 4].map(() => place.open(NEXT_PROGRAM)));
  for (const store of stores) stack.use(store);
  await Promise.all(stores.map((store, index) => store.enqueue([newJob(`job-${index}`)])));
  assert.deepEqual(versionsOf(place.path), upTo(NEWEST));
});

Deno.test("SqliteEngine.open: a process that dies in an update leaves the old store", async () => {
  await using place = await oldStore();
  const before = contentsOf(place.path);
  const process = await startUpgrade(place.path);
  // It is in the middle: what it has done does not fit into its memory.
  await waitFor(() => sizeOf(`${place.path}-wal`) > 1_000_000, { timeout: 60_000 });
  process.kill("SIGKILL");
  assert.equal((await process.status).signal, "SIGKILL");
  await assertOld(place, before);
});

for (const [how, step] of [["fails at its end", BROKEN], ["fails at once", "CREATE nonsense"]]) {
  Deno.test(`SqliteEngine.open: an update that ${how} leaves the old store`, async () => {
    await using place = await oldStore();
    const before = contentsOf(place.path);
    const migrations = [...MIGRATIONS, ...NEXT, step!];
    for (const _again of [1, 2]) {
      await refused(
        () => place.open({ create: false, migrations }),
        new RegExp(`cannot be updated to schema ${NEWEST + 1}, and stays as it was: `),
        place.path,
      );
    }
    await assertOld(place, before);
    // And the same step, mended.
    const mended = [...MIGRATIONS, ...NEXT, "CREATE TABLE half (x INT) STRICT"];
    await (await place.open({ create: false, migrations: mended }))[Symbol.asyncDispose]();
    assert.deepEqual(versionsOf(place.path), upTo(NEWEST + 1));
  });
}

Deno.test("SqliteEngine.open: a first step that fails leaves an empty file", async () => {
  await using place = await emptyPlace();
  await refused(() => place.open({ migrations: ["CREATE nonsense"] }), /nonsense/, place.path);
  await using store = await place.open();
  await store.enqueue([newJob("a")]);
});

Deno.test("Schema.bringUpToDate() on a full disk leaves the old store", async () => {
  await using place = await oldStore();
  const before = contentsOf(place.path);
  const connection = new DatabaseSync(place.path);
  const [{ page_count: pages }] = connection.prepare("PRAGMA page_count").all() as [
    { page_count: number },
  ];
  connection.exec(`PRAGMA max_page_count = ${pages + 10}; BEGIN IMMEDIATE`);
  const schema = new Schema(place.path, [...MIGRATIONS, ...NEXT, SLOW]);
  assert.throws(() => schema.bringUpToDate(connection), /disk .* is full/);
  connection.close();
  await assertOld(place, before);
});

Deno.test("SqliteEngine.open: a newer store is refused, and left alone", async () => {
  await using place = await closedStore();
  await (await place.open(NEXT_PROGRAM))[Symbol.asyncDispose]();
  const before = contentsOf(place.path);
  for (const options of [{ create: true }, { create: false }, { create: false, readOnly: true }]) {
    await refused(
      () => place.open(options),
      new RegExp(
        `newer queuectl \\(schema ${NEWEST}, this program knows ${NOW}\\): update queuectl$`,
      ),
      place.path,
    );
  }
  assert.deepEqual(contentsOf(place.path), before);
});

Deno.test("SqliteEngine: a handle whose store is updated under it reads and writes no more", async () => {
  await using place = await closedStore((store) => store.enqueue([newJob("a")]));
  await using old = await place.open();
  await using newer = await place.open(NEXT_PROGRAM);
  const before = contentsOf(place.path);
  const attempts = [
    () => old.enqueue([newJob("b")]),
    () => old.jobs({}),
    () => old.cancel("a"),
    () => old.removeEnded({ states: ["completed"], before: Infinity }),
  ];
  for (const attempt of attempts) {
    await assert.rejects(
      attempt,
      (error) => error instanceof NewerStoreError && error.exitCode === 5,
    );
  }
  assert.deepEqual(contentsOf(place.path), before);
  await newer.enqueue([newJob("b")]);
});

Deno.test("SqliteEngine.open: to be read only, an older store is refused, not updated", async () => {
  await using place = await oldStore();
  const before = contentsOf(place.path);
  await refused(
    () => place.open({ ...NEXT_PROGRAM, readOnly: true }),
    /is of an older version: any command updates it/,
    place.path,
  );
  await assertOld(place, before);
});

/** A tick in which nothing happens. */
const NOTHING = {
  worker: "w",
  ended: [],
  output: [],
  free: [],
  observed: new Map(),
  draining: false,
  buried: [],
};

const ODD: readonly (readonly [string, string])[] = [
  ["without its table of versions", "DROP TABLE migration"],
  ["with an empty table of versions", "DELETE FROM migration"],
  ["with a gap in its versions", "DELETE FROM migration WHERE version = 1"],
  [
    "with another table of versions",
    "DROP TABLE migration; CREATE TABLE migration (name TEXT) STRICT",
  ],
];

for (const [what, sql] of ODD) {
  Deno.test(`SqliteEngine.open: a store ${what} is refused, and left alone`, async () => {
    await using place = await closedStore();
    change(place.path, sql);
    const before = contentsOf(place.path);
    for (const options of [{ create: true }, { create: false }, NEXT_PROGRAM]) {
      await refused(
        () => place.open(options),
        /does not say which version it has: restore it from a backup$/,
        place.path,
      );
    }
    assert.deepEqual(contentsOf(place.path), before);
  });
}

const OTHER_SCHEMAS = [
  "DROP TABLE schedule",
  "DROP INDEX job_due",
  "ALTER TABLE job RENAME COLUMN has_stdin TO with_stdin",
  "ALTER TABLE worker RENAME COLUMN unmoved_for TO unmoved",
];

for (const sql of OTHER_SCHEMAS) {
  Deno.test(`SqliteEngine: a schema of another making is one clear sentence: ${sql}`, async () => {
    await using place = await closedStore();
    change(place.path, sql);
    await using store = await place.open({ create: false });
    const work = async () => {
      await store.schedules();
      await store.workers();
      await store.enqueue([newJob("a")]);
      await store.tick(NOTHING);
    };
    await refused(work, /has not the tables of its version/, place.path);
  });
}

Deno.test("SqliteEngine.open: a copy by VACUUM INTO has a write-ahead log again", async () => {
  await using place = await closedStore((store) => store.enqueue([newJob("a")]));
  const copy = `${place.directory}/copy.db`;
  change(place.path, `VACUUM INTO '${copy}'`);
  Deno.chmodSync(copy, 0o600);
  Deno.renameSync(copy, place.path);
  {
    await using reader = await place.open({ create: false, readOnly: true });
    assert.equal((await reader.job("a"))?.state, "pending");
  }
  assert.deepEqual(ask(place.path, "PRAGMA journal_mode"), [{ journal_mode: "delete" }]);
  await using store = await place.open({ create: false });
  assert.equal((await store.job("a"))?.state, "pending");
  assert.deepEqual(ask(place.path, "PRAGMA journal_mode"), [{ journal_mode: "wal" }]);
});

async function oldStore(): Promise<Place> {
  const place = await emptyPlace();
  makeStoreOf(1, place.path);
  return place;
}

async function assertOld(place: Place, before: unknown): Promise<void> {
  assert.deepEqual(contentsOf(place.path), before);
  await using store = await place.open(OLD_PROGRAM);
  assert.equal((await store.job("running"))?.state, "processing");
  await store.enqueue([newJob("later")]);
}

/** All rows of all tables, and what made them. */
function contentsOf(path: string): unknown {
  const tables = ask(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  return [
    schemaOf(path),
    tables.map(({ name }) => [name, ask(path, `SELECT * FROM "${name}"`)]),
    ask(path, "PRAGMA integrity_check"),
  ];
}

function versionsOf(path: string): unknown[] {
  return ask(path, "SELECT version FROM migration ORDER BY version").map(({ version }) => version);
}

function ask(path: string, sql: string): Record<string, unknown>[] {
  const connection = new DatabaseSync(path);
  try {
    return connection.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    connection.close();
  }
}

function change(path: string, sql: string): void {
  const connection = new DatabaseSync(path);
  connection.exec(sql);
  connection.close();
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
