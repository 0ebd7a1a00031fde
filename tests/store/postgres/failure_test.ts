import assert from "node:assert/strict";
import { StoreError, StoreGoneError, StoreLockedError } from "../../../src/errors.ts";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";
import { isRetriable, sqlState, storeErrorFrom } from "../../../src/store/postgres/failure.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { PostgresServer, testServer } from "../../toolchain/postgres.ts";

const ADDRESS = parseAddress("postgres://me:secret@db:5432/jobs", () => undefined);

Deno.test("a wrong password, none, and one in a file that others may read", async () => {
  const right = await testServer();
  await refused(
    right.replace(/:\w+@/, ":secret@"),
    /does not take the password of the user queuectl: check both$/,
  );
  const without = right.replace(/:\w+@/, "@");
  await refused(
    without,
    /wants a password for the user queuectl: give it in the URL, in PGPASSWORD or in ~\/\.pgpass$/,
  );
  await using home = await tempDir();
  await Deno.writeTextFile(home.join("pass"), "*:*:*:*:secret", { mode: 0o644 });
  await refused(
    `${without}?passfile=${home.join("pass")}`,
    /~\/\.pgpass \(the password file .+\/pass may be read by others, so it was left alone: chmod 600\)$/,
  );
});

Deno.test("no such user, and no such database", async () => {
  const url = await testServer();
  await refused(
    url.replace("queuectl:", "nobody:"),
    /does not take the password of the user nobody/,
  );
  await refused(
    url.replace(/queuectl$/, "none"),
    /^There is no database none for .+: make it with createdb/,
  );
});

Deno.test("no host of that name, and no socket in that directory", async () => {
  await refused(
    "postgres://u@nowhere.invalid/d",
    /^(There is no host nowhere\.invalid|The address of nowhere\.invalid cannot be found out)/,
  );
  await refused("postgres://u@/d?host=/none", /there is no socket \/none\/\.s\.PGSQL\.5432$/);
});

Deno.test("no right, no table, a lock, and a statement that takes too long", async () => {
  await using connections = await Connections.open(parseAddress(await testServer()));
  const failing = (sql: string) => connections.use((connection) => connection.script(sql));
  await assert.rejects(
    failing("SELECT pg_read_file('x')"),
    isStoreError(/lacks a right in .+ Grant it, or name another user$/),
  );
  await assert.rejects(failing("SELECT FROM no_such_table"), (error) => {
    assert.ok(error instanceof StoreGoneError);
    return isStoreError(/was removed, or a part of it$/)(error);
  });
  await assert.rejects(
    failing("SET statement_timeout = 1; SELECT pg_sleep(5)"),
    isStoreError(/took too long/),
  );
});

Deno.test("a server that is full, stopped, or not ready", async () => {
  await using server = await PostgresServer.run({
    settings: {
      max_connections: "4",
      superuser_reserved_connections: "0",
      reserved_connections: "0",
      max_wal_senders: "0",
    },
  });
  {
    await using stack = new AsyncDisposableStack();
    for (let i = 0; i < 4; i++) stack.use(await Connections.open(parseAddress(server.url)));
    await refused(
      server.url,
      /has no connection left: stop some workers or raise max_connections$/,
    );
  }
  await using connections = await Connections.open(parseAddress(server.url));
  await server.stop();
  await assert.rejects(
    connections.use((connection) => connection.query("SELECT 1")),
    isStoreError(/has ended the connection|was lost|check that PostgreSQL runs/),
  );
  await refused(server.url, /check that PostgreSQL runs at 127\.0\.0\.1:\d+$/);
});

Deno.test("open() waits for a server that is about to be ready", async () => {
  await using server = await PostgresServer.run();
  const admin = parseAddress(server.adminUrl);
  await using connections = await Connections.open(admin);
  await connections.use((connection) =>
    connection.script("ALTER ROLE queuectl CONNECTION LIMIT 0")
  );
  const opening = Connections.open(parseAddress(server.url));
  await connections.use((connection) =>
    connection.script("ALTER ROLE queuectl CONNECTION LIMIT 9")
  );
  await (await opening)[Symbol.asyncDispose]();
});

Deno.test("what the server says of a store is an error of the store, and else stays as it is", () => {
  for (
    const code of [
      ...["08006", "2201E", "25006", "25P03", "26000", "28000", "28P01", "3D000"],
      ...["42501", "42703", "42883", "42P05"],
      ...[
        "53000",
        "53100",
        "53200",
        "53300",
        "57014",
        "57P01",
        "57P02",
        "57P03",
        "58030",
        "XX000",
        "XX001",
        "54000",
      ],
    ]
  ) {
    const error = storeErrorFrom(serverError(code), ADDRESS);
    assert.ok(error instanceof StoreError, code);
    assert.match(error.message, /postgres:\/\/me@db:5432\/jobs/);
    assert.doesNotMatch(error.message, /secret|\.$/);
    assert.equal(sqlState(error), code);
  }
  assert.ok(storeErrorFrom(serverError("55P03"), ADDRESS) instanceof StoreLockedError);
  for (const code of ["23505", "22021", "42601", "40001"]) {
    const error = serverError(code);
    assert.equal(storeErrorFrom(error, ADDRESS), error);
  }
});

Deno.test("isRetriable() finds the reason behind other errors", () => {
  assert.ok(isRetriable(serverError("40001")));
  assert.ok(isRetriable(new Error("outer", { cause: serverError("40P01") })));
  assert.ok(isRetriable(serverError("23505")));
  assert.ok(!isRetriable(serverError("23514")));
  assert.ok(!isRetriable(new TypeError("no")));
});

function serverError(code: string): Error {
  return Object.assign(new Error("what it says"), { code, severity: "ERROR" });
}

async function refused(url: string, message: RegExp): Promise<void> {
  const env = (name: string) => name === "PGSSLMODE" ? "disable" : undefined;
  // To connect may take long on a busy machine; a server that is full is asked again and again.
  const address = { ...parseAddress(url, env), connectTimeout: 10_000 };
  await assert.rejects(Connections.open(address, { patience: 300 }), isStoreError(message));
}

function isStoreError(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  };
}
