/**
 * The files of a store: the database, and `<store>.d/` beside it.
 *
 * @module
 */

import { MissingStoreError, StoreError } from "../../errors.ts";
import { makeDirectory } from "./durable_directory.ts";
import { networkMount } from "./network_mount.ts";
import {
  makeAsOwner,
  requireLinksOf,
  requireOwn,
  requireUnplanted,
  userToServe,
} from "./ownership.ts";

/** So many links in a row are a circle, as for Linux. */
const MAX_LINKS = 40;

/** Makes an empty store file if there is none; what the user has made is left alone. */
export function createStoreFile(path: string): void {
  const file = storeFile(path);
  const parent = parentOf(file);
  makeDirectory(parent);
  refuseNetwork(parent);
  // Who may change a link to the store can replace the store, too.
  for (const directory of new Set([parent, parentOf(path)])) refuseOpenDirectory(directory);
  if (isThere(file)) return;
  // Made here, since SQLite would give it the permissions of the umask.
  try {
    Deno.openSync(file, { createNew: true, write: true, mode: 0o600 }).close();
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

/**
 * The file that a store's path means: links are followed, so that a store has one side directory and one
 * turnstile by whatever name it is used. The last link may lead to a file that is not there yet.
 *
 * @throws {StoreError} if links lead in a circle, or are another user's
 */
export function storeFile(path: string): string {
  let file = path;
  const owners = new Set<number | null>();
  for (let links = 0; links <= MAX_LINKS; links++) {
    const info = infoOf(file);
    if (!info?.isSymlink) {
      requireLinksOf(owners, path, info);
      return file;
    }
    owners.add(info.uid);
    const target = Deno.readLinkSync(file);
    file = target.startsWith("/") ? target : `${parentOf(file)}/${target}`;
  }
  throw new StoreError(`The store ${path} is a link that leads in a circle: remove it`);
}

/** `<store>.d`, where spool files, sockets and logs live. */
export function sideDirectory(file: string): string {
  return `${file}.d`;
}

/**
 * Makes the side directory of a store file, if it is missing.
 *
 * @returns its path
 * @throws {StoreError} if what is there may be another user's
 */
export function createSideDirectory(file: string): string {
  const directory = sideDirectory(file);
  const owner = userToServe(file);
  if (owner !== null) {
    if (infoOf(directory) !== null) requireUnplanted(directory, file);
    makeAsOwner(directory, owner);
  }
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    requireUnplanted(directory, file);
  }
  return directory;
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
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  if (info.isDirectory) throw new StoreError(`The store ${path} is a directory`);
  if (!info.isFile) throw new StoreError(`The store ${path} is not a file: give another path`);
  requireOwn(path, info, storeFile(path));
  return true;
}

function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    // What is wrong with it is said where it is used.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
