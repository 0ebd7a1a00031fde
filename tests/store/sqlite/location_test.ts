import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { newJob } from "../../job/jobs.ts";
import { closedStore, emptyPlace, modeOf, type Place, refused } from "./place.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite_store.ts";

const posix = { ignore: Deno.build.os === "windows" };

Deno.test("SqliteStore.open: makes its files for the user alone", posix, async () => {
  await using place = await emptyPlace();
  const umask = Deno.umask(0);
  try {
    const path = `${place.directory}/new/deep/q.db`;
    await using store = await SqliteStore.open(path, { create: true });
    await store.enqueue([newJob("a")]);
    for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}.d/turnstile`]) {
      assert.equal(modeOf(file), 0o600, file);
    }
    for (
      const directory of [`${path}.d`, `${place.directory}/new/deep`, `${place.directory}/new`]
    ) {
      assert.equal(modeOf(directory), 0o700, directory);
    }
    assert.equal(store.location, path);
    assert.equal(store.address, path);
    assert.equal(store.directory, `${path}.d`);
  } finally {
    Deno.umask(umask);
  }
});

Deno.test(
  "SqliteStore.open: leaves the user's own directory and file modes alone",
  posix,
  async () => {
    await using place = await emptyPlace();
    Deno.chmodSync(place.directory, 0o755);
    Deno.writeFileSync(place.path, new Uint8Array(), { mode: 0o640 });
    Deno.chmodSync(place.path, 0o640);
    await using _store = await place.open();
    assert.equal(modeOf(place.directory), 0o755);
    assert.equal(modeOf(place.path), 0o640);
  },
);

Deno.test("SqliteStore.open: refuses a directory that anyone may write to", posix, async () => {
  await using place = await emptyPlace();
  Deno.chmodSync(place.directory, 0o777);
  await refused(() => place.open(), /chmod o-w/, place.directory);
  assert.deepEqual(place.names(), []);
  Deno.chmodSync(place.directory, 0o1777);
  await using _store = await place.open();
});

Deno.test("SqliteStore.open: refuses a link in place of the side directory", posix, async () => {
  await using place = await emptyPlace();
  const elsewhere = `${place.directory}/elsewhere`;
  Deno.mkdirSync(elsewhere);
  Deno.symlinkSync(elsewhere, `${place.path}.d`);
  await refused(() => place.open(), /directory of this store alone/, `${place.path}.d`);
  assert.deepEqual([...Deno.readDirSync(elsewhere)], []);
});

Deno.test("SqliteStore.open: refuses a file in place of the side directory", async () => {
  await using place = await emptyPlace();
  Deno.writeTextFileSync(`${place.path}.d`, "mine");
  await refused(() => place.open(), /directory of this store alone/);
  assert.equal(Deno.readTextFileSync(`${place.path}.d`), "mine");
});

Deno.test("SqliteStore.open: refuses a side directory of another user", {
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
}, async () => {
  await using place = await emptyPlace();
  Deno.mkdirSync(`${place.path}.d`);
  Deno.chownSync(`${place.path}.d`, 65_534, 65_534);
  await refused(() => place.open(), /directory of this store alone/);
});

Deno.test("SqliteStore.open: closes its side directory to others", posix, async () => {
  await using place = await closedStore();
  Deno.chmodSync(`${place.path}.d`, 0o755);
  await using _store = await place.open({ create: false });
  assert.equal(modeOf(`${place.path}.d`), 0o700);
});

Deno.test("SqliteStore.open: a missing store is named and not made", async () => {
  await using place = await emptyPlace();
  await refused(() => place.open({ create: false }), /^There is no store at .* yet/, place.path);
  const deep = `${place.directory}/a/b/q.db`;
  await refused(() => SqliteStore.open(deep, { create: false }), /no store/, deep);
  assert.deepEqual(place.names(), []);
});

Deno.test("SqliteStore.open: an empty file is a missing store, which reading does not make", async () => {
  await using place = await emptyPlace();
  Deno.writeFileSync(place.path, new Uint8Array());
  await refused(() => place.open({ create: false }), /no store/, place.path);
  assert.deepEqual(place.names(), ["q.db"]);
  assert.equal(Deno.statSync(place.path).size, 0);
  await using store = await place.open();
  await store.enqueue([newJob("a")]);
});

Deno.test("SqliteStore.open: a parent that is a file is one clear sentence", async () => {
  await using place = await emptyPlace();
  Deno.writeTextFileSync(place.path, "a file");
  for (const create of [true, false]) {
    const path = `${place.path}/q.db`;
    await refused(() => SqliteStore.open(path, { create }), /cannot be used|no store/, path);
  }
});

const garbage = new TextEncoder().encode("this is no database, but a text\n".repeat(1000));
const WRONG_FILES: [string, RegExp, (path: string) => void][] = [
  ["a directory", /is a directory/, (path) => Deno.mkdirSync(path)],
  ["a text file", /not a queuectl store/, (path) => Deno.writeFileSync(path, garbage)],
  ["a short text file", /not a queuectl store/, (path) => Deno.writeTextFileSync(path, "hi")],
  ["another program's database", /another program/, (path) => {
    foreign(path, "CREATE TABLE migration (name TEXT); INSERT INTO migration VALUES ('theirs')");
  }],
  ["another program's database without tables", /another program/, (path) => {
    foreign(path, "PRAGMA application_id = 42; PRAGMA user_version = 1");
  }],
];

for (const [what, message, make] of WRONG_FILES) {
  Deno.test(`SqliteStore.open: ${what} is refused and left alone`, async () => {
    await using place = await emptyPlace();
    make(place.path);
    const before = contents(place);
    for (const create of [true, false]) {
      await refused(() => place.open({ create }), message, place.path);
      assert.deepEqual(place.names(), ["q.db"]);
      assert.deepEqual(contents(place), before);
    }
  });
}

Deno.test("SqliteStore.open: a store of a newer program is refused", async () => {
  await using place = await closedStore();
  foreign(place.path, "INSERT INTO migration VALUES (999, 0)");
  for (const create of [true, false]) {
    await refused(
      () => place.open({ create }),
      /newer queuectl .*999.*update queuectl/,
      place.path,
    );
  }
});

Deno.test("SqliteStore: a truncated store is refused, wherever it ends", async () => {
  await using place = await closedStore((store) =>
    store.enqueue(Array.from({ length: 2000 }, (_, index) => newJob(`job-${index}`)))
  );
  const whole = Deno.readFileSync(place.path);
  for (const size of [50, 100, 5000, 4096, 8192, Math.floor(whole.length / 2)]) {
    Deno.writeFileSync(place.path, whole.subarray(0, size));
    await refused(
      async () => {
        await using store = await place.open({ create: false });
        await store.jobs({});
        await store.enqueue([newJob("more")]);
      },
      /damaged|not a queuectl store/,
      place.path,
    );
  }
});

function foreign(path: string, sql: string): void {
  const connection = new DatabaseSync(path);
  connection.exec(sql);
  connection.close();
}

function contents(place: Place): Uint8Array | null {
  return Deno.statSync(place.path).isDirectory ? null : Deno.readFileSync(place.path);
}
