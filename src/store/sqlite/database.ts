/**
 * One connection to one store file: how it is opened and checked, and how transactions run on it.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreError, StoreGoneError } from "../../errors.ts";
import { isLocked, storeErrorFrom } from "./failure.ts";
import { createSideDirectory, missingStore } from "./location.ts";
import { MIGRATIONS } from "./migrations.ts";
import { Turnstile } from "./turnstile.ts";

/** How long a commit lasts: `full` survives a power cut, `normal` survives a crash. */
export type Durability = "full" | "normal";

/** SQLite waits so long, blocking the thread, for a writer that has no turnstile. */
const BUSY_TIMEOUT = 100;

/** A value that SQLite stores. */
export type SqlValue = null | number | string | Uint8Array;
/** A row as SQLite gives it. */
export type Row = Record<string, SqlValue>;

/** How to open a store file. */
export interface DatabaseOptions {
  /** Make the schema in a file that is empty. */
  readonly create: boolean;
  /** Change nothing, and make nothing beside the file. */
  readonly readOnly?: boolean;
  /** The longest wait for other readers and writers, milliseconds. */
  readonly patience: number;
}

/** The one connection of its process to a store file. */
export class Database implements AsyncDisposable {
  readonly #connection: DatabaseSync;
  /** Null where nothing is written. */
  readonly #turnstile: Turnstile | null;
  readonly #path: string;
  readonly #identity: string | null;
  readonly #patience: number;
  readonly #statements = new Map<string, StatementSync>();
  #durability: Durability | null = null;
  #closed = false;

  private constructor(
    path: string,
    connection: DatabaseSync,
    turnstile: Turnstile | null,
    patience: number,
  ) {
    this.#path = path;
    this.#identity = fileIdentity(path);
    this.#connection = connection;
    this.#turnstile = turnstile;
    this.#patience = patience;
  }

  /**
   * Opens a store file that exists, and brings its schema up to date.
   *
   * @throws {StoreError} if it is no store of ours, newer than this program, cannot be used, or is to be
   * read only and of an older version
   */
  static async open(path: string, options: DatabaseOptions): Promise<Database> {
    const { create, patience, readOnly = false } = options;
    await using closing = new AsyncDisposableStack();
    try {
      const connection = closing.adopt(new DatabaseSync(path), (opened) => opened.close());
      const pragmas = // Deno 2.4.2 ignores the `timeout` option.
        `PRAGMA busy_timeout = ${BUSY_TIMEOUT};` +
        "PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 67108864;" +
        (Deno.build.os === "darwin" ? "PRAGMA fullfsync = 1;" : "") +
        (readOnly ? "PRAGMA query_only = 1;" : "");
      await persist(patience, () => connection.exec(pragmas));
      // First of all: nothing is made beside a file that is not ours.
      const version = await persist(patience, () => schemaVersion(connection, path));
      if (version === 0 && !create) throw missingStore(path);
      if (readOnly && version < MIGRATIONS.length) {
        throw new StoreError(`The store ${path} is of an older version: any command updates it`);
      }
      const turnstile = readOnly
        ? null
        : closing.use(new Turnstile(`${createSideDirectory(path)}/turnstile`, patience));
      const database = new Database(path, connection, turnstile, patience);
      if (version < MIGRATIONS.length) await database.#migrate(path);
      // All is well: nothing is closed here.
      closing.move();
      return database;
    } catch (error) {
      throw storeErrorFrom(error, path);
    }
  }

  /** The first row, or null. */
  get(sql: string, ...values: SqlValue[]): Row | null {
    return (this.#statement(sql).get(...values) as Row | undefined) ?? null;
  }

  /** Every row. */
  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /**
   * Checks that the open file is still the one at its path: SQLite would go on with a file that was
   * removed, and nobody would ever see what it writes.
   *
   * @throws {StoreGoneError} if another file is there
   * @throws {StoreError} if none is, which may pass
   */
  requireFile(): void {
    const now = fileIdentity(this.#path);
    if (now === null) throw new StoreError(`The store ${this.#path} is not there any more`);
    if (now === this.#identity) return;
    throw new StoreGoneError(`The store ${this.#path} was replaced by another one`);
  }

  /** Runs `work` within one write transaction; what it throws undoes all of it. */
  write<T>(durability: Durability, work: () => T): Promise<T> {
    return this.#writers.pass(async () => {
      if (this.#durability !== durability) {
        this.#connection.exec(`PRAGMA synchronous = ${durability}`);
        this.#durability = durability;
      }
      return await persist(this.#patience, () => {
        this.run("BEGIN IMMEDIATE");
        return this.#commit(work);
      });
    });
  }

  /** Runs `work` on one snapshot of the store; again if it has to wait for a lock. */
  read<T>(work: () => T): Promise<T> {
    return persist(this.#patience, () => {
      this.run("BEGIN");
      try {
        return work();
      } finally {
        this.#rollBack();
      }
    });
  }

  /** Closes the connection after the writes that have been begun. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turnstile?.[Symbol.asyncDispose]();
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    this.#connection.close();
  }

  /** The line in which writers stand. */
  get #writers(): Turnstile {
    if (this.#turnstile === null) throw new TypeError("The store is open for reading only");
    return this.#turnstile;
  }

  #commit<T>(work: () => T): T {
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #statement(sql: string): StatementSync {
    // On Deno 2.4.2 a statement that is used after close() crashes the process.
    if (this.#closed) throw new TypeError("The store is closed");
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #rollBack(): void {
    try {
      this.run("ROLLBACK");
    } catch {
      // A full disk or an I/O error has rolled back already.
    }
  }

  async #migrate(path: string): Promise<void> {
    // WAL is a property of the file, and two processes that set it at once get SQLITE_BUSY.
    await this.#writers.pass(() =>
      persist(this.#patience, () => this.#connection.exec("PRAGMA journal_mode = WAL"))
    );
    await this.write("full", () => {
      // Another process may have been faster.
      for (
        let version = schemaVersion(this.#connection, path);
        version < MIGRATIONS.length;
        version++
      ) {
        this.#connection.exec(
          `PRAGMA application_id = ${APPLICATION_ID};` +
            "CREATE TABLE IF NOT EXISTS migration " +
            "(version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT",
        );
        this.#connection.prepare("INSERT INTO migration VALUES (?, ?)").run(
          version + 1,
          Date.now(),
        );
        this.#connection.exec(MIGRATIONS[version]!);
      }
    });
  }
}

/** Stands in the header of a store file, so that no other program's database is taken for one. */
const APPLICATION_ID = 0x71637431;

/**
 * How many migrations a store file has seen; 0 if it is empty.
 *
 * @throws {StoreError} if it belongs to another program or is newer than this one
 */
function schemaVersion(connection: DatabaseSync, path: string): number {
  const { application, things } = connection.prepare(
    "SELECT application_id AS application, (SELECT count(*) FROM sqlite_schema) AS things " +
      "FROM pragma_application_id",
  ).get() as { application: number; things: number };
  if (application === 0 && things === 0) return 0;
  if (application !== APPLICATION_ID) {
    throw new StoreError(`${path} is a database of another program`);
  }
  const { version } = connection.prepare("SELECT max(version) AS version FROM migration")
    .get() as { version: number };
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      `The store ${path} was made by a newer queuectl (schema ${version}, ` +
        `this program knows ${MIGRATIONS.length}): update queuectl`,
    );
  }
  return version;
}

/**
 * Runs `work` again while another program holds a lock that it needs. SQLite's own busy wait blocks
 * heartbeats and signals, so most of the waiting is done out here.
 */
async function persist<T>(patience: number, work: () => T): Promise<T> {
  const deadline = performance.now() + patience;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, BUSY_TIMEOUT));
  }
}

/** Which file is at a path, or null; `stat` opens nothing, so SQLite's locks stay. */
function fileIdentity(path: string): string | null {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
