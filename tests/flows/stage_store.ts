/**
 * The store of a flow, and how it is looked at past queuectl.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { Row, SqlValue } from "../../src/store/sql/work.ts";
import { ringDoorbells } from "../../src/store/sqlite/doorbell.ts";
import type { TempDir } from "../helpers/temp_dir.ts";

/** Names the stores in which all flows are played, instead of those that each one names. */
export const STORES_VARIABLE = "QUEUECTL_TEST_STORES";

/** What holds the store of a flow. */
export type StoreKind = "sqlite" | "postgres";

/** A store by what holds it. */
export interface StageStore extends AsyncDisposable {
  /** What `--db` takes, and jobs find in `QUEUECTL_DB`: the path of the file, or the URL. */
  readonly address: string;
  /** The address as it is shown. */
  readonly location: string;
  /** Where spool files are. */
  readonly directory: string;
  /** What tells a program where it is, if it is not in the default place. */
  readonly variables: Readonly<Record<string, string>>;
  /** What clients that are not queuectl need in their environment to get in. */
  readonly clientVariables: Readonly<Record<string, string>>;
  /** The endings of the files that are the store itself, while a worker is at work: none if a server has it. */
  readonly endings: readonly string[];
  /** Runs a statement of its own, in which `?` is a parameter; returns the rows. */
  ask(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Takes a lock with which the store is away for all who want to write, until it is disposed of. */
  lock(): Promise<StoreLock>;
  /** A connection that stays, for reading; whoever keeps readers out for more than a second makes it fail. */
  reader(): Promise<StoreReader>;
  /** Waits for the turn to write, and keeps it until it is disposed of. */
  takeTurn(): Promise<AsyncDisposable>;
  /** Keeps all others from changing a job, and perhaps from more, until it is disposed of. */
  holdJob(id: string): Promise<AsyncDisposable>;
  /** Whether a process waits for a lock to write, and is the next to have it. */
  isNext(pid: number): Promise<boolean>;
  /** Whether a process is in the middle of a transaction in which it writes. */
  isWriting(pid: number): Promise<boolean>;
  /** Rings the doorbell of a worker, by its id. */
  ring(worker: string): Promise<void>;
  /** The size of the log that is written ahead, bytes: 0 where that is a server's, for all of its databases. */
  logSize(): number;
  /** Takes it away from under whoever works with it. */
  remove(): Promise<void>;
  /** What is damaged in it below all that it says of jobs; empty where that is for a server to find. */
  damage(): Promise<readonly string[]>;
}

/** A connection that holds no snapshot between two questions. */
export interface StoreReader extends AsyncDisposable {
  /** The rows of a question. */
  ask(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
}

/** A lock that keeps all others from writing. */
export interface StoreLock extends AsyncDisposable {
  /** Makes a change of its own, and lets the lock go. */
  commit(sql: string): Promise<void>;
}

/** The longest wait for a lock, milliseconds: the workers of a flow hold it for less. */
const BUSY_TIMEOUT = 5000;

/** A store in a file, which need not be there yet. */
function sqliteStageStore(path: string): StageStore {
  const open = (readOnly: boolean) => {
    const database = new DatabaseSync(path, { readOnly });
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    return database;
  };
  return {
    address: path,
    location: path,
    directory: `${path}.d`,
    variables: {},
    clientVariables: {},
    endings: [".db", ".db-wal", ".db-shm", ".sock"],
    // deno-lint-ignore require-await -- the other kind cannot answer at once
    ask: async (sql, ...values) => {
      // To be the last who closes a file that it may write has consequences.
      using database = open(sql.startsWith("SELECT"));
      return database.prepare(sql).all(...values) as Row[];
    },
    // deno-lint-ignore require-await
    lock: async () => {
      const database = open(false);
      database.exec("BEGIN IMMEDIATE");
      return {
        // deno-lint-ignore require-await
        commit: async (sql) => database.exec(`${sql}; COMMIT`),
        // What is not committed is undone.
        [Symbol.asyncDispose]: () => Promise.resolve(database.close()),
      };
    },
    // deno-lint-ignore require-await
    reader: async () => {
      const database = new DatabaseSync(path, { readOnly: true });
      database.exec("PRAGMA busy_timeout = 1000");
      return {
        // deno-lint-ignore require-await
        ask: async (sql, ...values) => database.prepare(sql).all(...values) as Row[],
        [Symbol.asyncDispose]: () => Promise.resolve(database.close()),
      };
    },
    takeTurn: () => lockFile(`${path}.d/turnstile`),
    holdJob: () => lockFile(`${path}.d/turnstile`),
    // deno-lint-ignore require-await
    isNext: async (pid) => hasTurn(`${path}.d/turnstile`, pid),
    // deno-lint-ignore require-await
    isWriting: async (pid) => hasWriteLock(`${path}-shm`, pid),
    ring: (worker) => ringDoorbells(`${path}.d`, [worker]),
    remove: async () => {
      for (const end of ["", "-wal", "-shm"]) await Deno.remove(path + end);
    },
    logSize: () => Deno.statSync(`${path}-wal`).size,
    // deno-lint-ignore require-await
    damage: async () => {
      using database = new DatabaseSync(path, { readOnly: true });
      return database.prepare("PRAGMA integrity_check").all()
        .map((row) => String(row.integrity_check)).filter((line) => line !== "ok");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function lockFile(path: string): Promise<AsyncDisposable> {
  const file = await Deno.open(path, { write: true });
  await file.lock(true);
  return { [Symbol.asyncDispose]: () => Promise.resolve(file.close()) };
}

/** Whether a process has the lock of the turnstile. */
function hasTurn(turnstile: string, pid: number): boolean {
  const { ino } = Deno.statSync(turnstile);
  return Deno.readTextFileSync("/proc/locks").split("\n").some((line) => {
    const [, kind, , access, holder, file] = line.trim().split(/\s+/);
    return kind === "FLOCK" && access === "WRITE" && Number(holder) === pid &&
      file?.endsWith(`:${ino}`);
  });
}

/** Whether a process has SQLite's write lock (`WAL_WRITE_LOCK`): byte 120 of the index of the log. */
function hasWriteLock(index: string, pid: number): boolean {
  const { ino } = Deno.statSync(index);
  return Deno.readTextFileSync("/proc/locks").split("\n").some((line) => {
    const [, , , access, holder, file, from, to] = line.trim().split(/\s+/);
    return access === "WRITE" && Number(holder) === pid && file?.endsWith(`:${ino}`) &&
      Number(from) <= 120 && (to === "EOF" || Number(to) >= 120);
  });
}

/** The store of a flow with this home directory. */
export async function stageStore(kind: StoreKind, home: TempDir): Promise<StageStore> {
  if (kind === "sqlite") return sqliteStageStore(home.join(".local/share/queuectl/queue.db"));
  const { postgresStageStore } = await import("./postgres_stage_store.ts");
  return await postgresStageStore(home);
}
