/**
 * Who may touch a store and what is beside it. The same holds whether the store can be opened or not.
 *
 * @module
 */

import { quoteWords } from "../../worker/quote.ts";
import { type Check, type Finding, problem, warning } from "../examination.ts";
import { sideDirectory, storeFile } from "./location.ts";

/** Files and directories that are open to others, or closed to their owner. */
export function accessCheck(path: string): Check {
  const file = fileOf(path);
  const side = sideDirectory(file);
  const info = lstat(file);
  const owner = info?.uid ?? null;
  const findings = [
    ...strangeDirectory(side, owner),
    ...info?.isFile ? manyNames(file, info) : [],
    ...openStore(file, owner),
    ...filesIn(side).flatMap((file) => openFile(file, owner)),
    ...ancestors(file).flatMap(openDirectory),
    ...ancestors(file).flatMap((directory) => closedDirectory(directory, file)),
  ];
  const text = "Nobody else may read or change the store and what is beside it";
  return { name: "access", text, findings };
}

/** Without links, as far as they can be followed. */
function fileOf(path: string): string {
  try {
    return storeFile(path);
  } catch {
    return path;
  }
}

/** The database and its log. */
function openStore(file: string, owner: number | null): Finding[] {
  const store = openFile(file, owner);
  const companions = [`${file}-wal`, `${file}-shm`].filter((file) => lstat(file) !== null);
  if (store.length === 0) return companions.flatMap((file) => openFile(file, owner));
  if (companions.length === 0) return store;
  // SQLite makes them as the store is, also for this look, and may have removed them by the time of the mend.
  const files = quoteWords([file, ...companions]);
  const mend = `To set it right: for f in ${files}; do [ ! -e "$f" ] || chmod 600 "$f"; done`;
  return store.map((finding) => ({ ...finding, mend }));
}

function strangeDirectory(side: string, owner: number | null): Finding[] {
  const info = lstat(side);
  if (info === null) return [];
  if (!info.isDirectory) {
    const mend = `To put it aside: ${quoteWords(["mv", side, `${side}.old`])}`;
    return [problem(`${side} must be a directory of this store alone`, mend)];
  }
  return [...foreign(side, info, owner), ...wrongMode(side, info, 0o700)];
}

function openFile(file: string, owner: number | null): Finding[] {
  const info = lstat(file);
  if (info === null || (!info.isFile && !info.isSocket)) return [];
  return [...foreign(file, info, owner), ...wrongMode(file, info, 0o600)];
}

function foreign(path: string, { uid }: Deno.FileInfo, owner: number | null): Finding[] {
  // A worker that root has started serves the stores of users.
  if (uid === owner || uid === 0 || owner === null) return [];
  const mend = `To give it to the store's owner: ${quoteWords(["chown", String(owner), path])}`;
  return [problem(`${path} belongs to user ${uid}, the store to user ${owner}`, mend)];
}

/** Each name of a file would have a log of its own. */
function manyNames(file: string, { nlink }: Deno.FileInfo): Finding[] {
  if (nlink === null || nlink < 2) return [];
  const find = quoteWords(["find", directoryOf(file), "-samefile", file]);
  const text = `${file} has ${nlink} names (hard links), and SQLite damages it if two are used`;
  return [problem(text, `Remove all but one; to find those in its directory: ${find}`)];
}

/** Others are users and groups; what its owner may do matters too, but for root. */
function wrongMode(path: string, { mode }: Deno.FileInfo, wanted: number): Finding[] {
  const actual = (mode ?? wanted) & 0o777;
  const others = actual & 0o077;
  if (others === 0 && (actual & wanted) === wanted) return [];
  const octal = wanted.toString(8);
  const mend = `To set it right: ${quoteWords(["chmod", octal, path])}`;
  const what = `${path} (its mode is ${actual.toString(8)}, not ${octal})`;
  // To read is allowed where the user wants it; to write is to have commands run.
  if ((others & 0o022) !== 0) return [problem(`Others may change ${what}`, mend)];
  if (others !== 0) return [warning(`Others may look into ${what}`, mend)];
  return [problem(`Not even its owner may fully use ${what}`, mend)];
}

/** Who may write to a directory may put another store in the place of this one. */
function openDirectory(directory: string): Finding[] {
  const mode = lstat(directory)?.mode ?? 0;
  if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) return [];
  const mend = `To close it: ${quoteWords(["chmod", "o-w", directory])}`;
  return [problem(`Anyone may write to ${directory}, and so replace the store`, mend)];
}

/** A directory in which its own user may do too little: files come and go beside the store. */
function closedDirectory(directory: string, file: string): Finding[] {
  const { uid, mode } = lstat(directory) ?? { uid: null, mode: null };
  const isParent = directory === directoryOf(file);
  const wanted = isParent ? 0o300 : 0o100;
  // Root may do everything, and what other users have closed is theirs.
  if (uid === 0 || uid !== Deno.uid() || ((mode ?? wanted) & wanted) === wanted) return [];
  const mend = `To set it right: ${quoteWords(["chmod", "u+rwx", directory])}`;
  const use = isParent ? "make files in" : "enter";
  const octal = ((mode ?? 0) & 0o777).toString(8);
  return [problem(`Not even its owner may ${use} ${directory} (its mode is ${octal})`, mend)];
}

function ancestors(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return ["/", ...parts.map((_, i) => `/${parts.slice(0, i + 1).join("/")}`)];
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function filesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => `${directory}/${name}`);
  } catch {
    return [];
  }
}

function lstat(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}
