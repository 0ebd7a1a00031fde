import assert from "node:assert/strict";
import { openSqlite } from "../open_sqlite.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { Bell } from "../bell.ts";
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
  await using store = await openSqlite(path, { create: true });
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
  await using bell = await Bell.hang(store, WORKER.id);
  await bell.rungBy(() => store.enqueue([newJob("a")]));
});

for (const id of ["../../x", "a/../../b", "..", "/etc/x", "%2e%2e/x", "\0x", "~"]) {
  Deno.test(`doorbell: the id ${JSON.stringify(id)} leads nowhere else`, async () => {
    await using place = await closedStore();
    await using store = await place.open();
    await using bell = await store.doorbell(id, () => {});
    const others = place.names().filter((name) => !name.startsWith("q.db"));
    assert.deepEqual(others, []);
    assert.ok(bell);
    assert.equal([...Deno.readDirSync(store.directory)].length, 2);
  });
}

Deno.test("doorbell: a link in its place is followed neither by the worker nor by a ring", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await store.join(WORKER);
  const elsewhere = `${place.directory}/theirs`;
  let rings = 0;
  const theirs = Deno.listen({ transport: "unix", path: elsewhere });
  const counting = (async () => {
    for await (const connection of theirs) {
      connection.close();
      rings++;
    }
  })();
  const socket = `${store.directory}/${encodeURIComponent(WORKER.id)}.sock`;
  Deno.symlinkSync(elsewhere, socket);
  await store.requestStop([WORKER.id], "drain");
  {
    await using bell = await Bell.hang(store, WORKER.id);
    assert.ok(Deno.lstatSync(socket).isSocket);
    await bell.rungBy(() => store.requestStop([WORKER.id], "drain"));
  }
  assert.ok(Deno.lstatSync(elsewhere).isSocket);
  // A ring that went astray would have come before this one.
  (await Deno.connect({ transport: "unix", path: elsewhere })).close();
  await waitFor(() => rings > 0);
  assert.equal(rings, 1);
  theirs.close();
  await counting.catch(() => {});
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

Deno.test("doorbell: a socket that the burier of its worker left goes, those of others stay", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  await store.join(WORKER);
  await store.join({ ...WORKER, id: "living" });
  await using bell = await store.doorbell("living", () => {});
  assert.ok(bell);
  Deno.writeTextFileSync(`${store.directory}/buried-before.sock`, "");
  await store.tick({
    worker: "another",
    ended: [],
    output: [],
    free: [],
    observed: new Map(),
    draining: false,
    buried: [WORKER.id],
  });
  const names = [...Deno.readDirSync(store.directory)].map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name.endsWith(".sock")), ["living.sock"]);
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
