/**
 * Where tests of the port keep SQLite stores.
 *
 * @module
 */

import { openSqlite } from "./open_sqlite.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import type { Storage, StorageOptions } from "./scene.ts";

/** Half of Linux's memory: a commit takes 0.1 ms there and not 2. */
const MEMORY = "/dev/shm";

/** Makes an empty storage. */
export async function sqliteStorage(
  { isShortLived = false, ...surroundings }: StorageOptions,
): Promise<Storage> {
  const directory = await tempDir(isShortLived && isDirectory(MEMORY) ? MEMORY : undefined);
  return {
    open: () => openSqlite(directory.join("q.db"), { create: true, surroundings }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
