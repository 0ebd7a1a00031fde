/** Users who are not each other, by real processes: only root can make them. */

import assert from "node:assert/strict";
import { Bell } from "../bell.ts";
import { newJob } from "../../job/jobs.ts";
import { emptyPlace, modeOf, type Place, refused } from "./place.ts";

/** The user of the store, and another one. Nobody needs to have heard of them. */
const USER = 61_001;
const OTHER = 61_002;

const asRoot = { ignore: Deno.build.os === "windows" || Deno.uid() !== 0 };

Deno.test(
  "SqliteEngine.open: what root makes in a user's store is that user's",
  asRoot,
  async () => {
    await using place = await placeOf(USER);
    touch(place.path, USER);
    await using store = await place.open();
    await store.enqueue([newJob("roots")]);
    await store.join(WORKER);
    const bell = await store.doorbell(WORKER.id, () => {});
    assert.ok(bell);
    const files = everything(place.directory);
    assert.deepEqual(files.map((file) => file.slice(place.directory.length + 1)), [
      ...["q.db", "q.db-shm", "q.db-wal", "q.db.d", "q.db.d/turnstile", "q.db.d/w.sock"],
    ]);
    for (const file of files) {
      assert.deepEqual([file, Deno.lstatSync(file).uid], [file, USER]);
      assert.equal(modeOf(file) & 0o077, 0, file);
    }
    // While root has it open, and after that.
    assert.deepEqual(await enqueueAs(USER, place, "one"), { ids: ["one", "roots"] });
    await bell[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    assert.deepEqual(await enqueueAs(USER, place, "two"), { ids: ["one", "roots", "two"] });
  },
);

Deno.test("ringDoorbells: a user rings at root's worker in the own store", asRoot, async () => {
  await using place = await placeOf(USER);
  touch(place.path, USER);
  await using store = await place.open();
  await store.join(WORKER);
  await using bell = await Bell.hang(store, WORKER.id);
  await bell.rungBy(() => enqueueAs(USER, place, "one"));
});

Deno.test(
  "SqliteEngine.open: root leaves no link to follow in a user's store",
  asRoot,
  async () => {
    await using place = await placeOf(USER);
    touch(place.path, USER);
    const target = `${place.directory}/target`;
    Deno.mkdirSync(`${place.path}.d`, { mode: 0o700 });
    Deno.symlinkSync(target, `${place.path}.d/turnstile`);
    for (const name of ["", "/turnstile"]) chown(`${place.path}.d${name}`, USER);
    await refused(() => place.open(), /turnstile is not a file/);
    assert.throws(() => Deno.statSync(target), Deno.errors.NotFound);
    // Nor in the place of the directory.
    await Deno.remove(`${place.path}.d`, { recursive: true });
    Deno.mkdirSync(target);
    chown(target, USER);
    Deno.symlinkSync(target, `${place.path}.d`);
    chown(`${place.path}.d`, USER);
    await refused(() => place.open(), /must be a directory of this store alone/);
    assert.deepEqual([...Deno.readDirSync(target)], []);
  },
);

Deno.test("SqliteEngine.open: another user can do nothing with a store", asRoot, async () => {
  await using place = await placeOf(USER);
  assert.deepEqual(await enqueueAs(USER, place, "one"), { ids: ["one"] });
  const before = everything(place.directory);
  for (const mode of [0o600, 0o666]) {
    Deno.chmodSync(place.path, mode);
    const { refused } = await enqueueAs(OTHER, place, "two");
    assert.match(refused!, /belongs to another user/);
  }
  assert.deepEqual(everything(place.directory), before);
});

Deno.test(
  "SqliteEngine.open: in a directory of all, another's store is refused",
  asRoot,
  async () => {
    await using place = await placeOf(0, 0o1777);
    // Open to all, as bait.
    touch(place.path, OTHER, 0o666);
    const { refused } = await enqueueAs(USER, place, "mine");
    assert.match(refused!, /belongs to another user: give a store of your own, or be that user$/);
    assert.deepEqual(place.names(), ["q.db"]);
  },
);

Deno.test("SqliteEngine.open: another user's links are not followed", asRoot, async () => {
  await using place = await placeOf(0, 0o1777);
  await using home = await placeOf(USER);
  assert.deepEqual(await enqueueAs(USER, home, "mine"), { ids: ["mine"] });
  for (const target of [home.path, `${home.directory}/.profile`]) {
    Deno.symlinkSync(target, place.path);
    chown(place.path, OTHER);
    const answer = await enqueueAs(USER, place, "more");
    assert.match(answer.refused!, /is a link that another user has made/);
    await refused(() => place.open(), /is a link that another user has made/, place.path);
    Deno.removeSync(place.path);
  }
  assert.deepEqual(home.names(), ["q.db", "q.db.d"]);
  // A user's own link to an own store.
  Deno.symlinkSync(home.path, place.path);
  chown(place.path, USER);
  assert.deepEqual(await enqueueAs(USER, place, "more"), { ids: ["mine", "more"] });
  await using store = await place.open();
  assert.equal(await store.count({}), 2);
});

for (const end of [".d", "-wal", "-shm", "-journal"]) {
  Deno.test(
    `SqliteEngine.open: in a directory of all, another's ${end} is refused`,
    asRoot,
    async () => {
      await using place = await placeOf(0, 0o1777);
      touch(place.path, USER);
      if (end === ".d") {
        Deno.mkdirSync(`${place.path}.d`);
        chown(`${place.path}.d`, OTHER);
        Deno.chmodSync(`${place.path}.d`, 0o777);
      } else touch(`${place.path}${end}`, OTHER, 0o644);
      const { refused } = await enqueueAs(USER, place, "mine");
      assert.match(
        refused!,
        /must be a directory of this store alone|does not belong to the store/,
      );
      assert.deepEqual(place.names(), ["q.db", `q.db${end}`]);
      assert.equal(Deno.lstatSync(`${place.path}${end}`).uid, OTHER);
    },
  );
}

Deno.test(
  "SqliteEngine.open: in a directory of all, the own store is the user's alone",
  asRoot,
  async () => {
    await using place = await placeOf(0, 0o1777);
    assert.deepEqual(await enqueueAs(USER, place, "mine"), { ids: ["mine"] });
    assert.match((await enqueueAs(OTHER, place, "other")).refused!, /belongs to another user/);
    assert.deepEqual(await enqueueAs(USER, place, "more"), { ids: ["mine", "more"] });
  },
);

const WORKER = {
  id: "w",
  host: "h",
  hostIdentity: "i",
  process: { pid: 1, startTime: "1" },
  slots: 1,
  queues: null,
};

interface Answer {
  readonly ids?: readonly string[];
  readonly refused?: string;
}

/** Opens the store as that user, and enqueues a job. */
async function enqueueAs(user: number, place: Place, id: string): Promise<Answer> {
  const cache = await Deno.makeTempDir({ prefix: "qt-" });
  try {
    chown(cache, user);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-check", "--allow-all", "--no-config", "--no-lock"],
        new URL("user_store.ts", import.meta.url).pathname,
        place.path,
        id,
      ],
      cwd: "/",
      env: { HOME: cache, DENO_DIR: cache },
      uid: user,
      gid: user,
    }).output();
    const decoder = new TextDecoder();
    assert.equal(decoder.decode(stderr), "");
    return JSON.parse(decoder.decode(stdout));
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

async function placeOf(user: number, mode = 0o755): Promise<Place> {
  const place = await emptyPlace();
  chown(place.directory, user);
  Deno.chmodSync(place.directory, mode);
  return place;
}

function touch(path: string, user: number, mode = 0o600): void {
  Deno.writeFileSync(path, new Uint8Array());
  Deno.chmodSync(path, mode);
  chown(path, user);
}

/** The thing itself, where it is a link. */
function chown(path: string, user: number): void {
  const { success } = new Deno.Command("chown", { args: ["-h", `${user}:${user}`, path] })
    .outputSync();
  assert.ok(success, path);
}

function everything(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    return isDirectory ? [path, ...everything(path)] : [path];
  }).toSorted();
}
