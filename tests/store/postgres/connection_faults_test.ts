import assert from "node:assert/strict";
import { StoreError, UnknownOutcomeError } from "../../../src/errors.ts";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { testServer } from "../../toolchain/postgres.ts";
import { connect, isStoreError, newLock, pidOf, terminate } from "./connecting.ts";

Deno.test("a connection that the server ends is not lent again", async () => {
  await using connections = await connect();
  await using other = await connect();
  const pid = await pidOf(connections);
  await terminate(other, pid);
  // It may take a moment until this end knows.
  await waitFor(async () => await pidOf(connections).catch(() => pid) !== pid);
  // In the middle of a transaction.
  const next = await pidOf(connections);
  const broken = connections.use(async (connection) => {
    await connection.query("BEGIN");
    await terminate(other, next);
    await waitFor(async () => await connection.query("SELECT 1") && false);
  });
  await assert.rejects(broken, isStoreError(/has ended the connection: try again$/));
  assert.notEqual(await pidOf(connections), next);
});

Deno.test("a connection that is cut fails what waits for it, and the next one works", async () => {
  await using network = Proxy.before(await testServer());
  await using connections = await connect({ network });
  network.treat({ kind: "hold" }, "back");
  const waiting = connections.use((connection) => connection.query("SELECT 1"));
  const failed = assert.rejects(waiting, isStoreError(/was lost: try again$/));
  network.cut();
  await failed;
  network.treat({ kind: "pass" });
  await connections.use((connection) => connection.query("SELECT 1"));
});

for (const direction of ["there", "back"] as const) {
  Deno.test(`a half open connection is given up: bytes ${direction} are lost`, async () => {
    await using network = Proxy.before(await testServer());
    await using connections = await connect({ network, patience: 600 });
    network.treat({ kind: "swallow" }, direction);
    const silent = connections.use((connection) => connection.query("SELECT 1"));
    await assert.rejects(
      silent,
      isStoreError(/does not answer: check 127\.0\.0\.1:\d+ and the network$/),
    );
    network.treat({ kind: "pass" });
    await waitFor(() =>
      connections.use((connection) => connection.query("SELECT 1")).catch(() => null)
    );
  });
}

Deno.test("a statement may take longer than a silent connection, while the server is at work", async () => {
  await using connections = await connect({ patience: 3000 });
  const { rows } = await connections.use((connection) =>
    connection.query("SELECT 1 AS one FROM pg_sleep(1.8)")
  );
  assert.equal(rows[0]!.one, 1);
});

Deno.test("a commit without an answer is not known to have failed", async () => {
  await using network = Proxy.before(await testServer());
  await using connections = await connect({ network });
  const table = `t_${crypto.randomUUID().replaceAll("-", "")}`;
  const sent = Promise.withResolvers<void>();
  const unknown = connections.use(async (connection) => {
    await connection.query("BEGIN");
    network.treat({ kind: "hold" }, "back");
    const all = [connection.query(`CREATE TABLE public.${table} ()`), connection.query("COMMIT")];
    sent.resolve();
    await Promise.all(all);
  });
  const failed = assert.rejects(unknown, (error) => {
    assert.ok(error instanceof UnknownOutcomeError);
    assert.match(
      error.message,
      /was lost: try again \(the change may have been made all the same\)$/,
    );
    return true;
  });
  await sent.promise;
  await using other = await connect();
  await other.use(async (connection) => {
    await waitFor(async () =>
      (await connection.query("SELECT to_regclass($1) AS found", [`public.${table}`])).rows[0]!
        .found
    );
    network.cut();
    await failed;
    await connection.query(`DROP TABLE public.${table}`);
  });
});

Deno.test("a commit that the server has not come to is known to have failed", async () => {
  await using connections = await connect();
  await using other = await connect();
  const lock = newLock();
  await other.use(async (holder) => {
    await holder.query("SELECT pg_advisory_lock($1)", [lock]);
    const pid = Promise.withResolvers<number>();
    const ended = connections.use(async (connection) => {
      pid.resolve(
        (await connection.query("SELECT pg_backend_pid() AS pid")).rows[0]!.pid as number,
      );
      await Promise.all([
        connection.query("BEGIN"),
        connection.query("SELECT pg_advisory_xact_lock($1)", [lock]),
        connection.query("COMMIT"),
      ]);
    });
    const failed = assert.rejects(ended, (error) => {
      assert.ok(!(error instanceof UnknownOutcomeError));
      return isStoreError(/has ended the connection: try again$/)(error);
    });
    const waiting = [await pid.promise];
    await waitFor(async () => {
      const { rows } = await holder.query(
        "SELECT FROM pg_locks WHERE pid = $1 AND NOT granted",
        waiting,
      );
      return rows.length > 0;
    });
    await holder.query("SELECT pg_terminate_backend($1)", waiting);
    await failed;
    await holder.query("SELECT pg_advisory_unlock($1)", [lock]);
  });
});

Deno.test("open() says at once that nobody listens, and works when somebody does", async () => {
  await using network = Proxy.before(await testServer());
  await network.refuse();
  const address = parseAddress(network.through(await testServer()));
  await assert.rejects(
    Connections.open(address),
    isStoreError(/check that PostgreSQL runs at 127\.0\.0\.1:\d+$/),
  );
  network.accept();
  await (await Connections.open(address))[Symbol.asyncDispose]();
});

for (const mode of ["disable", "require"]) {
  Deno.test(`open() does not wait for ever for a server that says nothing, sslmode=${mode}`, async () => {
    await using network = Proxy.before(await testServer());
    network.treat({ kind: "swallow" }, "back");
    const url = `${network.through(await testServer())}?sslmode=${mode}`;
    await assert.rejects(
      Connections.open(parseAddress(url), { patience: 200 }),
      isStoreError(/does not answer/),
    );
  });
}

Deno.test("connections come back after an outage", async () => {
  await using network = Proxy.before(await testServer());
  await using connections = await connect({ network });
  const ask = () => connections.use((connection) => connection.query("SELECT 1"));
  await network.refuse();
  for (let i = 0; i < 3; i++) await assert.rejects(ask(), StoreError);
  network.accept();
  await waitFor(() => ask().catch(() => null));
});
