/**
 * To whom a store's files belong. Whoever can write to a store has commands run by its workers, and
 * whoever can make files beside it could lead what is written there elsewhere.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";

/** Others may write. */
const WRITABLE = 0o022;

/** A user and a group by their numbers. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Checks that nobody else may write to a store. Root may use any store. Others may read it if its user
 * has allowed that.
 *
 * @param path as the user wrote it
 * @param info of the file
 * @param file the same without links
 * @throws {StoreError} if somebody else may, or if the file has two names
 */
export function requireOwn(path: string, info: Deno.FileInfo, file: string): void {
  const me = Deno.uid();
  if (me === null) return;
  if (me !== 0 && info.uid !== me) {
    throw new StoreError(
      `The store ${path} belongs to another user: give a store of your own, or be that user`,
    );
  }
  if (((info.mode ?? 0) & WRITABLE) !== 0) {
    throw new StoreError(
      `Others may write to the store ${path}, and so have commands run: chmod 600 it`,
    );
  }
  // Each name would have a log of its own, see "Multiple links" in https://sqlite.org/howtocorrupt.html.
  if ((info.nlink ?? 1) > 1) {
    throw new StoreError(
      `The store ${path} has ${info.nlink} names (hard links), and SQLite would damage it: ` +
        "remove all but one",
    );
  }
  for (const end of ["-wal", "-shm", "-journal"]) requireCompanion(`${file}${end}`, info.uid);
}

/**
 * Checks that links to a store are this user's, or root's. Those of others could lead a store to a place of
 * their choice, as Linux prevents it where anyone may write (fs.protected_symlinks in proc_sys_fs(5)). A
 * user's own links to an own store may be followed by root.
 *
 * @param owners of the links
 * @param path as the user wrote it
 * @param info of what they lead to; null if there is nothing
 * @throws {StoreError} if another user has made one
 */
export function requireLinksOf(
  owners: ReadonlySet<number | null>,
  path: string,
  info: Deno.FileInfo | null,
): void {
  for (const uid of owners) {
    if (uid === Deno.uid() || uid === 0 || uid === info?.uid) continue;
    throw new StoreError(
      `${path} is a link that another user has made: give the path of the store`,
    );
  }
}

/**
 * Checks a side directory that is there already: what others have planted would lead spool files and
 * sockets elsewhere, or open them. One that others may only read is closed.
 *
 * @throws {StoreError} if it is not a directory of the store's user alone; nothing is changed then
 */
export function requireUnplanted(directory: string, file: string): void {
  const { isDirectory, uid, mode } = Deno.lstatSync(directory);
  const bits = mode ?? 0;
  const me = Deno.uid();
  const isTheirs = uid === Deno.statSync(file).uid || (uid === 0 && me === 0);
  if (!isDirectory || !isTheirs) {
    throw new StoreError(`${directory} must be a directory of this store alone: remove it`);
  }
  if ((bits & WRITABLE) !== 0) {
    throw new StoreError(
      `Others may write to ${directory}, so what is in it cannot be trusted: remove it, or chmod 700 it`,
    );
  }
  // Root leaves that to the user, who could put something else in its place meanwhile.
  if ((bits & 0o077) !== 0 && uid === me) Deno.chmodSync(directory, 0o700);
}

/**
 * Opens a file for writing, which is made if it is missing. No link is followed, and nothing is waited for
 * as a pipe would have it: root may be the one who opens it.
 *
 * @throws {StoreError} if something else is there
 */
export function openUnplanted(path: string): Deno.FsFile {
  while (true) {
    try {
      const options = isFile(path) ? {} : { createNew: true, mode: 0o600 };
      return Deno.openSync(path, { write: true, ...options });
    } catch (error) {
      // Somebody has made or removed it meanwhile.
      const isRace = error instanceof Deno.errors.AlreadyExists ||
        error instanceof Deno.errors.NotFound && isThere(path.slice(0, path.lastIndexOf("/")));
      if (!isRace) throw error;
    }
  }
}

/** The user of a store that root uses; null where files that are made belong to the right one anyway. */
export function userToServe(file: string): Owner | null {
  if (Deno.uid() !== 0) return null;
  const { uid, gid } = Deno.statSync(file);
  return uid === null || uid === 0 ? null : { uid, gid: gid ?? uid };
}

/**
 * Has a store's user make its side directory and turnstile. Root's own files would lock that user out,
 * and giving them away afterwards could be led elsewhere by a link. Nothing happens where that user may
 * not make them: then only root can use the store.
 */
export function makeAsOwner(directory: string, { uid, gid }: Owner): void {
  if (isThere(`${directory}/turnstile`)) return;
  new Deno.Command("/bin/sh", {
    args: ["-c", 'umask 077; mkdir "$0"; : >> "$0/turnstile"', directory],
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
    uid,
    gid,
  }).outputSync();
}

function requireCompanion(path: string, owner: number | null): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  // SQLite gives what root makes to the store's user a moment later.
  const isTheirs = info.uid === owner || info.uid === 0;
  if (info.isFile && isTheirs && ((info.mode ?? 0) & WRITABLE) === 0) return;
  throw new StoreError(
    `${path} does not belong to the store: remove it, and ask who has put it there`,
  );
}

/** False where nothing is. */
function isFile(path: string): boolean {
  if (!isThere(path)) return false;
  if (Deno.lstatSync(path).isFile) return true;
  throw new StoreError(`${path} is not a file: remove it`);
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
