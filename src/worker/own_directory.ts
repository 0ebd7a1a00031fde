/**
 * The directory in which a worker keeps the files of its jobs, where the store has not made it.
 *
 * @module
 */

import { StoreError } from "../errors.ts";

/**
 * Makes a directory that nobody but this user may look into, with those above it.
 *
 * @throws {StoreError} if it cannot be made, or what is there is another user's, or open to others
 */
export function makeOwnDirectory(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      `The directory ${path}, for what jobs write, cannot be made: ${reason}: ` +
        "set XDG_DATA_HOME to a directory of this user",
    );
  }
  const { isDirectory, mode } = Deno.lstatSync(path);
  if (!isDirectory || [path, ...planted(path)].some((directory) => !isOwn(directory))) {
    throw new StoreError(
      `The directory ${path}, for what jobs write, may be another user's: set XDG_DATA_HOME to another place`,
    );
  }
  if (((mode ?? 0) & 0o077) !== 0) {
    throw new StoreError(
      `Others may look into ${path}, where jobs write: to close it, chmod 700 ${path}`,
    );
  }
}

/** Those above it that anybody may have made: the ones within a directory such as `/tmp`. */
function planted(path: string): string[] {
  const parts = path.split("/");
  const above = parts.map((_, i) => parts.slice(0, i).join("/") || "/").slice(1);
  const open = above.findLastIndex((directory) =>
    ((Deno.lstatSync(directory).mode ?? 0) & 0o1002) === 0o1002
  );
  return open < 0 ? [] : above.slice(open + 1);
}

function isOwn(path: string): boolean {
  const { uid } = Deno.lstatSync(path);
  return uid === null || uid === Deno.uid();
}
