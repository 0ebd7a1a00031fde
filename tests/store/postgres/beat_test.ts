import assert from "node:assert/strict";
import { openStore } from "../../../src/store/open.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";

Deno.test("beat() waits for nobody who works alone on the store, as a tick does", async () => {
  await using schema = await TestSchema.named();
  await using store = await openStore(schema.url, { create: true });
  const process = { pid: 1, startTime: "1" };
  const host = { host: "h", hostIdentity: "h", process };
  await store.join({ id: "w", ...host, slots: 1, queues: null, lease: 12_000 });
  await using session = await schema.session();
  await session.script("BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE");
  const request = { worker: "w", ended: [], output: [], free: [], draining: false, buried: [] };
  const tick = store.tick({ ...request, observed: new Map() });
  for (let beats = 1; beats <= 3; beats++) {
    assert.equal(await store.beat("w"), true);
    const [worker] = await store.workers();
    assert.deepEqual([worker?.heartbeat, worker?.lease], [beats, 12_000]);
  }
  await session.script("COMMIT");
  await tick;
  assert.equal((await store.workers())[0]?.heartbeat, 4);
});
