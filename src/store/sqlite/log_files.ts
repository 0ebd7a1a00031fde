/**
 * The log beside an open store: the files `-wal` and `-shm`, which people take for leftovers and remove.
 * SQLite does not look: it would go on with files that nobody else sees, overwrite what others commit in
 * the meantime, and at its end write its own log back over all of it.
 *
 * @module
 */

import { StoreGoneError } from "../../errors.ts";

/** What a connection that stays open knows of its log. */
export class LogFiles {
  readonly #file: string;
  /** Null until the first look. */
  #known: { readonly log: string | null; readonly index: string | null } | null = null;
  #isReplaced = false;

  /** @param file the store's file, links followed */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Whether others may have committed by another log. Then this connection must not be closed, since
   * that writes; otherwise it must, since that saves what is in its own log.
   */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /**
   * Checks that the log is the one of the first look; both are to be within a write transaction, since
   * SQLite has opened it by then.
   *
   * @throws {StoreGoneError} if somebody has removed a part of it
   */
  require(): void {
    const log = fileIdentity(`${this.#file}-wal`);
    const index = fileIdentity(`${this.#file}-shm`);
    this.#known ??= { log, index };
    if (log === this.#known.log && index === this.#known.index) return;
    // By the old index nobody can read another log, and without an index nobody has.
    this.#isReplaced = index !== null && index !== this.#known.index;
    throw new StoreGoneError(
      `Somebody removed ${this.#file}-wal or ${this.#file}-shm while the store was in use: ` +
        "start the worker again",
    );
  }
}

/** Which file is at a path, or null; `stat` opens nothing, so SQLite's locks stay. */
export function fileIdentity(path: string): string | null {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
