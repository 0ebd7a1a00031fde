/**
 * Which version a store file has, and how it gets the version of this program.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { NewerStoreError, QueuectlError, StoreError } from "../../errors.ts";
import { MARK_KEY, MARK_VERSION, Marked } from "../mark.ts";
import { storeErrorFrom } from "./failure.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Stands in the header of a store file, so that no other program's database is taken for one. */
export const APPLICATION_ID = 0x71637431;

/** Read in each transaction: 1 µs, where the smallest transaction takes 25. */
export const VERSION_SQL = "SELECT max(version) AS version FROM migration";

/** The schema that this program knows, for one store file. */
export class Schema {
  readonly #path: string;
  readonly #steps: readonly string[];
  readonly #isMarkedFine: boolean;

  /**
   * @param steps the i-th makes version i + 1
   * @param marked whether a store that is being moved, or was, will do
   */
  constructor(path: string, steps: readonly string[] = MIGRATIONS, marked = false) {
    this.#path = path;
    this.#steps = steps;
    this.#isMarkedFine = marked;
  }

  /** The newest version. */
  get newest(): number {
    return this.#steps.length;
  }

  /**
   * The version of a store file; 0 if it is empty.
   *
   * @throws {NewerStoreError} if it is newer than this program
   * @throws {Marked} if it is being moved, or was
   * @throws {StoreError} if the file belongs to another program, or does not say its version
   */
  versionOf(connection: DatabaseSync): number {
    const { application, things } = connection.prepare(
      "SELECT application_id AS application, (SELECT count(*) FROM sqlite_schema) AS things " +
        "FROM pragma_application_id",
    ).get() as { application: number; things: number };
    if (application === 0 && things === 0) return 0;
    if (application !== APPLICATION_ID) {
      throw new StoreError(`${this.#path} is a database of another program`);
    }
    const { first, last, rows, mark } = this.#history(connection);
    if (mark !== null && !this.#isMarkedFine) throw this.#marked(connection);
    if (last !== null && last > this.newest) throw this.#tooNew(last);
    if (last === null || first !== 1 || rows !== last) throw this.#odd();
    return last;
  }

  /**
   * Within a transaction: that the store still has the version of this program. Another program may
   * have changed the version since the store was opened, and its schema is not known here.
   *
   * @param version what {@link VERSION_SQL} says
   * @throws {NewerStoreError} if it is newer by now
   * @throws {Marked} if it is being moved by now, or was
   * @throws {StoreError} if it is any other
   */
  require(version: unknown, connection: DatabaseSync): void {
    if (version === this.newest) return;
    if (version === MARK_VERSION) {
      if (this.#isMarkedFine) return;
      throw this.#marked(connection);
    }
    throw typeof version === "number" && version > this.newest
      ? this.#tooNew(version)
      : this.#odd();
  }

  /**
   * Within a write transaction: brings the store to the newest version. Several processes may have
   * seen that it is due; the first one does it, the others find it done.
   *
   * @throws {StoreError} if a step fails; the caller undoes all of it
   */
  bringUpToDate(connection: DatabaseSync): void {
    for (let version = this.versionOf(connection); version < this.newest; version++) {
      try {
        connection.exec(
          `PRAGMA application_id = ${APPLICATION_ID};` +
            "CREATE TABLE IF NOT EXISTS migration " +
            "(version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT",
        );
        connection.prepare("INSERT INTO migration VALUES (?, ?)").run(version + 1, Date.now());
        connection.exec(this.#steps[version]!);
      } catch (error) {
        throw this.#failed(version + 1, error);
      }
    }
  }

  #history(connection: DatabaseSync) {
    try {
      return connection.prepare(
        `SELECT min(version) AS first, max(version) AS last, count(*) AS rows,
          (SELECT version FROM migration WHERE version = ${MARK_VERSION}) AS mark
        FROM migration WHERE version <> ${MARK_VERSION}`,
      ).get() as { [column in "first" | "last" | "mark"]: number | null } & { rows: number };
    } catch (error) {
      if (error instanceof Error && /no such (table|column)/.test(error.message)) throw this.#odd();
      throw error;
    }
  }

  #marked(connection: DatabaseSync): Marked {
    const row = connection.prepare("SELECT value FROM setting WHERE key = ?").get(MARK_KEY);
    return new Marked((row?.value ?? null) as string | null);
  }

  #tooNew(version: number): NewerStoreError {
    return new NewerStoreError(
      `The store ${this.#path} was made or updated by a newer queuectl (schema ${version}, ` +
        `this program knows ${this.newest}): update queuectl`,
    );
  }

  #odd(): StoreError {
    return new StoreError(
      `The store ${this.#path} does not say which version it has: restore it from a backup`,
    );
  }

  #failed(version: number, error: unknown): QueuectlError {
    const known = storeErrorFrom(error, this.#path);
    if (known instanceof QueuectlError) return known;
    const reason = error instanceof Error ? error.message : String(error);
    return new StoreError(
      `The store ${this.#path} cannot be updated to schema ${version}, and stays as it was: ${reason}`,
      { cause: error },
    );
  }
}
