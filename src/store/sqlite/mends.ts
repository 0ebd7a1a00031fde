/**
 * The commands that mend a store file. queuectl itself never changes what it does not understand, so
 * they are for `sqlite3`, the shell of SQLite (3.38 or newer).
 *
 * @module
 */

import { quoteWord, quoteWords } from "../../worker/quote.ts";
import { APPLICATION_ID } from "./migrate.ts";

/** Runs SQL on the store file in one transaction, beside whoever else uses it. */
export function sqlCommand(path: string, sql: string): string {
  const whole = `BEGIN IMMEDIATE; ${sql.replace(/\s+/g, " ").trim()}; COMMIT`;
  return quoteWords(["sqlite3", "-bail", "-cmd", ".timeout 10000", path, whole]);
}

/** Makes the indexes anew from their tables. */
export function rebuildCommand(path: string): string {
  return `To make its indexes anew: ${sqlCommand(path, "REINDEX")}`;
}

/**
 * Reads what can be read into a new file, which takes the place of the damaged one. `.dump` reads a table
 * from both ends; `.recover` would find more, but Debian's `sqlite3` 3.40 refuses it for any file.
 */
export function restoreCommand(path: string): string {
  const [file, fresh, kept] = [path, `${path}.new`, `${path}.damaged`].map(quoteWord);
  const steps = [
    // Of an earlier try.
    `rm -f ${fresh}`,
    `(umask 077; { sqlite3 ${file} .dump | sed 's/^ROLLBACK;.*/COMMIT;/'; ` +
    `echo 'PRAGMA application_id = ${APPLICATION_ID};'; } | sqlite3 ${fresh})`,
    // Where nothing could be read, nothing is put in place.
    `sqlite3 ${fresh} 'SELECT version FROM migration' | grep -q .`,
    `sqlite3 ${fresh} 'SELECT count(*) FROM job'`,
    `mkdir -m 700 ${kept}`,
    `for f in ${file} ${quoteWord(`${path}-wal`)} ${quoteWord(`${path}-shm`)}; do ` +
    `[ ! -e "$f" ] || mv "$f" ${kept}; done`,
    `mv ${fresh} ${file}`,
  ];
  return `Stop its workers; restore it from a backup or, to save what can be read: ${
    steps.join(" && ")
  }`;
}

/** Puts a file that is no store out of the way. */
export function asideCommand(path: string): string {
  return `To put it aside, if nobody needs it here: ${quoteWords(["mv", path, `${path}.old`])}`;
}
