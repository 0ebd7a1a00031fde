/** A server that cannot write: what is said, that nothing is changed, and that all goes on when it can. */

import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import { openStore } from "../../../src/store/open.ts";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Claim } from "../../../src/store/tick.ts";
import { canMount, fillDisk, tmpfs } from "../../crash/store_disk.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { Bell } from "../bell.ts";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, launchers } from "../scene.ts";
import { PostgresServer } from "../../toolchain/postgres_server.ts";
import { PostgresSession } from "../../toolchain/postgres_session.ts";

/** Jobs that do not fit into the pages that a table has. */
const MANY = Array.from(
  { length: 500 },
  (_, index) => newJob(`big-${index}`, { command: `: ${"x".repeat(4000)}${index}` }),
);

async function said(call: Promise<unknown>): Promise<string> {
  const error = await call.then(() => null, (error) => error);
  assert.ok(error instanceof StoreError, String(error));
  return error.message;
}

/** Waits until the store takes a job; that and `before` are then all that it has. */
async function works(store: Store, id: string, ...before: readonly string[]): Promise<void> {
  const put = () => store.enqueue([newJob(id)]).catch(() => null);
  await waitFor(put, { timeout: 20_000, message: "a job to be taken" });
  const jobs = await store.jobs({});
  assert.deepEqual(jobs.map((job) => job.id).sort(), [...before, id].sort());
}

async function admin(server: PostgresServer, ...statements: readonly string[]): Promise<void> {
  await using session = await PostgresSession.open(server.adminUrl, "queuectl");
  for (const statement of statements) await session.script(statement);
}

Deno.test({
  name: "a store on a server whose disk is full takes nothing, and goes on when there is space",
  ignore: !canMount,
  async fn() {
    let disk = "";
    await using server = await PostgresServer.run({
      settings: { max_wal_size: "64MB", min_wal_size: "32MB" },
      mount: (folder) => tmpfs(disk = folder, "256m"),
    });
    await using store = await openStore(server.url, { create: true });
    await works(store, "before");
    {
      using _ballast = fillDisk(disk);
      assert.match(
        await said(store.enqueue(MANY)),
        /^The disk of postgres:.* is full: free some space$/,
      );
      assert.deepEqual((await store.jobs({})).map(({ id }) => id), ["before"]);
    }
    await works(store, "after", "before");
  },
});

Deno.test("a store on a server that becomes read-only or a standby says so, and goes on with the next primary", async () => {
  const sentence =
    /^The store postgres:.* cannot be written: .* is read-only, so name the primary server$/;
  await using server = await PostgresServer.run();
  await using store = await openStore(server.url, { create: true });
  const taken: string[] = [];
  const put = async () => {
    const id = `job-${taken.length}`;
    await store.enqueue([newJob(id)]);
    taken.push(id);
  };
  const readOnly = (value: string) =>
    admin(
      server,
      "SET default_transaction_read_only = off",
      `ALTER SYSTEM SET default_transaction_read_only = ${value}`,
      "SELECT pg_reload_conf()",
    );
  await readOnly("on");
  // A session learns of it after a moment.
  assert.match(await waitFor(() => said(put()).catch(() => null)), sentence);
  await readOnly("off");
  await works(store, "first", ...taken);

  // It cannot listen meanwhile either.
  await using bell = await Bell.hang(store, "w-000001");
  const { rings } = bell;
  await server.stop();
  await Deno.writeTextFile(`${server.data}/standby.signal`, "");
  await server.start();
  const message = await waitFor(async () => {
    const message = await said(put());
    return !message.includes("No server answers") && !message.includes("lost") && message;
  });
  assert.match(message, sentence);
  assert.equal((await store.jobs({})).length, taken.length + 1);
  await waitFor(async () => (await server.log()).includes("cannot execute LISTEN"));
  await admin(server, "SELECT pg_promote(true, 30)");
  await works(store, "second", "first", ...taken);
  await using session = await PostgresSession.open(server.adminUrl, "queuectl");
  const listening = () => session.ask("SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN %'");
  // The doorbell works again, and what could not listen is not left behind.
  await waitFor(() => bell.rings > rings, { timeout: 30_000 });
  await waitFor(async () => (await listening()).length === 1);
});

Deno.test("what a worker has reserved is its own though the server is killed the moment after", async () => {
  // It writes only what somebody waits for.
  const settings = { wal_writer_delay: "10s" };
  await using server = await PostgresServer.run({ isDurable: true, settings });
  const surroundings = { reserving: { from: 1, pause: 0 } };
  await using store = new SqlStore(
    await PostgresEngine.open(server.url, { create: true, surroundings }),
  );
  await store.enqueue(["a", "b", "c", "d"].map((id) => newJob(id)));
  const process = { pid: 1, startTime: "1" };
  await store.join({ id: "w", host: "h", hostIdentity: "i", process, slots: 2, queues: null });
  const tick = (ended: readonly Claim[], free: number) =>
    store.tick({
      ...{ worker: "w", isBrief: true, output: [], observed: new Map(), draining: false },
      ...{ buried: [], free: launchers(free) },
      ended: ended.map(({ jobId, token }) => {
        const finishedAt = Date.now();
        return { jobId, token, outcome: COMPLETED, finishedAt, chunks: [], outputBytes: 0 };
      }),
    });
  const first = await tick([], 2);
  const second = await tick(first.claimed, 2);
  assert.equal(second.claimed.length, 2);
  await server.restart("immediate");
  const last = await waitFor(() => tick(second.claimed, 0).catch(() => null));
  assert.deepEqual([last.settled.length, last.stale], [2, []]);
});
