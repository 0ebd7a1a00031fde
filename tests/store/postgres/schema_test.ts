import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import type { Connection } from "../../../src/store/postgres/connections.ts";
import { Schema } from "../../../src/store/postgres/migrate.ts";

Deno.test("prepare() refuses a server that is too old, and asks it for nothing else", async () => {
  const asked: string[] = [];
  const connection: Connection = {
    query: (sql) => {
      asked.push(sql);
      const found = { server: 130_023, server_name: "13.23", things: 0, has_versions: 0 };
      return Promise.resolve({ rows: [found], changes: 1 });
    },
    script: () => Promise.reject(new Error("not asked for")),
  };
  const schema = new Schema({ location: "postgres://u@h/d", name: "queuectl", marked: false });
  await assert.rejects(
    schema.prepare(connection, { create: true, readOnly: false }),
    (error) =>
      error instanceof StoreError &&
      error.message ===
        "The server of postgres://u@h/d is PostgreSQL 13.23: 14 or newer is needed",
  );
  assert.equal(asked.length, 1);
});
