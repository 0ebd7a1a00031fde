import assert from "node:assert/strict";
import { StoreError, StoreLockedError } from "../../../src/errors.ts";
import type { Connection } from "../../../src/store/postgres/connections.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { testServer } from "../../toolchain/postgres.ts";
import { connect, isLocked, isStoreError, newLock, pidOf } from "./connecting.ts";

Deno.test("query() gives numbers, truth values and bytes as stores have them", async () => {
  await using connections = await connect();
  const { rows, changes } = await connections.use((connection) =>
    connection.query(
      `SELECT $1::bytea AS bytes, true AS yes, 1 = 2 AS no, 9007199254740991 AS large, 1.5 AS part,
        2::smallint AS small, 0.25::float8 AS real, NULL AS nothing, $2::jsonb AS json, $3::text AS text`,
      [Uint8Array.of(0, 10, 92, 255), '{"a": 1}', "'\\ü\u{1F600}"],
    )
  );
  assert.deepEqual({ ...rows[0] }, {
    ...{ bytes: Uint8Array.of(0, 10, 92, 255), yes: 1, no: 0, large: 9007199254740991, part: 1.5 },
    ...{ small: 2, real: 0.25, nothing: null, json: '{"a": 1}', text: "'\\ü\u{1F600}" },
  });
  assert.equal(changes, 1);
});

Deno.test("query() sends without waiting for the answers before", async () => {
  await using network = Proxy.before(await testServer());
  await using there = await connect({ network });
  await using here = await connect();
  const lock = newLock();
  await there.use(async (connection) => {
    await connection.query("SELECT 1");
    network.treat({ kind: "hold" }, "back");
    const all = Promise.all([
      connection.query("BEGIN"),
      connection.query("SELECT $1::int AS a", [1]),
      connection.query("SELECT $1::int AS a", [2]),
      connection.query("SELECT pg_advisory_xact_lock($1)", [lock]),
    ]);
    await here.use((other) => waitFor(() => isLocked(other, lock)));
    network.treat({ kind: "pass" });
    assert.deepEqual((await all).map(({ rows }) => rows[0]?.a), [undefined, 1, 2, undefined]);
  });
});

Deno.test("a statement that fails fails alone, and says what the server said", async () => {
  await using connections = await connect();
  await connections.use(async (connection) => {
    const failed = connection.query("SELECT 1 / $1::int", [0]);
    const next = connection.query("SELECT 2 AS two");
    await assert.rejects(failed, { code: "22012" });
    assert.equal((await next).rows[0]!.two, 2);
    // It is parsed once more, or again: both work.
    assert.equal((await connection.query("SELECT 1 / $1::int AS one", [1])).rows[0]!.one, 1);
  });
});

Deno.test("use() takes back a transaction that was left open, and lends the connection again", async () => {
  await using connections = await connect();
  const lock = newLock();
  const work = async (connection: Connection) => {
    await connection.query("BEGIN");
    await connection.query("SELECT pg_advisory_xact_lock($1)", [lock]);
    throw new Error("given up");
  };
  await assert.rejects(connections.use(work), { message: "given up" });
  await assert.rejects(
    connections.use(async (connection) => {
      await connection.query("BEGIN");
      await connection.query("SELECT no_such_column");
    }),
    StoreError,
  );
  const before = await pidOf(connections);
  await connections.use(async (connection) => {
    assert.equal(await isLocked(connection, lock), false);
  });
  assert.equal(await pidOf(connections), before);
});

Deno.test("use() lends no more than four connections, and lets others wait in turn", async () => {
  await using connections = await connect();
  const gate = Promise.withResolvers<void>();
  const pids = new Set<number>();
  const order: number[] = [];
  const all = Array.from({ length: 6 }, (_, index) =>
    connections.use(async (connection) => {
      order.push(index);
      pids.add((await connection.query("SELECT pg_backend_pid() AS pid")).rows[0]!.pid as number);
      await gate.promise;
    }));
  await waitFor(() => pids.size === 4);
  assert.equal(order.length, 4);
  gate.resolve();
  await Promise.all(all);
  assert.deepEqual(order.slice(4), [4, 5]);
  assert.equal(pids.size, 4);
});

Deno.test("use() says so if no connection becomes free in time", async () => {
  await using connections = await connect({ patience: 100 });
  const gate = Promise.withResolvers<void>();
  const all = Array.from({ length: 4 }, () => connections.use(() => gate.promise));
  await assert.rejects(connections.use(() => Promise.resolve()), /are busy: try again later$/);
  gate.resolve();
  await Promise.all(all);
  await connections.use(() => Promise.resolve());
});

Deno.test("a lock is waited for with patience only", async () => {
  await using connections = await connect({ patience: 1000 });
  const lock = newLock();
  await connections.use(async (holder) => {
    await holder.query("SELECT pg_advisory_lock($1)", [lock]);
    await assert.rejects(
      connections.use((other) => other.query("SELECT pg_advisory_lock($1)", [lock])),
      StoreLockedError,
    );
    await holder.query("SELECT pg_advisory_unlock($1)", [lock]);
  });
});

Deno.test("what is done besides is done before all is closed", async () => {
  const done: string[] = [];
  {
    await using connections = await connect();
    connections.besides(async () => {
      await connections.use((connection) => connection.query("SELECT FROM pg_sleep(0.05)"));
      await connections.use((connection) => connection.query("SELECT 1"));
      done.push("slow");
    });
    connections.besides(() => Promise.reject(new StoreError("Nobody waits for it")));
  }
  assert.deepEqual(done, ["slow"]);
});

Deno.test("readOnly keeps any statement from changing anything", async () => {
  await using connections = await connect({ readOnly: true });
  await assert.rejects(
    connections.use((connection) => connection.query("CREATE TABLE public.never ()")),
    isStoreError(/cannot be written/),
  );
});

Deno.test("a session keeps locks for ten seconds at most if its client is cut off", async () => {
  await using connections = await connect({ patience: 10_000 });
  const { rows } = await connections.use((connection) =>
    connection.query(
      "SELECT name, setting::int AS value FROM pg_settings WHERE name = ANY ($1::text[]) ORDER BY name",
      [
        "{client_connection_check_interval,idle_in_transaction_session_timeout,lock_timeout," +
        "statement_timeout,tcp_user_timeout}",
      ],
    )
  );
  assert.deepEqual(rows.map(({ value }) => value), [2000, 10_000, 10_000, 60_000, 10_000]);
});
