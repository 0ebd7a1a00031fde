/**
 * Opens SQLite stores as only tests do: with a clock of their own, another schema, less patience.
 *
 * @module
 */

import { SqlStore } from "../../src/store/sql/sql_store.ts";
import type { Store } from "../../src/store/store.ts";
import { SqliteEngine, type SqliteOptions } from "../../src/store/sqlite/sqlite_engine.ts";

/**
 * Opens the store at an absolute path.
 *
 * @throws {StoreError} if it is missing and not to be made, or cannot be used
 */
export async function openSqlite(path: string, options: SqliteOptions): Promise<Store> {
  return new SqlStore(await SqliteEngine.open(path, options));
}
