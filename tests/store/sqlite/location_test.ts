import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { newJob } from "../../job/jobs.ts";
import { closedStore, emptyPlace, modeOf, type Place, refused } from "./place.ts";
import { openSqlite } from "../open_sqlite.ts";

const posix = { ignore: Deno.build.os === "windows" };

Deno.test("SqliteEngine.open: makes its files for the user alone", posix, async () => {
  await using place = await emptyPlace();
  const path = `${place.directory}/new/deep/q.db`;
  await using store = await openSqlite(path, { create: true });
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
});

Deno.test(
  "SqliteEngine.open: leaves the user's own directory and file modes alone",
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

Deno.test("SqliteEngine.open: refuses a directory that anyone may write to", posix, async () => {
  await using place = await emptyPlace();
  Deno.chmodSync(place.directory, 0o777);
  await refused(() => place.open(), /chmod o-w/, place.directory);
  assert.deepEqual(place.names(), []);
  Deno.chmodSync(place.directory, 0o1777);
  await using _store = await place.open();
});

Deno.test("SqliteEngine.open: refuses a link in place of the side directory", posix, async () => {
  await using place = await emptyPlace();
  const elsewhere = `${place.directory}/elsewhere`;
  Deno.mkdirSync(elsewhere);
  Deno.symlinkSync(elsewhere, `${place.path}.d`);
  await refused(() => place.open(), /directory of this store alone/, `${place.path}.d`);
  assert.deepEqual([...Deno.readDirSync(elsewhere)], []);
});

Deno.test("SqliteEngine.open: refuses a file in place of the side directory", async () => {
  await using place = await emptyPlace();
  Deno.writeTextFileSync(`${place.path}.d`, "mine");
  await refused(() => place.open(), /directory of this store alone/);
  assert.equal(Deno.readTextFileSync(`${place.path}.d`), "mine");
});

Deno.test("SqliteEngine.open: refuses a side directory of another user", {
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
}, async () => {
  await using place = await emptyPlace();
  Deno.mkdirSync(`${place.path}.d`);
  Deno.chownSync(`${place.path}.d`, 65_534, 65_534);
  await refused(() => place.open(), /directory of this store alone/);
});

Deno.test("SqliteEngine.open: closes its side directory to others", posix, async () => {
  await using place = await closedStore();
  Deno.chmodSync(`${place.path}.d`, 0o755);
  await using _store = await place.open({ create: false });
  assert.equal(modeOf(`${place.path}.d`), 0o700);
});

for (const mode of [0o777, 0o770, 0o720, 0o702]) {
  const octal = mode.toString(8);
  Deno.test(`SqliteEngine.open: refuses a side directory of mode ${octal}`, posix, async () => {
    await using place = await closedStore();
    Deno.chmodSync(`${place.path}.d`, mode);
    await refused(() => place.open(), /Others may write to .*chmod 700 it$/, `${place.path}.d`);
    assert.equal(modeOf(`${place.path}.d`), mode);
  });
}

for (const mode of [0o666, 0o620, 0o602]) {
  const octal = mode.toString(8);
  Deno.test(`SqliteEngine.open: refuses a store file of mode ${octal}`, posix, async () => {
    await using place = await closedStore();
    Deno.chmodSync(place.path, mode);
    for (const create of [true, false]) {
      await refused(() => place.open({ create }), /Others may write .*chmod 600 it$/, place.path);
    }
    assert.equal(modeOf(place.path), mode);
  });
}

Deno.test("SqliteEngine.open: a store has one side directory by all its names", posix, async () => {
  await using place = await closedStore();
  await Deno.remove(`${place.path}.d`, { recursive: true });
  const { directory } = place;
  Deno.mkdirSync(`${directory}/sub`);
  Deno.symlinkSync(place.path, `${directory}/absolute.db`);
  Deno.symlinkSync("../q.db", `${directory}/sub/relative.db`);
  Deno.symlinkSync("sub/relative.db", `${directory}/twice.db`);
  Deno.symlinkSync(directory, `${directory}/sub/directory`);
  await using first = await place.open();
  for (
    const name of [
      "absolute.db",
      "sub/relative.db",
      "twice.db",
      "sub/directory/q.db",
      "sub/../q.db",
      "./q.db",
    ]
  ) {
    await using store = await openSqlite(`${directory}/${name}`, { create: true });
    assert.equal(Deno.realPathSync(store.directory), `${place.path}.d`, name);
    await first.enqueue([newJob(`id/${name}`)]);
    assert.equal((await store.jobs({})).length % 2, 1);
    await store.enqueue([newJob(`id2/${name}`)]);
  }
  assert.deepEqual(everything(directory).filter((path) => path.endsWith(".d")), ["q.db.d"]);
});

Deno.test("SqliteEngine.open: a link may lead to a store that is to be made", posix, async () => {
  await using place = await emptyPlace();
  const target = `${place.directory}/big/disk/real.db`;
  Deno.symlinkSync(target, place.path);
  await refused(() => place.open({ create: false }), /no store/, place.path);
  {
    await using store = await place.open();
    await store.enqueue([newJob("a")]);
    assert.equal(store.directory, `${target}.d`);
    assert.equal(modeOf(target), 0o600);
  }
  assert.deepEqual(place.names(), ["big", "q.db"]);
});

Deno.test("SqliteEngine.open: a link in a directory of anyone is refused", posix, async () => {
  await using place = await closedStore();
  const open = `${place.directory}/open`;
  Deno.mkdirSync(open);
  Deno.chmodSync(open, 0o777);
  Deno.symlinkSync(place.path, `${open}/q.db`);
  await refused(() => openSqlite(`${open}/q.db`, { create: true }), /chmod o-w/, open);
});

Deno.test("SqliteEngine.open: links in a circle are one clear sentence", posix, async () => {
  await using place = await emptyPlace();
  Deno.symlinkSync("q.db", place.path);
  for (const create of [true, false]) {
    await refused(() => place.open({ create }), /leads in a circle/, place.path);
  }
});

Deno.test(
  "SqliteEngine.open: refuses a store with two names that are no links",
  posix,
  async () => {
    await using place = await closedStore();
    Deno.linkSync(place.path, `${place.directory}/copy.db`);
    for (const name of ["q.db", "copy.db"]) {
      const path = `${place.directory}/${name}`;
      await refused(() => openSqlite(path, { create: true }), /has 2 names.*remove all/, path);
    }
    assert.deepEqual(place.names(), ["copy.db", "q.db", "q.db.d"]);
  },
);

for (const end of ["-wal", "-shm", "-journal"]) {
  Deno.test(`SqliteEngine.open: follows no link at ${end}`, posix, async () => {
    await using place = await closedStore();
    Deno.symlinkSync(`${place.directory}/elsewhere`, `${place.path}${end}`);
    await refused(() => place.open(), /does not belong to the store/, `${place.path}${end}`);
    assert.deepEqual(place.names().filter((name) => name === "elsewhere"), []);
  });
}

Deno.test("SqliteEngine.open: waits for no pipe", posix, async () => {
  await using place = await emptyPlace();
  const mkfifo = (path: string) => new Deno.Command("mkfifo", { args: [path] }).outputSync();
  mkfifo(place.path);
  await refused(() => place.open(), /is not a file/, place.path);
  Deno.removeSync(place.path);
  Deno.mkdirSync(`${place.path}.d`, { mode: 0o700 });
  mkfifo(`${place.path}.d/turnstile`);
  await refused(() => place.open(), /turnstile is not a file/);
});

Deno.test("SqliteEngine.open: a missing store is named and not made", async () => {
  await using place = await emptyPlace();
  await refused(() => place.open({ create: false }), /^There is no store at .* yet/, place.path);
  const deep = `${place.directory}/a/b/q.db`;
  await refused(() => openSqlite(deep, { create: false }), /no store/, deep);
  assert.deepEqual(place.names(), []);
});

Deno.test("SqliteEngine.open: an empty file is a missing store, which reading does not make", async () => {
  await using place = await emptyPlace();
  Deno.writeFileSync(place.path, new Uint8Array());
  await refused(() => place.open({ create: false }), /no store/, place.path);
  assert.deepEqual(place.names(), ["q.db"]);
  assert.equal(Deno.statSync(place.path).size, 0);
  await using store = await place.open();
  await store.enqueue([newJob("a")]);
});

Deno.test("SqliteEngine.open: a parent that is a file is one clear sentence", async () => {
  await using place = await emptyPlace();
  Deno.writeTextFileSync(place.path, "a file");
  for (const create of [true, false]) {
    const path = `${place.path}/q.db`;
    await refused(() => openSqlite(path, { create }), /cannot be used|no store/, path);
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
  Deno.test(`SqliteEngine.open: ${what} is refused and left alone`, async () => {
    await using place = await emptyPlace();
    make(place.path);
    if (!Deno.statSync(place.path).isDirectory) Deno.chmodSync(place.path, 0o644);
    const before = contents(place);
    for (const create of [true, false]) {
      await refused(() => place.open({ create }), message, place.path);
      assert.deepEqual(place.names(), ["q.db"]);
      assert.deepEqual(contents(place), before);
    }
  });
}

Deno.test("SqliteEngine.open: a store of a newer program is refused", async () => {
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

Deno.test("SqliteEngine: a truncated store is refused, wherever it ends", async () => {
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

function everything(directory: string, prefix = ""): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = `${prefix}${name}`;
    return isDirectory ? [path, ...everything(`${directory}/${name}`, `${path}/`)] : [path];
  });
}

function foreign(path: string, sql: string): void {
  const connection = new DatabaseSync(path);
  connection.exec(sql);
  connection.close();
}

function contents(place: Place): Uint8Array | null {
  return Deno.statSync(place.path).isDirectory ? null : Deno.readFileSync(place.path);
}
