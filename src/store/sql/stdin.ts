/**
 * What jobs find on their standard input, in a table of its own: it may be large, and is read once per
 * attempt. It may hold any character, also a NUL, at which a text ends when `node:sqlite` reads it and which
 * PostgreSQL allows in no text: so it goes in and out as bytes.
 *
 * @module
 */

import { get, send, type Work } from "./work.ts";

const encoder = new TextEncoder();
/** A byte order mark is part of the text. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Within a transaction: keeps what a job finds on its standard input. */
export function* storeStdin(id: string, stdin: string): Work<void> {
  yield* send(
    "INSERT INTO input (job, stdin) SELECT seq, CAST(? AS CLOB) FROM job WHERE id = ?",
    encoder.encode(stdin),
    id,
  );
}

/** What the job with this number of arrival finds on its standard input; null: nothing. */
export function* readStdin(seq: number): Work<string | null> {
  const row = yield* get("SELECT CAST(stdin AS BLOB) AS stdin FROM input WHERE job = ?", seq);
  return row && stdinFromBytes(row.stdin as Uint8Array);
}

/** The text that was stored as these bytes. */
export function stdinFromBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
