import assert from "node:assert/strict";
import { newJob } from "../../job/jobs.ts";
import { closedStore, emptyPlace, type Place, refused } from "./place.ts";

Deno.test("enqueue: what it has accepted survives the death of its process", async () => {
  await using place = await emptyPlace();
  const { signal } = await run("fresh_store.ts", [place.path, "a", "die"]);
  assert.equal(signal, "SIGKILL");
  await using store = await place.open({ create: false });
  assert.equal(await store.count({ states: ["pending"] }), 5);
  await store.enqueue([newJob("more")]);
});

Deno.test("SqliteEngine.open: goes on where a process died while it made the store", async () => {
  await using place = await emptyPlace();
  const { signal } = await run("half_migration.ts", [place.path]);
  assert.equal(signal, "SIGKILL");
  await using store = await place.open();
  await store.enqueue([newJob("a")]);
  assert.equal(await store.count({}), 1);
});

Deno.test("SqliteEngine.open: to be read only, it changes nothing", async () => {
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
});

Deno.test("SqliteEngine.open: to be read only, it makes no store", async () => {
  await using place = await emptyPlace();
  const readOnly = { create: false, readOnly: true };
  await refused(() => place.open(readOnly), /There is no store/, place.path);
  await Deno.writeTextFile(place.path, "");
  await refused(() => place.open(readOnly), /There is no store/, place.path);
  assert.deepEqual([place.names(), Deno.statSync(place.path).size], [["q.db"], 0]);
});

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
