/** What every command says of a store that it cannot use, and that it changes nothing. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { tempDir } from "../helpers/temp_dir.ts";
import { commandNames, COMMANDS, makeStore, OTHERS, runOn } from "./store_commands.ts";
import { canMount, tmpfs } from "./store_disk.ts";
import { type Fault, FAULTS, nothing, PAGE, type Scene } from "./store_faults.ts";

/**
 * A worker starts launchers before it finds out, see store_worker_test.ts; a dashboard shows what can be read.
 */
const GOES_ON = ["worker start", "dashboard"];

for (const fault of FAULTS) {
  const { title, isMissing = false, mounts = false } = fault;
  Deno.test({
    name: `commands: a store that is ${title} is exit code 5 and a sentence`,
    ignore: mounts && !canMount,
    async fn() {
      await using scene = await openScene(mounts);
      const before = contentOf(scene.store);
      {
        using _impatient = rewriteSql((sql) =>
          sql.replace(/busy_timeout = \d+/, "busy_timeout = 0")
        );
        await using _mended = await fault.make(scene) ?? nothing;
        for (const command of COMMANDS) {
          if (isMissing && command.creates) continue;
          if (fault.refuses === "writers" && GOES_ON.includes(command.name)) continue;
          await check(scene, fault, command);
        }
      }
      // Where the store can be read again, all is as it was.
      if (fault.refuses === "writers" || mounts) assert.equal(contentOf(scene.store), before);
    },
  });
}

Deno.test("commands: there is a command line for each of them", () => {
  const known = new Set([...COMMANDS.map(({ name }) => name), ...OTHERS]);
  assert.deepEqual(commandNames().filter((name) => !known.has(name)), []);
});

Deno.test("commands: all succeed on a store in which nothing is wrong", async () => {
  for (const command of COMMANDS) {
    if (command.stays) continue;
    await using scene = await openScene();
    const { code, stderr } = await runOn(scene.store, command);
    assert.equal(code, 0, `${command.name}: ${stderr}`);
  }
});

Deno.test("enqueue: what does not fit on the disk is undone, and the store goes on", async () => {
  await using scene = await openScene();
  const before = contentOf(scene.store);
  const large = JSON.stringify({ command: "x".repeat(100_000) });
  const enqueue = { name: "enqueue", args: [], stdin: `${large}\n`.repeat(20) };
  {
    using _full = limitSize(scene.store, 100);
    const { code, stdout, stderr } = await runOn(scene.store, enqueue);
    assert.deepEqual({ code, stdout }, { code: 5, stdout: "" });
    assert.match(stderr, /^queuectl: The disk of the store \S+ is full: free some space\n$/);
  }
  assert.equal(contentOf(scene.store), before);
  assert.equal((await runOn(scene.store, enqueue)).code, 0);
});

Deno.test("commands: a log that is garbage or cut is what was never committed", async (test) => {
  const faults: Readonly<Record<string, (wal: string) => void>> = {
    garbage: (wal) => Deno.writeFileSync(wal, new Uint8Array(9 * PAGE).fill(0xa5)),
    cut: (wal) => Deno.truncateSync(wal, PAGE),
    "cut in its header": (wal) => Deno.truncateSync(wal, 20),
    gone: (wal) => Deno.removeSync(wal),
  };
  for (const [title, make] of Object.entries(faults)) {
    await test.step(title, async () => {
      await using scene = await openScene();
      const before = contentOf(scene.store);
      // As a crash leaves it: a log whose frames are not in the file yet.
      await crashed(scene, "DELETE FROM setting");
      make(`${scene.store}-wal`);
      const { code, stdout } = await runOn(scene.store, { name: "config", args: ["list"] });
      assert.equal(code, 0);
      assert.match(stdout, /backoff_base +3/);
      assert.equal(contentOf(scene.store), before);
    });
  }
});

async function check(
  { directory, store }: Scene,
  { says, refuses }: Fault,
  command: (typeof COMMANDS)[number],
): Promise<void> {
  const { code, stdout, stderr } = await runOn(store, command);
  const shown = `${command.name} ${command.args.join(" ")}: ${stderr.replaceAll(directory, "…")}`;
  if (refuses === "writers" && command.reads) return assert.equal(code, 0, shown);
  const own = ["run", "wait"].includes(command.name) ? 125 : 5;
  assert.equal(code, own, shown);
  assert.equal(stdout, "", shown);
  assert.match(stderr, /^queuectl: [A-Z/].*[^.]\n$/, shown);
  assert.match(stderr, says, shown);
  assert.doesNotMatch(stderr, /os error|SQLite|Unexpected/, shown);
  assert.ok(stderr.includes(store), shown);
}

interface OwnScene extends Scene, AsyncDisposable {}

/** A store of its own. */
async function openScene(mounted = false): Promise<OwnScene> {
  const temp = await tempDir();
  const directory = temp.join("data");
  const store = `${directory}/queue.db`;
  await Deno.mkdir(directory);
  const mount = mounted ? await tmpfs(directory, "1m") : nothing;
  await makeStore(store);
  return {
    directory,
    store,
    async [Symbol.asyncDispose]() {
      await mount[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    },
  };
}

/** All rows of all tables. */
function contentOf(store: string): string {
  const database = new DatabaseSync(store);
  try {
    const tables = database.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
    ).all();
    return JSON.stringify(tables.map(({ name }) => [
      name,
      database.prepare(`SELECT * FROM "${name}"`).all(),
    ]));
  } finally {
    database.close();
  }
}

/** Leaves the files of a store as a process does that dies after a commit. */
async function crashed({ directory, store }: Scene, sql: string): Promise<void> {
  const connection = new DatabaseSync(store);
  connection.exec(`PRAGMA wal_autocheckpoint = 0; ${sql}`);
  for (const end of ["", "-wal"]) await Deno.copyFile(store + end, `${directory}/copy${end}`);
  connection.close();
  for (const end of ["", "-wal"]) await Deno.rename(`${directory}/copy${end}`, store + end);
}

/** From here on a store may grow by so many pages, as on a disk that is nearly full. */
function limitSize(store: string, pages: number): Disposable {
  const limit = Deno.statSync(store).size / PAGE + pages;
  return rewriteSql((sql) => `${sql}; PRAGMA max_page_count = ${limit}`);
}

/** Until it is disposed of, connections are set up otherwise. */
function rewriteSql(rewrite: (sql: string) => string): Disposable {
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql: string) {
    exec.call(this, rewrite(sql));
  };
  return {
    [Symbol.dispose]() {
      DatabaseSync.prototype.exec = exec;
    },
  };
}
