import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";

/** `AuthenticationGSS`, which a server asks for where `pg_hba.conf` says so. */
const GSS = "R\0\0\0\x08\0\0\0\x07";

const SERVERS = [
  { name: "a web server", mode: "prefer", answers: ["HTTP/1.1 400 Bad Request\r\n\r\n"] },
  { name: "a web server", mode: "disable", answers: ["HTTP/1.1 400 Bad Request\r\n\r\n"] },
  { name: "MySQL", mode: "disable", answers: ["J\0\0\0\n8.0.33\0"] },
  { name: "one that wants a ticket", mode: "prefer", answers: ["N", GSS] },
  { name: "one that sends a message that is none", mode: "disable", answers: [`${GSS}\0\0\0`] },
];

for (const { name, mode, answers } of SERVERS) {
  Deno.test(`a server that is not understood is told of, and ends nothing: ${name}, ${mode}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      using connection = await listener.accept();
      for (const answer of answers) {
        await connection.read(new Uint8Array(1000));
        await connection.write(new TextEncoder().encode(answer));
      }
      while (await connection.read(new Uint8Array(1000)).catch(() => null) !== null);
    })();
    const url = `postgres://u:secret@127.0.0.1:${listener.addr.port}/d?sslmode=${mode}`;
    await assert.rejects(Connections.open(parseAddress(url, () => undefined)), (error) => {
      assert.ok(error instanceof StoreError, String(error));
      assert.match(
        error.message,
        /is no PostgreSQL, or wants a way to log in .*: check the address/,
      );
      return true;
    });
    await serving;
  });
}
