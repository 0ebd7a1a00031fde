/**
 * What jobs find on their standard input, in a table of its own: it may be large, and is read once per
 * attempt.
 *
 * @module
 */

import type { Database } from "./database.ts";

/** A byte order mark is part of the text. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Within a transaction: keeps what a job finds on its standard input. */
export function storeStdin(db: Database, id: string, stdin: string): void {
  db.run("INSERT INTO input (job, stdin) SELECT seq, ? FROM job WHERE id = ?", stdin, id);
}

/** What the job with this number of arrival finds on its standard input; null: nothing. */
export function readStdin(db: Database, seq: number): string | null {
  // As bytes: a text ends at its first NUL when `node:sqlite` reads it.
  const row = db.get("SELECT CAST(stdin AS BLOB) AS stdin FROM input WHERE job = ?", seq);
  return row && decoder.decode(row.stdin as Uint8Array);
}
