import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StoreLockedError } from "../../../src/errors.ts";
import { processInfo } from "../../../src/worker/host.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { newJob } from "../../job/jobs.ts";
import { closedStore, type Place } from "./place.ts";

/** Programs that take one of the store's locks, say so, and keep it. */
const TAKE = {
  turn: "Deno.openSync(`${Deno.args[0]}.d/turnstile`, { write: true }).lockSync(true);",
  write: 'const { DatabaseSync } = await import("node:sqlite");' +
    'globalThis.db = new DatabaseSync(Deno.args[0]); db.exec("BEGIN IMMEDIATE");',
  all: 'const { DatabaseSync } = await import("node:sqlite");' +
    "globalThis.db = new DatabaseSync(Deno.args[0]);" +
    'db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");',
  read: 'const { DatabaseSync } = await import("node:sqlite");' +
    "globalThis.db = new DatabaseSync(Deno.args[0]);" +
    'db.exec("BEGIN"); db.prepare("SELECT count(*) FROM job").get();',
};

/** Another process that holds a lock of the store until it is disposed of. */
async function holder(place: Place, lock: keyof typeof TAKE) {
  const code = `${TAKE[lock]} console.log("taken"); setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", code, place.path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    pid: child.pid,
    async stop() {
      Deno.kill(child.pid, "SIGSTOP");
      await waitFor(() => processInfo(child.pid)?.stopped);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  const error = await work().then(() => null, (error: unknown) => error);
  assert.ok(error instanceof StoreLockedError, `${error}`);
  return error.message;
}

for (const lock of ["turn", "write"] as const) {
  Deno.test(`lockHolder() is the process that holds the lock: ${lock}`, async () => {
    await using place = await closedStore();
    await using store = await place.open({ patience: 300 });
    assert.equal(await store.lockHolder(), null);
    await using other = await holder(place, lock);
    const found = await store.lockHolder();
    assert.deepEqual([found?.pid, found?.startTime], [
      other.pid,
      processInfo(other.pid)!.startTime,
    ]);
    assert.equal(
      await refusal(() => store.enqueue([newJob("a")])),
      `The store ${place.path} is locked by process ${other.pid} (deno): try again later, or end it`,
    );
    await other.stop();
    assert.equal(
      await refusal(() => store.enqueue([newJob("a")])),
      `The store ${place.path} is locked by process ${other.pid} (deno), which is stopped: ` +
        `resume it with kill -CONT ${other.pid}, or end it`,
    );
  });
}

Deno.test("lockHolder() of a store that nobody else may even read is named when it is opened", async () => {
  await using place = await closedStore();
  await using other = await holder(place, "all");
  const message = await refusal(() => place.open({ patience: 0 }));
  assert.match(message, new RegExp(`locked by process ${other.pid} `));
});

Deno.test("lockHolder() blames him who writes, not him who has the turn and waits", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await using _turn = await holder(place, "turn");
  await using writer = await holder(place, "write");
  assert.equal((await store.lockHolder())?.pid, writer.pid);
});

Deno.test("lockHolder() does not blame him who waits for one that cannot be seen", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await using turn = await holder(place, "turn");
  {
    // This process itself is left out, so it stands for one that cannot be seen.
    using writer = new DatabaseSync(place.path);
    writer.exec("BEGIN IMMEDIATE");
    assert.equal(await store.lockHolder(), null);
  }
  assert.equal((await store.lockHolder())?.pid, turn.pid);
});

Deno.test("lockHolder() is nobody where others only read, or wait", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await using _reader = await holder(place, "read");
  using turn = await Deno.open(`${place.path}.d/turnstile`, { write: true });
  await turn.lock(true);
  const enqueued = store.enqueue([newJob("a")]);
  assert.equal(await store.lockHolder(), null);
  turn.unlockSync();
  await enqueued;
});

Deno.test("lockHolder() finds the locks of a store that is used by a link", async () => {
  await using place = await closedStore();
  await Deno.symlink("q.db", `${place.directory}/link`);
  const { openSqlite } = await import("../open_sqlite.ts");
  await using store = await openSqlite(`${place.directory}/link`, { create: false });
  await using other = await holder(place, "turn");
  assert.equal((await store.lockHolder())?.pid, other.pid);
});
