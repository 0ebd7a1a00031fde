/**
 * A directory for a SQLite store, and what tests want to know of it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import type { Store } from "../../../src/store/store.ts";
import type { SqliteOptions } from "../../../src/store/sqlite/sqlite_engine.ts";
import { openSqlite } from "../open_sqlite.ts";
import { tempDir } from "../../helpers/temp_dir.ts";

/** A store's directory. */
export interface Place extends AsyncDisposable {
  /** The directory. */
  readonly directory: string;
  /** The store file in it. */
  readonly path: string;
  /** Opens the store, and makes it if it is missing. */
  open(options?: Partial<SqliteOptions>): Promise<Store>;
  /** The names of everything in the directory. */
  names(): string[];
}

/** A directory without a store. */
export async function emptyPlace(): Promise<Place> {
  const directory = await tempDir();
  const path = directory.join("q.db");
  return {
    directory: directory.path,
    path,
    open: (options = {}) => openSqlite(path, { create: true, ...options }),
    names: () => [...Deno.readDirSync(directory.path)].map(({ name }) => name).toSorted(),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** A directory with a store that nobody has open. */
export async function closedStore(
  fill: (store: Store) => Promise<unknown> = () => Promise.resolve(),
): Promise<Place> {
  const place = await emptyPlace();
  await using store = await place.open();
  await fill(store);
  return place;
}

/** That it fails as a store that cannot be used does: exit code 5, and one sentence that names it. */
export async function refused(
  work: () => Promise<unknown>,
  message: RegExp,
  named?: string,
): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof StoreError, `${error} is a StoreError`);
    assert.equal(error.exitCode, 5);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n|\.$/);
    if (named !== undefined) assert.ok(error.message.includes(named), error.message);
    return true;
  });
}

/** The permission bits of a file. */
export function modeOf(path: string): number {
  return Deno.lstatSync(path).mode! & 0o7777;
}
