import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { StoreError } from "../../../src/errors.ts";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { PostgresServer, testServer } from "../../toolchain/postgres.ts";
import { giveToPostgres } from "../../toolchain/postgres_program.ts";

/**
 * Made once by openssl, for a hundred years: the server's certificate is for `localhost`, the client's for the role,
 * and both are signed by `ca.pem`. They open nothing but the servers of these tests.
 */
const [CA, CLIENT, CLIENT_KEY] = ["ca.pem", "client.pem", "client.key"].map(certificate);

Deno.test("sslmode says what is encrypted, and whom to trust", async (t) => {
  await using place = await tempDir();
  await using server = await encryptedServer(place.path, [
    "host all all 127.0.0.1/32 scram-sha-256",
  ]);
  const url = (host: string, query: string) => `${server.url.replace("127.0.0.1", host)}?${query}`;
  const encrypted = async (host: string, query: string) => await isEncrypted(url(host, query));

  await t.step("disable", async () => {
    assert.equal(await encrypted("localhost", "sslmode=disable"), false);
  });
  await t.step("allow takes what is there", async () => {
    assert.equal(await encrypted("localhost", "sslmode=allow"), false);
  });
  await t.step("prefer, and nothing said", async () => {
    assert.equal(await encrypted("localhost", "sslmode=prefer"), true);
    assert.equal(await encrypted("127.0.0.1", ""), true);
  });
  await t.step("require looks at no certificate, unless it is told whom to trust", async () => {
    assert.equal(await encrypted("127.0.0.1", "sslmode=require"), true);
    assert.equal(await encrypted("localhost", `sslmode=require&sslrootcert=${CA}`), true);
    await refused(
      url("localhost", `sslmode=require&sslrootcert=${CLIENT}`),
      /cannot be trusted \(/,
    );
  });
  await t.step("verify-ca wants it signed, verify-full also the name", async () => {
    for (const mode of ["verify-ca", "verify-full"]) {
      assert.equal(await encrypted("localhost", `sslmode=${mode}&sslrootcert=${CA}`), true);
      await refused(url("localhost", `sslmode=${mode}`), /cannot be trusted \(.+\): name who has/);
    }
    assert.equal(await encrypted("127.0.0.1", `sslmode=verify-ca&sslrootcert=${CA}`), true);
    await refused(
      url("127.0.0.1", `sslmode=verify-full&sslrootcert=${CA}`),
      /cannot be trusted \(.*127\.0\.0\.1/,
    );
  });
  await t.step("a certificate that is not there", async () => {
    await refused(
      url("localhost", "sslmode=verify-full&sslrootcert=/none/ca.pem"),
      /^The certificate \/none\/ca\.pem cannot be read: no such file or directory$/,
    );
  });
});

Deno.test("sslcert and sslkey stand for a password, and prefer and allow find the way that is open", async () => {
  await using place = await tempDir();
  await using server = await encryptedServer(place.path, [
    "hostssl all queuectl 127.0.0.1/32 cert",
    "hostnossl all postgres 127.0.0.1/32 scram-sha-256",
  ]);
  const own = server.url.replace(/:\w+@/, "@");
  const mine = `sslcert=${CLIENT}&sslkey=${CLIENT_KEY}`;
  assert.equal(await isEncrypted(`${own}?sslmode=require&${mine}`), true);
  assert.equal(await isEncrypted(`${own}?sslmode=allow&${mine}`), true);
  assert.equal(await isEncrypted(`${server.adminUrl}?sslmode=prefer`), false);
  await refused(
    `${own}?sslmode=disable`,
    /does not let the user queuectl in: no pg_hba\.conf entry/,
  );
  await refused(`${own}?sslmode=require`, /requires a valid client certificate/);
});

Deno.test("sslmode=require does not speak to a server that does not encrypt", async () => {
  await refused(
    `${await testServer()}?sslmode=require`,
    /does not encrypt: turn it on there, or say sslmode=disable$/,
  );
});

for (
  const { name, answer } of [
    { name: "says nothing after it has agreed to encrypt", answer: "S" },
    { name: "sends more before it encrypts", answer: "SE" },
  ]
) {
  Deno.test(`a server that ${name} is not waited for, nor trusted`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(8));
      await connection.write(new TextEncoder().encode(answer));
      while (await connection.read(new Uint8Array(1000)).catch(() => null) !== null);
    })();
    const url = `postgres://u@127.0.0.1:${listener.addr.port}/d?sslmode=require`;
    const message = answer === "S" ? /does not answer/ : /cannot be trusted \(it sends more/;
    await refused(url, message, 400);
    await serving;
  });
}

/** A server that encrypts, with the lines of a `pg_hba.conf`. */
async function encryptedServer(folder: string, lines: readonly string[]): Promise<PostgresServer> {
  await giveToPostgres(folder);
  for (const name of ["server.pem", "server.key", "ca.pem"]) {
    await Deno.copyFile(certificate(name), `${folder}/${name}`);
    await Deno.chmod(`${folder}/${name}`, 0o600);
    await giveToPostgres(`${folder}/${name}`);
  }
  await Deno.writeTextFile(`${folder}/hba`, `${lines.join("\n")}\n`);
  return await PostgresServer.run({
    settings: {
      ...{ ssl: "on", ssl_cert_file: `${folder}/server.pem`, ssl_key_file: `${folder}/server.key` },
      ...{ ssl_ca_file: `${folder}/ca.pem`, hba_file: `${folder}/hba` },
    },
  });
}

function certificate(name: string): string {
  return fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
}

async function isEncrypted(url: string): Promise<boolean> {
  await using connections = await Connections.open(parseAddress(url));
  const { rows } = await connections.use((connection) =>
    connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
  );
  return rows[0]!.ssl === 1;
}

async function refused(url: string, message: RegExp, patience?: number): Promise<void> {
  await assert.rejects(Connections.open(parseAddress(url), { patience }), (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.match(error.message, message);
    return true;
  });
}
