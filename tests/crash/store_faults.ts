/**
 * What can be wrong with a store.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { fillDisk, writeProtect } from "./store_disk.ts";

/** Where a fault is made. */
export interface Scene {
  readonly directory: string;
  readonly store: string;
}

/** Something that is wrong with a store. */
export interface Fault {
  readonly title: string;
  /** Of the sentence. */
  readonly says: RegExp;
  /** Who cannot work: all commands, or only those that write. */
  readonly refuses: "all" | "writers";
  /** Commands that make a store where there is none do so: they are not tried. */
  readonly isMissing?: true;
  /** It needs a file system of its own. */
  readonly mounts?: true;
  /** Breaks the store; what it returns mends it. */
  make(scene: Scene): Promise<AsyncDisposable> | Disposable | void;
}

/** SQLite's page size. */
export const PAGE = 4096;

const damaged = { says: /is damaged: restore it from a backup/, refuses: "all" } as const;

/** What can be wrong with a store, and is to be said of it. */
export const FAULTS: readonly Fault[] = [
  {
    title: "a directory",
    says: /is a directory/,
    refuses: "all",
    make({ store }) {
      Deno.removeSync(store);
      Deno.mkdirSync(store);
    },
  },
  {
    title: "a named pipe",
    says: /is not a file/,
    refuses: "all",
    async make({ store }) {
      Deno.removeSync(store);
      await new Deno.Command("mkfifo", { args: [store] }).output();
      return nothing;
    },
  },
  {
    title: "a link in a circle",
    says: /circle/,
    refuses: "all",
    make({ store }) {
      Deno.removeSync(store);
      Deno.symlinkSync(store, store);
    },
  },
  {
    title: "a link to nothing",
    says: /There is no store at/,
    refuses: "all",
    isMissing: true,
    make({ store }) {
      Deno.removeSync(store);
      Deno.symlinkSync(`${store}.gone`, store);
    },
  },
  {
    title: "an empty file",
    says: /There is no store at/,
    refuses: "all",
    isMissing: true,
    make: ({ store }) => Deno.truncateSync(store),
  },
  {
    title: "in a directory that is gone",
    says: /There is no store at/,
    refuses: "all",
    isMissing: true,
    make: ({ directory }) => Deno.removeSync(directory, { recursive: true }),
  },
  {
    title: "in a directory that is a file",
    says: /a part of its path is not a directory/,
    refuses: "all",
    make({ directory }) {
      Deno.removeSync(directory, { recursive: true });
      Deno.writeTextFileSync(directory, "");
    },
  },
  {
    title: "some other file",
    says: /is not a queuectl store/,
    refuses: "all",
    make: ({ store }) => Deno.writeTextFileSync(store, "notes\n".repeat(PAGE)),
  },
  {
    title: "overwritten in its header",
    says: /is not a queuectl store/,
    refuses: "all",
    make: ({ store }) => overwrite(store, 0, 100),
  },
  {
    title: "overwritten in its schema",
    ...damaged,
    make: ({ store }) => overwrite(store, 100, PAGE - 100),
  },
  {
    title: "overwritten everywhere but in its schema",
    ...damaged,
    make: ({ store }) => overwrite(store, PAGE, Deno.statSync(store).size - PAGE),
  },
  {
    title: "cut short",
    ...damaged,
    make: ({ store }) => Deno.truncateSync(store, PAGE + 1),
  },
  {
    title: "beside a file where its directory should be",
    says: /must be a directory of/,
    refuses: "all",
    make({ store }) {
      Deno.removeSync(`${store}.d`, { recursive: true });
      Deno.writeTextFileSync(`${store}.d`, "");
    },
  },
  {
    title: "locked by a writer",
    says: /is locked by another program: try again later/,
    refuses: "writers",
    make: ({ store }) => foreign(store, "BEGIN IMMEDIATE"),
  },
  {
    title: "locked by a program that shuts all others out",
    says: /is locked by another program: try again later/,
    refuses: "all",
    make: ({ store }) =>
      foreign(store, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; DELETE FROM worker"),
  },
  {
    title: "read-only",
    says: /cannot be written: it is read-only/,
    refuses: "writers",
    mounts: true,
    make: ({ store }) => writeProtect(store),
  },
  {
    title: "on a read-only file system",
    says: /cannot be opened: .*read-only|is read-only/,
    refuses: "all",
    mounts: true,
    make: ({ directory }) => writeProtect(directory),
  },
  {
    title: "on a full disk",
    says: /is full/,
    refuses: "all",
    mounts: true,
    make: ({ directory }) => fillDisk(directory),
  },
  {
    title: "on a disk that has become full in the meantime",
    says: /is full/,
    refuses: "writers",
    mounts: true,
    make({ directory, store }) {
      const connection = foreign(store, "UPDATE setting SET value = value");
      fillDisk(directory);
      return connection;
    },
  },
];

/** What mends nothing. */
export const nothing: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

function overwrite(path: string, at: number, length: number): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(length).fill(0xa5));
}

/** Another program has the store open. */
function foreign(store: string, sql: string): Disposable {
  const connection = new DatabaseSync(store);
  connection.exec(sql);
  return { [Symbol.dispose]: () => connection.close() };
}
