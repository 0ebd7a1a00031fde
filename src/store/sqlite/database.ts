/**
 * One connection to one store file: how it is opened and checked, and how transactions run on it.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreError, StoreGoneError } from "../../errors.ts";
import { importLater } from "../../lazy.ts";
import { Marked } from "../mark.ts";
import type { Durability } from "../sql/engine.ts";
import type { Answer, Row, SqlValue, Statement, Work } from "../sql/work.ts";
import { isDamage, isLocked, isReadOnly, storeErrorFrom } from "./failure.ts";
import { createSideDirectory, missingStore, storeFile } from "./location.ts";
import { fileIdentity, LogFiles } from "./log_files.ts";
import { Schema, VERSION_SQL } from "./migrate.ts";
import { BUSY_TIMEOUT, namingHolder, persist } from "./patience.ts";
import { Turnstile } from "./turnstile.ts";

/**
 * A log of so many pages, 16 MB, is folded into the file within the commit that made it so long: two syncs
 * while others wait. With SQLite's 1000 that comes twice a second where 8 workers run jobs of no length.
 */
const FOLD_LATER = "PRAGMA wal_autocheckpoint = 4000;";

/** Of what both databases understand all but this: here a writer is alone. */
const ROW_LOCK = / FOR (?:UPDATE|SHARE)(?: OF \w+)?(?: SKIP LOCKED)?/g;

/** How to open a store file. */
export interface DatabaseOptions {
  /** Make the schema in a file that is empty. */
  readonly create: boolean;
  /** Change nothing, and make nothing beside the file. */
  readonly readOnly?: boolean;
  /** Let in where the store is being moved, or was. */
  readonly marked?: boolean;
  /** The longest wait for other readers and writers, milliseconds. */
  readonly patience: number;
  /** The steps of the schema; those of this program if absent. */
  readonly migrations?: readonly string[];
}

/** The one connection of its process to a store file. */
export class Database implements AsyncDisposable {
  readonly #connection: DatabaseSync;
  /** Null where nothing is written. */
  readonly #turnstile: Turnstile | null;
  readonly #path: string;
  readonly #schema: Schema;
  readonly #identity: string | null;
  readonly #log: LogFiles;
  readonly #patience: number;
  readonly #statements = new Map<string, StatementSync>();
  #durability: Durability | null = null;
  #closed = false;

  private constructor(
    path: string,
    connection: DatabaseSync,
    turnstile: Turnstile | null,
    patience: number,
    schema: Schema,
  ) {
    this.#path = path;
    this.#schema = schema;
    this.#identity = fileIdentity(path);
    this.#log = new LogFiles(storeFile(path));
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
    const schema = new Schema(path, options.migrations, options.marked);
    await using closing = new AsyncDisposableStack();
    try {
      const file = storeFile(path);
      // Who closes a store last folds its log into it; who may only read leaves that to others. Without
      // a log there is nothing to fold, and files beside the store would stay.
      const opening = { readOnly: readOnly && isThere(`${file}-wal`) };
      const connection = closing.adopt(new DatabaseSync(file, opening), (opened) => opened.close());
      const pragmas = // Deno 2.4.2 ignores the `timeout` option.
        `PRAGMA busy_timeout = ${BUSY_TIMEOUT};` +
        // Four megabytes of pages hold the ends of the indexes, where the work is: with 16, claim + settle
        // and a bulk enqueue (in order or not, 500,000 jobs there) were no faster.
        "PRAGMA cache_size = -4000; PRAGMA journal_size_limit = 67108864;" +
        FOLD_LATER +
        // Else a statement of a large transaction that splits many pages opens a file to undo itself by,
        // and each one after it writes its pages there, too: half of the speed of a bulk enqueue.
        "PRAGMA temp_store = MEMORY;" +
        (Deno.build.os === "darwin" ? "PRAGMA fullfsync = 1;" : "") +
        (readOnly ? "PRAGMA query_only = 1;" : "");
      await persist(patience, () => connection.exec(pragmas));
      // First of all: nothing is made beside a file that is not ours.
      const version = await persist(patience, () => schema.versionOf(connection));
      if (version === 0 && !create) throw missingStore(path);
      if (readOnly && version < schema.newest) {
        throw new StoreError(`The store ${path} is of an older version: any command updates it`);
      }
      const turnstile = readOnly
        ? null
        : closing.use(new Turnstile(`${createSideDirectory(file)}/turnstile`, patience));
      const database = new Database(path, connection, turnstile, patience, schema);
      if (!readOnly) await database.#update(version);
      // All is well: nothing is closed here.
      closing.move();
      return database;
    } catch (error) {
      throw storeErrorFrom(await explained(error, path), path);
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

  /** The number of the row that it inserted, in a table with such numbers. */
  insert(sql: string, ...values: SqlValue[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  /** Does work that is told statement by statement, without a pause; a statement that fails throws into it. */
  do<T>(work: Work<T>): T {
    let step = work.next();
    while (step.done !== true) {
      let answer: Answer;
      try {
        answer = this.#answer(step.value);
      } catch (error) {
        step = work.throw(error);
        continue;
      }
      step = work.next(answer);
    }
    return step.value;
  }

  #answer({ sql, values, wants }: Statement): Answer {
    const statement = this.#statement(sql);
    return wants === "rows"
      ? statement.all(...values) as Row[]
      : Number(statement.run(...values).changes);
  }

  /**
   * Checks, within a write transaction, that the open file is still the one at its path, and so is its
   * log: SQLite would go on with files that were removed, and nobody would ever see what it writes.
   *
   * @throws {StoreGoneError} if another file is there, or a part of the log is gone
   * @throws {StoreError} if none is, which may pass
   */
  requireFile(): void {
    const now = fileIdentity(this.#path);
    if (now === null) throw new StoreError(`The store ${this.#path} is not there any more`);
    if (now !== this.#identity) {
      throw new StoreGoneError(`The store ${this.#path} was replaced by another one`);
    }
    this.#log.require();
  }

  /**
   * Runs `work` within one write transaction; what it throws undoes all of it.
   *
   * @throws {StoreLockedError} if others hold a lock for too long
   */
  write<T>(durability: Durability, work: () => T): Promise<T> {
    return this.#waiting(this.#write(durability, () => {
      this.#requireVersion();
      return work();
    }));
  }

  /**
   * The same for work that changes many pages. SQLite folds a long log into the file within the commit, which
   * syncs both and can take a tenth of a second; here that comes after the turn, when others write.
   */
  async writeMuch<T>(durability: Durability, work: () => T): Promise<T> {
    this.#connection.exec("PRAGMA wal_autocheckpoint = 0");
    try {
      return await this.write(durability, work);
    } finally {
      this.#fold();
    }
  }

  /** Best effort, as what SQLite does by itself: what is not folded now will be later. */
  #fold(): void {
    if (this.#closed) return;
    try {
      this.#connection.exec(FOLD_LATER);
      this.get("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // Another one folds it, or the disk is full.
    }
  }

  #write<T>(durability: Durability, work: () => T): Promise<T> {
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

  /**
   * Runs `work` on one snapshot of the store; again if it has to wait for a lock.
   *
   * @throws {StoreLockedError} if others hold a lock for too long, which writers do not
   */
  read<T>(work: () => T): Promise<T> {
    return this.#waiting(persist(this.#patience, () => {
      this.run("BEGIN");
      try {
        this.#requireVersion();
        return work();
      } finally {
        this.#rollBack();
      }
    }));
  }

  /**
   * A word that is another one after each commit that changed something, of this connection or of others.
   *
   * @throws {StoreError} as {@linkcode Database.requireFile}
   */
  revision(): Promise<string> {
    return this.#waiting(persist(this.#patience, () => {
      const row = this.get("SELECT data_version, total_changes() AS own FROM pragma_data_version")!;
      // After it, since by now SQLite has opened the log.
      this.requireFile();
      return `${row.data_version}-${row.own}`;
    }));
  }

  /** Whether any process is in a write transaction; asked past the turnstile, by a try. */
  isWriting(): boolean {
    try {
      this.run("BEGIN IMMEDIATE");
    } catch (error) {
      if (isLocked(error)) return true;
      throw error;
    }
    this.#rollBack();
    return false;
  }

  /** Closes the connection after the writes that have been begun. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turnstile?.[Symbol.asyncDispose]();
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    if (this.#log.isReplaced) abandoned.push(this.#connection);
    else this.#connection.close();
  }

  /** The line in which writers stand. */
  get #writers(): Turnstile {
    if (this.#turnstile === null) throw new TypeError("The store is open for reading only");
    return this.#turnstile;
  }

  async #waiting<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isDamage(error)) this.#forgetPages();
      throw await explained(error, this.#path);
    }
  }

  /** A damaged page is read anew the next time: its file may have been mended in place by then. */
  #forgetPages(): void {
    if (!this.#closed) this.#connection.exec("PRAGMA shrink_memory");
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
      statement = this.#connection.prepare(sql.replaceAll(ROW_LOCK, ""));
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

  #requireVersion(): void {
    this.#schema.require(this.get(VERSION_SQL)?.version, this.#connection);
  }

  async #update(version: number): Promise<void> {
    await this.#useWal(version);
    if (version === this.#schema.newest) return;
    await this.#write("full", () => this.#schema.bringUpToDate(this.#connection));
  }

  /**
   * WAL is a property of the file, which a copy by `VACUUM INTO` has lost. Two processes that set it at
   * once get SQLITE_BUSY.
   */
  async #useWal(version: number): Promise<void> {
    const mode = await persist(this.#patience, () => this.get("PRAGMA journal_mode"));
    if (mode?.journal_mode === "wal") return;
    try {
      await this.#writers.pass(() =>
        persist(this.#patience, () => this.#connection.exec("PRAGMA journal_mode = WAL"))
      );
    } catch (error) {
      // What cannot be written can be read still.
      if (version === 0 || !isReadOnly(error)) throw error;
    }
  }
}

/** What must not be closed, also not by the garbage collector: the process ends without that. */
const abandoned: DatabaseSync[] = [];

/** What takes more to say than most commands need. */
async function explained(error: unknown, path: string): Promise<unknown> {
  if (!(error instanceof Marked)) return await namingHolder(error, path);
  const { markFromText, movedError } = await importLater<typeof import("../moved.ts")>(
    "store/moved",
  );
  return movedError(path, markFromText(error.text));
}

function isThere(path: string): boolean {
  return fileIdentity(path) !== null;
}
