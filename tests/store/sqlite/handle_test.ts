import assert from "node:assert/strict";
import { ConflictError } from "../../../src/errors.ts";
import { newJob } from "../../job/jobs.ts";
import { closedStore } from "./place.ts";

Deno.test("SqliteEngine: a method that fails leaves the handle usable", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  const worker = {
    id: "w",
    host: "h",
    hostIdentity: "i",
    process: { pid: 1, startTime: "1" },
    slots: 1,
    queues: null,
  };
  await store.join(worker);
  for (const _again of [1, 2]) {
    const other = { ...worker, process: { pid: 2, startTime: "1" } };
    await assert.rejects(store.join(other), ConflictError);
    await assert.rejects(store.enqueue([newJob("bad", { priority: 1001 })]));
    await store.enqueue([newJob("a")]);
    await assert.rejects(store.enqueue([newJob("b"), newJob("a")]), ConflictError);
    await store.remove("a", ["pending"]);
    assert.equal(await store.count({}), 0);
    assert.deepEqual(await store.jobs({}), []);
  }
});

Deno.test("SqliteEngine: disposal waits for the writes that were begun", async () => {
  await using place = await closedStore();
  const store = await place.open();
  const writes = ["a", "b", "c"].map((id) => store.enqueue([newJob(id)]));
  await Promise.all([store[Symbol.asyncDispose](), ...writes]);
  await using again = await place.open();
  assert.equal(await again.count({}), 3);
});

Deno.test("SqliteEngine: use after disposal is an error and no crash", async () => {
  await using place = await closedStore();
  const store = await place.open();
  await store.enqueue([newJob("a")]);
  await store.job("a");
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await assert.rejects(store.job("a"), /closed/);
  await assert.rejects(store.enqueue([newJob("b")]), /closed/);
  await assert.rejects(store.status(), /closed/);
});

Deno.test("SqliteEngine: the last to leave leaves no log behind", async () => {
  await using place = await closedStore((store) => store.enqueue([newJob("a")]));
  assert.deepEqual(place.names(), ["q.db", "q.db.d"]);
});
