/**
 * The ends of attempts that have completed, many at once: they are most of all, and a statement settles them all.
 *
 * @module
 */

import { boundOf, LAST_BUCKET } from "../../observe/durations.ts";
import type { AttemptEnd, Settled, TickRequest } from "../tick.ts";
import { MINUTE } from "../sql/ended_attempts.ts";
import { arrayText } from "./dialect.ts";
import type { Transaction } from "./transaction.ts";

/** A duration is in the bucket that says how many of these it reaches, milliseconds. */
const REACHED = arrayText(
  Array.from({ length: LAST_BUCKET }, (_, bucket) => Math.floor(boundOf(bucket)) + 1),
);

/**
 * Writes what running attempts have written. Their jobs are locked, so that what comes of an attempt that somebody
 * else settles at this moment is not kept. `$7` holds all pieces behind each other, `$8` where each begins.
 */
const STORE = `WITH running AS MATERIALIZED (
    SELECT seq, runs, place FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS piece (id, token, place)
    JOIN job USING (id, token) ORDER BY seq FOR UPDATE OF job
  )
  INSERT INTO output (job, attempt, seq, stream, time, missing, bytes)
  SELECT running.seq, runs, piece.seq, stream, time, missing, substring($7::bytea FROM at FOR length)
  FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $8::int[], $9::int[])
    WITH ORDINALITY AS piece (seq, stream, time, missing, at, length, place)
  JOIN running USING (place)
  ON CONFLICT DO NOTHING`;

/** Forgets what pieces push out. */
const DROP = `DELETE FROM output USING unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
    AS dropped (id, token, first, past), job
  WHERE job.id = dropped.id AND job.token = dropped.token AND output.job = job.seq
    AND output.attempt = job.runs AND output.seq >= first AND output.seq < past`;

/** Stores what running attempts have written, by the tick's own account and with their ends. */
export function storeOutput(transaction: Transaction, pieces: TickRequest["output"]): void {
  if (pieces.length === 0) return;
  const dropping = pieces.filter(({ chunk }) => chunk.dropped);
  if (dropping.length > 0) {
    transaction.query(
      DROP,
      arrayText(dropping.map(({ jobId }) => jobId)),
      arrayText(dropping.map(({ token }) => token)),
      arrayText(dropping.map(({ chunk }) => chunk.dropped!.from)),
      arrayText(dropping.map(({ chunk }) => chunk.dropped!.to)),
    );
  }
  const { bytes, at } = joined(pieces.map(({ chunk }) => chunk.bytes));
  transaction.query(
    STORE,
    arrayText(pieces.map(({ jobId }) => jobId)),
    arrayText(pieces.map(({ token }) => token)),
    arrayText(pieces.map(({ chunk }) => chunk.seq)),
    arrayText(pieces.map(({ chunk }) => chunk.stream)),
    arrayText(pieces.map(({ chunk }) => chunk.time)),
    arrayText(pieces.map(({ chunk }) => chunk.missing)),
    bytes,
    arrayText(at),
    arrayText(pieces.map(({ chunk }) => chunk.bytes.length)),
  );
}

/** Pieces behind each other, and where each begins, counted from 1 as SQL does. */
function joined(pieces: readonly Uint8Array[]): { bytes: Uint8Array; at: number[] } {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const at = pieces.map((piece) => {
    bytes.set(piece, end);
    end += piece.length;
    return end - piece.length + 1;
  });
  return { bytes, at };
}

/** Settles them, closes their attempts, and writes down for the statistics how long each took. */
const COMPLETE = `WITH moved AS (
    UPDATE job SET state = 'completed', updated_at = (SELECT clock_now()),
      started_at = coalesce(ended.started_at, job.started_at), finished_at = ended.finished_at,
      exit_code = 0, error = NULL, token = NULL, cancel_requested = 0
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
      AS ended (id, token, started_at, finished_at, output_bytes, place)
    WHERE job.id = ended.id AND job.token = ended.token
    RETURNING place, seq, runs, queue, job.started_at, job.finished_at, output_bytes
  ), closed AS (
    UPDATE attempt SET outcome = 'completed', started_at = moved.started_at,
      finished_at = moved.finished_at, exit_code = 0, error = NULL,
      output_bytes = moved.output_bytes
    FROM moved WHERE attempt.job = seq AND attempt.attempt = runs
  ), alike AS (
    SELECT queue, minute, bucket, count(*) AS attempts, sum(duration) AS duration
    FROM moved CROSS JOIN LATERAL (
      SELECT finished_at - mod(finished_at, ${MINUTE}) AS minute,
        greatest(0, finished_at - started_at) AS duration
    ) AS taken CROSS JOIN LATERAL (
      SELECT width_bucket(duration, '${REACHED}'::bigint[]) AS bucket
    ) AS bucketed GROUP BY queue, minute, bucket
  ), noted AS (
    INSERT INTO ended_attempts (list)
    SELECT string_agg(minute || ' ' || to_json(queue) || ' completed ' || bucket || ' ' || attempts
      || ' ' || duration || E'\\n', '') FROM alike HAVING count(*) > 0
  )
  SELECT place FROM moved`;

/** Those who wait for jobs that have ended are to be told. */
const NOTE_ENDED = `INSERT INTO ended_parent (id)
  SELECT DISTINCT parent FROM dependency WHERE parent = ANY ($1::text[]) ORDER BY parent
  ON CONFLICT DO NOTHING`;

/** Whether an end is one that {@linkcode completeAttempts} settles. */
export function isPlain({ outcome, replacesOutput, unlessBack }: AttemptEnd): boolean {
  return outcome.kind === "completed" && !replacesOutput && unlessBack === undefined;
}

/**
 * Settles plain ends whose output is stored; what became of each, null if its job has moved on. Of two ends of one attempt
 * the first counts.
 */
export function completeAttempts(
  transaction: Transaction,
  ends: readonly AttemptEnd[],
): Promise<ReadonlyMap<AttemptEnd, Settled>> {
  const tokens = new Set<string>();
  const firsts = ends.filter(({ token }) => tokens.size < tokens.add(token).size);
  if (firsts.length === 0) return Promise.resolve(new Map());
  const ids = arrayText(firsts.map(({ jobId }) => jobId));
  const moved = transaction.rows(
    COMPLETE,
    ids,
    arrayText(firsts.map(({ token }) => token)),
    arrayText(firsts.map(({ startedAt = null }) => startedAt)),
    arrayText(firsts.map(({ finishedAt }) => finishedAt)),
    arrayText(firsts.map(({ outputBytes }) => outputBytes)),
  );
  transaction.query(NOTE_ENDED, ids);
  return moved.then((rows) =>
    new Map(rows.map(({ place }) => {
      const end = firsts[place as number - 1]!;
      const { jobId, token } = end;
      return [end, {
        ...{ jobId, token, state: "completed", outcome: "completed" },
        ...{ runAt: null, exitCode: 0, error: null },
      }];
    }))
  );
}
