/**
 * The files of a store: the database, and `<store>.d/` beside it.
 *
 * @module
 */

import { MissingStoreError, StoreError } from "../../errors.ts";
import { networkMount } from "./network_mount.ts";

/** Makes an empty store file if there is none; what the user has made is left alone. */
export function createStoreFile(path: string): void {
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  Deno.mkdirSync(parent, { recursive: true, mode: 0o700 });
  refuseOpenDirectory(parent);
  refuseNetwork(parent);
  if (isThere(path)) return;
  // Made here, since SQLite would give it the permissions of the umask.
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/**
 * Checks that a store file is there, for commands that create nothing.
 *
 * @throws {StoreError} if it is not
 */
export function requireStoreFile(path: string): void {
  if (!isThere(path)) throw missingStore(path);
}

/** The error of a command that creates nothing, where there is no store. */
export function missingStore(path: string): MissingStoreError {
  return new MissingStoreError(`There is no store at ${path} yet: "queuectl enqueue" makes one`);
}

/** `<store>.d`, where spool files, sockets and logs live. */
export function sideDirectory(path: string): string {
  return `${path}.d`;
}

/**
 * Makes the side directory of a store file, if it is missing.
 *
 * @returns its path
 */
export function createSideDirectory(path: string): string {
  const directory = sideDirectory(path);
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    claimSideDirectory(directory, path);
  }
  return directory;
}

/** What others have planted here would lead spool files and sockets elsewhere, or open them. */
function claimSideDirectory(directory: string, path: string): void {
  const { isDirectory, uid, mode } = Deno.lstatSync(directory);
  if (!isDirectory || uid !== Deno.statSync(path).uid) {
    throw new StoreError(`${directory} must be a directory of this store alone: remove it`);
  }
  if (((mode ?? 0) & 0o077) !== 0) Deno.chmodSync(directory, 0o700);
}

function refuseNetwork(directory: string): void {
  let mounts: string;
  try {
    mounts = Deno.readTextFileSync("/proc/self/mountinfo");
  } catch {
    // Not Linux: it cannot be seen.
    return;
  }
  const type = networkMount(mounts, Deno.realPathSync(directory));
  if (type === null) return;
  throw new StoreError(
    `${directory} is on a network file system (${type}), where SQLite's locks are not safe: ` +
      "put the store on a local disk",
  );
}

/** In a directory that anyone may write to, anyone could replace the store. */
function refuseOpenDirectory(directory: string): void {
  const mode = Deno.statSync(directory).mode ?? 0;
  if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
    throw new StoreError(
      `Anyone may write to ${directory}, so the store would not be safe there: chmod o-w it`,
    );
  }
}

function isThere(path: string): boolean {
  try {
    if (Deno.statSync(path).isDirectory) throw new StoreError(`The store ${path} is a directory`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
