/**
 * Directories whose names survive a power cut.
 *
 * A file that was synced is lost all the same if the name of a directory above it was not. SQLite syncs
 * the directory of its files itself, but none above that.
 *
 * @module
 */

/** Makes a directory that nobody else may use, with its parents, unless it is there. */
export function makeDirectory(path: string): void {
  if (isDirectory(path)) return;
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  makeDirectory(parent);
  try {
    Deno.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster, and may not have come to the next line yet.
    if (!isDirectory(path)) throw error;
  }
  syncDirectory(parent);
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

function syncDirectory(path: string): void {
  try {
    using directory = Deno.openSync(path, { read: true });
    directory.syncSync();
  } catch {
    // One that may not be read cannot be synced, nor can any on some systems.
  }
}
