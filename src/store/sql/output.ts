/**
 * The output of attempts: stored in pieces as they come, read in order.
 *
 * @module
 */

import type { OutputChunk } from "../../worker/protocol.ts";
import type { AttemptRef } from "../tick.ts";
import { all, get, type Row, send, type Work } from "./work.ts";

/** One read gives at most so much, so that 16 MiB of output need no 16 MiB at once. */
const READ_LIMIT = 4 * 1024 * 1024;

/** Within a transaction: stores a piece of a running attempt's output, if it still runs. */
export function* storeChunk(
  { jobId, token, chunk }: AttemptRef & { readonly chunk: OutputChunk },
): Work<void> {
  // While it is written down nobody else may settle the attempt.
  const row = yield* get(
    "SELECT seq, runs FROM job WHERE id = ? AND token = ? FOR SHARE",
    jobId,
    token,
  );
  if (row) yield* insertChunk(row.seq as number, row.runs as number, chunk);
}

/** Within a transaction: stores a piece and lets go what it pushes out. */
export function* insertChunk(job: number, attempt: number, chunk: OutputChunk): Work<void> {
  const { dropped, seq, stream, time, missing, bytes } = chunk;
  if (dropped) {
    yield* send(
      "DELETE FROM output WHERE job = ? AND attempt = ? AND seq >= ? AND seq < ?",
      job,
      attempt,
      dropped.from,
      dropped.to,
    );
  }
  yield* send(
    `INSERT INTO output (job, attempt, seq, stream, time, missing, bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    job,
    attempt,
    seq,
    stream,
    time,
    missing,
    bytes,
  );
}

/** Within a transaction: forgets the output of an attempt. */
export function* deleteOutput(job: number, attempt: number): Work<void> {
  yield* send("DELETE FROM output WHERE job = ? AND attempt = ?", job, attempt);
}

/** Without the bytes themselves: SQLite knows the length of a blob without reading it. */
const LAST = `SELECT max(seq) AS seq FROM (
  SELECT seq, sum(length(bytes)) OVER (ORDER BY seq) - length(bytes) AS before FROM output
  WHERE job = ? AND attempt = ? AND seq >= ?
) AS piece WHERE before < ${READ_LIMIT}`;

/** Pieces from `from` on, in order, until {@link READ_LIMIT} is reached. */
export function* selectOutput(id: string, attempt: number, from: number): Work<readonly Row[]> {
  const job = yield* get("SELECT seq FROM job WHERE id = ?", id);
  if (job === null) return [];
  const last = yield* get(LAST, job.seq!, attempt, from);
  if (last!.seq === null) return [];
  return yield* all(
    `SELECT seq, stream, time, missing, bytes FROM output
    WHERE job = ? AND attempt = ? AND seq BETWEEN ? AND ? ORDER BY seq`,
    job.seq!,
    attempt,
    from,
    last!.seq!,
  );
}
