/**
 * The ends of attempts that have completed, many at once: they are most of all, and a statement settles them all.
 *
 * @module
 */

import { boundOf, LAST_BUCKET } from "../../observe/durations.ts";
import type { OutputChunk } from "../../worker/protocol.ts";
import type { AttemptEnd, Settled, TickRequest } from "../tick.ts";
import { EndedAttempts, MINUTE } from "../sql/ended_attempts.ts";
import type { SqlValue } from "../sql/work.ts";
import { LISTED, listOf, PLACE } from "./by_place.ts";
import { arrayText } from "./dialect.ts";
import { kindsOf } from "./claim.ts";
import type { Plan } from "./reservations.ts";
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
    SELECT id, token, seq, runs FROM job WHERE id = ANY ($1::text[]) ORDER BY seq + 0 FOR UPDATE
  )
  INSERT INTO output (job, attempt, seq, stream, time, missing, bytes)
  SELECT running.seq, runs, piece.seq, stream, time, missing, substring($7::bytea FROM at FOR length)
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $8::int[], $9::int[])
    AS piece (id, token, seq, stream, time, missing, at, length)
  JOIN running USING (id, token)
  ON CONFLICT DO NOTHING`;

/** Forgets what a piece pushes out. */
const DROP = `DELETE FROM output WHERE job = (SELECT seq FROM job WHERE id = $1 AND token = $2)
  AND attempt = (SELECT runs FROM job WHERE id = $1 AND token = $2) AND seq >= $3 AND seq < $4`;

/** Stores what running attempts have written, by the tick's own account and with their ends. */
export function storeOutput(transaction: Transaction, pieces: TickRequest["output"]): void {
  if (pieces.length === 0) return;
  for (const { jobId, token, chunk: { dropped } } of pieces) {
    if (dropped) transaction.query(DROP, jobId, token, dropped.from, dropped.to);
  }
  transaction.query(
    STORE,
    arrayText(pieces.map(({ jobId }) => jobId)),
    arrayText(pieces.map(({ token }) => token)),
    ...chunkColumns(pieces.map(({ chunk }) => chunk)),
  );
}

/** `$3` to `$9` of {@link STORE}. */
function chunkColumns(chunks: readonly OutputChunk[]): readonly SqlValue[] {
  const { bytes, at } = joined(chunks.map(({ bytes }) => bytes));
  return [
    arrayText(chunks.map(({ seq }) => seq)),
    arrayText(chunks.map(({ stream }) => stream)),
    arrayText(chunks.map(({ time }) => time)),
    arrayText(chunks.map(({ missing }) => missing)),
    bytes,
    arrayText(at),
    arrayText(chunks.map(({ bytes }) => bytes.length)),
  ];
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

/** Stores the output of reserved jobs: `$1` and `$2` say of which attempts, the rest is as for {@link STORE}. */
const STORE_RESERVED = `INSERT INTO output (job, attempt, seq, stream, time, missing, bytes)
  SELECT job, attempt, piece.seq, stream, time, missing, substring($7::bytea FROM at FOR length)
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $8::int[], $9::int[])
    AS piece (job, attempt, seq, stream, time, missing, at, length)
  ON CONFLICT DO NOTHING`;

/** It is written down for the statistics how long each took. */
const NOTED = `alike AS (
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
  )`;

/** Those who wait for jobs that have ended are to be told. */
const noteEnded = (ids: string) =>
  `told AS (
    INSERT INTO ended_parent (id)
    SELECT DISTINCT parent FROM dependency WHERE parent = ANY (${ids}::text[]) ORDER BY parent
    ON CONFLICT DO NOTHING
  )`;

/** Where in the lists of `done` an attempt's job is. */
const DONE = "width_bucket(job, (SELECT seqs FROM done))";

/** Settles attempts, and closes them. */
const COMPLETE = `WITH running AS MATERIALIZED (
    SELECT own.seq, place FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS ended (id, token, place)
    CROSS JOIN LATERAL (
      SELECT seq FROM job WHERE job.id = ended.id AND job.token = ended.token LIMIT 1
    ) AS own
  ), list AS MATERIALIZED (
    ${listOf("running")}
  ), moved AS (
    UPDATE job SET state = 'completed', updated_at = (SELECT clock_now()),
      started_at = coalesce(($3::bigint[])[${PLACE}], started_at), finished_at = ($4::bigint[])[${PLACE}],
      exit_code = 0, error = NULL, token = NULL, cancel_requested = 0
    WHERE ${LISTED} AND token = ($2::text[])[${PLACE}]
    RETURNING ${PLACE} AS place, seq, runs, queue, started_at, finished_at
  ), done AS MATERIALIZED (
    SELECT array_agg(seq ORDER BY seq) AS seqs, array_agg(runs ORDER BY seq) AS runs,
      array_agg(started_at ORDER BY seq) AS started_at, array_agg(place ORDER BY seq) AS places FROM moved
  ), closed AS (
    UPDATE attempt SET outcome = 'completed', exit_code = 0, error = NULL,
      started_at = (SELECT started_at FROM done)[${DONE}],
      finished_at = ($4::bigint[])[(SELECT places FROM done)[${DONE}]],
      output_bytes = ($5::bigint[])[(SELECT places FROM done)[${DONE}]]
    WHERE job = ANY ((SELECT seqs FROM done)::bigint[]) AND attempt = (SELECT runs FROM done)[${DONE}]
  ), ${noteEnded("$1")}, ${NOTED}
  SELECT json_agg(place)::text AS places FROM moved`;

/**
 * The same of reserved jobs of worker `$1`, whose numbers `$2` ascend: they begin and end in one step. `$6` says by which of
 * the launchers `$7` and `$8` each was run, `$10` are their ids, and `$13` is what is written down for the statistics. It fails
 * with `GONE` of `reservations.ts` if one of the reservations `$11` is not there any more: somebody has written it out; or
 * one of the jobs has been settled before. Of the reservations `$12` are empty now.
 *
 * The state is compared in a way that no index is chosen by: the one of what is pending would be walked.
 */
const COMPLETE_RESERVED = `WITH held AS MATERIALIZED (
    SELECT sqrt((count(*) - cardinality($11::bigint[]))::float8) AS missing
    FROM reservation WHERE id = ANY ($11::bigint[])
  ), moved AS (
    UPDATE job SET state = 'completed', attempts = attempts + 1, runs = runs + 1, worker_id = $1,
      updated_at = (SELECT clock_now()), started_at = ($3::bigint[])[width_bucket(seq, $2::bigint[])],
      finished_at = ($4::bigint[])[width_bucket(seq, $2::bigint[])],
      exit_code = 0, error = NULL, progress = NULL, progress_message = NULL
    WHERE seq = ANY ($2::bigint[]) AND state || '' = 'pending' AND (SELECT missing FROM held) = 0
    RETURNING width_bucket(seq, $2::bigint[]) AS place, seq, runs, started_at, finished_at
  ), logged AS (
    INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, worker_id, host, launcher_pid,
      launcher_start, output_bytes, ahead)
    SELECT seq, runs, 'completed', started_at, finished_at, 0, $1, (SELECT host FROM worker WHERE id = $1),
      ($7::bigint[])[launcher], ($8::text[])[launcher], ($5::bigint[])[place], ($9::int[])[place]
    FROM moved CROSS JOIN LATERAL (SELECT ($6::int[])[place] AS launcher) AS run_by
  ), ${noteEnded("$10")}, emptied AS (
    DELETE FROM reservation WHERE id = ANY ($12::bigint[])
  ), noted AS (
    INSERT INTO ended_attempts (list) VALUES ($13)
  )
  SELECT (SELECT missing FROM held) AS missing, sqrt((count(*) - cardinality($2::bigint[]))::float8) AS settled
  FROM moved`;

/** Whether an end is one that {@linkcode completeAttempts} settles. */
export function isPlain({ outcome, replacesOutput, unlessBack }: AttemptEnd): boolean {
  return outcome.kind === "completed" && !replacesOutput && unlessBack === undefined;
}

/** What became of each end; it is missing if its job has moved on. */
export type Ends = ReadonlyMap<AttemptEnd, Settled>;

/** Settles plain ends whose output is stored, each of another attempt. */
export async function completeAttempts(
  transaction: Transaction,
  ends: readonly AttemptEnd[],
): Promise<Ends> {
  if (ends.length === 0) return new Map();
  const moved = transaction.rows(
    COMPLETE,
    arrayText(ends.map(({ jobId }) => jobId)),
    arrayText(ends.map(({ token }) => token)),
    arrayText(ends.map(({ startedAt = null }) => startedAt)),
    arrayText(ends.map(({ finishedAt }) => finishedAt)),
    arrayText(ends.map(({ outputBytes }) => outputBytes)),
  );
  const [row] = await moved;
  const places: readonly number[] = JSON.parse(row!.places as string | null ?? "[]");
  return completedOf(places.map((place) => ends[place - 1]!));
}

/** The same of reserved jobs, with their output; reservations that are empty then are removed. */
export async function completeReserved(
  transaction: Transaction,
  worker: string,
  { completed, emptied }: Plan,
): Promise<Ends> {
  if (completed.size === 0) return new Map();
  // There are hundreds: what follows is as plain as it can be.
  const sorted = [...completed].sort((a, b) => a[1].seq - b[1].seq);
  const ends = sorted.map((entry) => entry[0]);
  const jobs = sorted.map((entry) => entry[1]);
  const pieces = sorted.filter((entry) => entry[0].chunks.length > 0)
    .flatMap(([{ chunks }, { seq, attempt }]) => chunks.map((chunk) => ({ seq, attempt, chunk })));
  if (pieces.length > 0) {
    transaction.query(
      STORE_RESERVED,
      arrayText(pieces.map(({ seq }) => seq)),
      arrayText(pieces.map(({ attempt }) => attempt)),
      ...chunkColumns(pieces.map(({ chunk }) => chunk)),
    );
  }
  const startedAt = ends.map(({ startedAt }, i) => startedAt ?? jobs[i]!.at);
  const noted = new EndedAttempts();
  for (const [i, { queue }] of jobs.entries()) {
    noted.note(queue, "completed", startedAt[i]!, ends[i]!.finishedAt);
  }
  await transaction.query(
    COMPLETE_RESERVED,
    worker,
    arrayText(jobs.map(({ seq }) => seq)),
    arrayText(startedAt),
    arrayText(ends.map(({ finishedAt }) => finishedAt)),
    arrayText(ends.map(({ outputBytes }) => outputBytes)),
    ...kindsOf(jobs.map(({ launcher }) => launcher)),
    arrayText(jobs.map(({ isAhead }) => isAhead ? 1 : 0)),
    arrayText(ends.map(({ jobId }) => jobId)),
    arrayText([...new Set(jobs.map(({ reservation }) => reservation))]),
    arrayText(emptied),
    noted.text(),
  );
  return completedOf(ends);
}

function completedOf(ends: readonly AttemptEnd[]): Ends {
  return new Map(ends.map((end) => {
    const settled: Settled = {
      jobId: end.jobId,
      token: end.token,
      state: "completed",
      outcome: "completed",
      runAt: null,
      exitCode: 0,
      error: null,
    };
    return [end, settled];
  }));
}
