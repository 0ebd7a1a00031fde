/**
 * Remembers the schema of this program, once, when it is to be released: a store with something of
 * everything goes into `vN.sql`, and what the port shows of it into `vN.json`. Neither is ever written
 * again. From the repository:
 *
 * ```sh
 * deno run --allow-all --config tests/deno.json tests/store/sqlite/schemas/write_schema.ts
 * ```
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../../src/store/sqlite/migrations.ts";
import { openSqlite } from "../../open_sqlite.ts";
import { tempDir } from "../../../helpers/temp_dir.ts";
import { Scene } from "../../scene.ts";
import { fillStore, readStore } from "./full_store.ts";
import { jsonFile, sqlFile } from "./schemas.ts";

/** When the steps were applied, so that the text does not depend on the clock. */
const APPLIED_AT = 1_800_000_000_000;

await using dir = await tempDir();
const path = dir.join("q.db");
const seen = await fill(path);
const version = MIGRATIONS.length;
await Deno.writeTextFile(sqlFile(version), dump(path), { createNew: true });
await Deno.writeTextFile(jsonFile(version), `${JSON.stringify(seen, null, 2)}\n`, {
  createNew: true,
});
console.log(`Wrote ${sqlFile(version).pathname} and what is seen of it`);

async function fill(path: string): Promise<unknown> {
  await using scene = await Scene.set((surroundings) =>
    Promise.resolve({
      open: () => openSqlite(path, { create: true, surroundings }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  );
  await fillStore(scene);
  return await readStore(scene.store);
}

/** Indexes and triggers come last: the rows are as the triggers have left them. */
function dump(path: string): string {
  const connection = new DatabaseSync(path);
  try {
    connection.prepare("UPDATE migration SET applied_at = ?").run(APPLIED_AT);
    const [{ application_id: application }] = connection.prepare("PRAGMA application_id").all() as [
      { application_id: number },
    ];
    const things = connection.prepare(
      "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid",
    ).all() as { type: string; name: string; sql: string }[];
    const tables = things.filter(({ type }) => type === "table");
    const others = things.filter(({ type }) => type !== "table");
    const own = tables.filter(({ name }) => !name.startsWith("sqlite_"));
    return [
      `PRAGMA application_id = ${application};`,
      ...own.map(({ sql }) => `${sql};`),
      ...tables.flatMap(({ name }) => rowsOf(connection, name)),
      ...others.map(({ sql }) => `${sql};`),
    ].join("\n") + "\n";
  } finally {
    connection.close();
  }
}

function rowsOf(connection: DatabaseSync, table: string): string[] {
  return connection.prepare(`SELECT * FROM ${table}`).all().map((row) => {
    const values = Object.values(row).map(literal).join(", ");
    return `INSERT INTO ${table} (${Object.keys(row).join(", ")}) VALUES (${values});`;
  });
}

function literal(value: unknown): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `X'${value.toHex()}'`;
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}
