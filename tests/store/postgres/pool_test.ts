/** A pool between a program and its server that hands a transaction the session of somebody else's. */

import assert from "node:assert/strict";
import { openStore } from "../../../src/store/open.ts";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import type { Store } from "../../../src/store/store.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { newJob } from "../../job/jobs.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";
import { isStoreError } from "./connecting.ts";

const isPooled = isStoreError(
  /^Between this program and .+ is a pool that gives each transaction another session: name the server itself, or let/,
);

/** Between a program and its server: the program's sessions have another schema. Both names are of one length. */
function poolBefore(own: TestSchema, other: { readonly name: string }): Proxy {
  const pool = Proxy.before(own.url);
  pool.edit = (bytes, direction) => {
    if (direction === "back") return bytes;
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const edited = text.replace(`search_path = "${own.name}"`, `search_path = "${other.name}"`);
    return Uint8Array.from(edited, (char) => char.charCodeAt(0));
  };
  return pool;
}

const PROCESS = { pid: 1, startTime: "1" };

/** One with a worker and a job. */
async function makeStore(url: string): Promise<Store> {
  const store = await openStore(url, { create: true });
  const host = { host: "h", hostIdentity: "h", process: PROCESS };
  await store.join({ id: "w", ...host, slots: 1, queues: null, lease: 12_000 });
  await store.enqueue([newJob("a")]);
  return store;
}

/** All that is in it. */
async function contentOf(store: Store): Promise<unknown> {
  const all = [store.jobs({}), store.workers(), store.settings(), store.attempts("a")];
  const [jobs, workers, ...rest] = await Promise.all(all);
  return { jobs, workers: JSON.parse(JSON.stringify(workers)), rest };
}

const ABSENT = { name: "t_absent_absen" };

for (const where of ["another store", "no store"]) {
  Deno.test(`a session of ${where} is seen by whatever is done, and nothing is done`, async () => {
    await using own = await TestSchema.named();
    await using other = await TestSchema.named();
    await using store = await makeStore(own.url);
    await using otherStore = await makeStore(other.url);
    const before = await Promise.all([contentOf(store), contentOf(otherStore)]);
    await using pool = poolBefore(own, where === "no store" ? ABSENT : other);
    await using pooled = new SqlStore(
      await PostgresEngine.open(pool.through(own.url), { create: false }),
    );
    const request = {
      ...{ worker: "w", ended: [], output: [], draining: false, buried: [] },
      ...{ free: [PROCESS], observed: new Map() },
    };
    const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
      enqueue: () => pooled.enqueue([newJob("b")]),
      enqueueAfter: () => pooled.enqueue([newJob("b", { after: [{ id: "a", on: "ok" }] })]),
      jobs: () => pooled.jobs({}),
      cancel: () => pooled.cancel("a"),
      configure: () => pooled.configure("lease", "20s"),
      tick: () => pooled.tick(request),
      burial: () => pooled.tick({ ...request, buried: ["w"] }),
      beat: () => pooled.beat("w"),
      revision: () => pooled.revision(),
    };
    for (const [name, deed] of Object.entries(deeds)) {
      await assert.rejects(deed(), isPooled, name);
    }
    assert.deepEqual(await Promise.all([contentOf(store), contentOf(otherStore)]), before);
  });
}

Deno.test("a session of another schema makes no store", async () => {
  await using own = await TestSchema.named();
  await using other = await TestSchema.named();
  await using session = await other.session();
  await session.script(`CREATE SCHEMA ${other.name}`);
  await using pool = poolBefore(own, other);
  await assert.rejects(openStore(pool.through(own.url), { create: true }), isPooled);
  const things = await session.ask(
    "SELECT relname FROM pg_class WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN (?, ?))",
    ...[own.name, other.name],
  );
  assert.deepEqual(things, []);
});
