import assert from "node:assert/strict";
import { SqliteStore } from "../../../src/store/sqlite/sqlite_store.ts";
import { newJob } from "../../job/jobs.ts";
import { closedStore, emptyPlace, modeOf } from "./place.ts";

const WORKER = {
  id: "w/1 ü",
  host: "h",
  hostIdentity: "i",
  process: { pid: 1, startTime: "1" },
  slots: 1,
  queues: null,
};

Deno.test("doorbell: its socket is the user's alone, in the side directory, and goes", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  const bell = await store.doorbell(WORKER.id, () => {});
  assert.ok(bell);
  const sockets = () =>
    [...Deno.readDirSync(store.directory)].filter((file) => file.isSymlink || !file.isFile);
  const [socket] = sockets();
  assert.equal(sockets().length, 1);
  assert.equal(modeOf(`${store.directory}/${socket!.name}`), 0o600);
  await bell[Symbol.asyncDispose]();
  assert.deepEqual(sockets(), []);
});

Deno.test("doorbell: null where the path is too long for a socket, and ringing still works", async () => {
  await using place = await emptyPlace();
  const path = `${place.directory}/${"x".repeat(100)}/q.db`;
  await using store = await SqliteStore.open(path, { create: true });
  await store.join(WORKER);
  assert.equal(await store.doorbell(WORKER.id, () => {}), null);
  await store.enqueue([newJob("a")]);
});

Deno.test("doorbell: takes the place of a socket that a dead worker left", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await store.join(WORKER);
  const socket = `${store.directory}/${encodeURIComponent(WORKER.id)}.sock`;
  Deno.writeTextFileSync(socket, "");
  const rung = Promise.withResolvers<void>();
  await using bell = await store.doorbell(WORKER.id, rung.resolve);
  assert.ok(bell);
  await store.enqueue([newJob("a")]);
  await rung.promise;
});

Deno.test("doorbell: the socket of a buried worker goes", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await store.join(WORKER);
  const socket = `${store.directory}/${encodeURIComponent(WORKER.id)}.sock`;
  Deno.writeTextFileSync(socket, "");
  await store.tick({
    worker: "another",
    ended: [],
    output: [],
    free: [],
    observed: new Map(),
    draining: false,
    buried: [WORKER.id],
  });
  assert.throws(() => Deno.statSync(socket), Deno.errors.NotFound);
});

Deno.test("doorbell: a worker that hangs does not hold up those who ring", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await store.join(WORKER);
  const path = `${store.directory}/${encodeURIComponent(WORKER.id)}.sock`;
  // Nobody accepts: the backlog fills up.
  using _hung = Deno.listen({ transport: "unix", path });
  for (let ring = 0; ring < 300; ring++) await store.requestStop([WORKER.id], "drain");
});
