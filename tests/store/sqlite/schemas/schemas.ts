/**
 * The released versions of the schema: of each, a store as text, and what the port showed of it.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** The store of a version. */
export function sqlFile(version: number): URL {
  return new URL(`v${version}.sql`, import.meta.url);
}

/** What the port showed of it at the time. */
export function jsonFile(version: number): URL {
  return new URL(`v${version}.json`, import.meta.url);
}

/** Makes the store of a released version at a path. */
export function makeStoreOf(version: number, path: string): void {
  const text = Deno.readTextFileSync(sqlFile(version));
  Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  const connection = new DatabaseSync(path);
  connection.exec(`PRAGMA journal_mode = WAL; BEGIN; ${text} COMMIT`);
  connection.close();
}

/** Every table, index and trigger of a store file, as the text that made it. */
export function schemaOf(path: string): unknown[] {
  const connection = new DatabaseSync(path);
  try {
    return connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2")
      .all();
  } finally {
    connection.close();
  }
}
