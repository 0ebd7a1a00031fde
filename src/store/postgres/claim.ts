/**
 * Gives pending jobs to the free slots of a worker, beside other workers that do the same: what one has locked the others
 * skip. As in `../sqlite/claim.ts`, each queue with pending jobs costs one seek. Where queues have limits or rates,
 * `claim_closely.ts` does it.
 *
 * @module
 */

import { claimedJobFromRow, envFromRow } from "../sql/rows.ts";
import { stdinFromBytes } from "../sql/stdin.ts";
import type { Row } from "../sql/work.ts";
import type { Claim, TickRequest } from "../tick.ts";
import type { Beginnings, Place } from "./beginnings.ts";
import { arrayText } from "./dialect.ts";
import { LISTED, listOf, PLACE } from "./by_place.ts";
import { lanesSql, laneValues } from "./lanes.ts";
import type { Transaction } from "./transaction.ts";

/**
 * The first job of each queue that has pending ones: from one queue to the next in the index, one seek each.
 */
export const HEADS = `head AS (
    (SELECT queue, priority, seq FROM job WHERE state = 'pending'
      ORDER BY queue, priority DESC, seq LIMIT 1)
    UNION ALL
    SELECT next.* FROM head CROSS JOIN LATERAL (
      SELECT queue, priority, seq FROM job WHERE state = 'pending' AND queue > head.queue
      ORDER BY queue, priority DESC, seq LIMIT 1
    ) AS next
  )`;

/** Those of them that worker `$1` serves, and that are not paused. */
export const OPEN = `served (queues) AS MATERIALIZED (
    SELECT (SELECT queues::jsonb FROM worker WHERE id = $1)
  ), open AS MATERIALIZED (
    SELECT head.*, job_limit IS NOT NULL OR rate_count IS NOT NULL AS has_settings
    FROM head CROSS JOIN served LEFT JOIN queue ON queue.name = head.queue
    WHERE (queues IS NULL OR queues ? head.queue) AND coalesce(paused, 0) = 0
  )`;

/** What is to be done before worker `$1` claims anything. */
export const FIRST = `EXISTS (SELECT FROM ended_parent) AS is_to_tell,
      EXISTS (SELECT FROM reservation CROSS JOIN (SELECT queues::jsonb FROM worker WHERE id = $1) AS own
        WHERE reservation.id > 0 AND (queues IS NULL OR queues ? reservation.queue)) AS is_reserved`;

/** Where not all of some lanes is looked at, it is not known what is in them. */
export const NOWHERE =
  "extent (found, newest) AS (SELECT NULL::bigint, last_value FROM job_seq_seq)";

/**
 * How many jobs of which queue are next, for `$7` places of worker `$1`, where no queue that it serves has a limit or a
 * rate, nobody is to be told of a parent's end, and nothing is reserved. None if that is not so. The jobs of a queue are
 * looked at only to compare them with those of other queues.
 */
const NEXT = `${HEADS}, ${OPEN}, hurdle AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM open WHERE has_settings) AS is_limited, ${FIRST}
  ), best AS MATERIALIZED (
    SELECT queue FROM open WHERE NOT (SELECT is_limited OR is_to_tell OR is_reserved FROM hurdle)
    ORDER BY priority DESC, seq LIMIT $7
  ), several AS MATERIALIZED (
    SELECT count(*) > 1 AS are_several FROM best
  ), chosen AS (
    SELECT queue, $7::bigint AS jobs FROM best WHERE NOT (SELECT are_several FROM several)
    UNION ALL
    SELECT queue, count(*) FROM (
      SELECT next.queue FROM best CROSS JOIN LATERAL (
        SELECT queue, priority, seq FROM job WHERE state = 'pending' AND job.queue = best.queue
        ORDER BY priority DESC, seq LIMIT $7
      ) AS next WHERE (SELECT are_several FROM several)
      ORDER BY next.priority DESC, next.seq LIMIT $7
    ) AS next GROUP BY queue
  ), ${NOWHERE}`;

/** The same of lanes that are known, which are `$8` to `$16`. */
const BEYOND = `${
  lanesSql("(SELECT queues::jsonb FROM worker WHERE id = $1)", 8)
}, hurdle AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM lane WHERE has_settings) AS is_limited, ${FIRST}
  ), chosen AS MATERIALIZED (
    SELECT queue, priority, first, past, count(*) AS jobs FROM (
      SELECT lane.queue, lane.priority, lane.first, lane.past FROM lane CROSS JOIN LATERAL (
        SELECT seq FROM job WHERE state = 'pending' AND job.queue = lane.queue
          AND job.priority = lane.priority AND seq >= lane.first AND seq < lane.past
        ORDER BY seq LIMIT $7
      ) AS next WHERE NOT (SELECT is_limited OR is_to_tell OR is_reserved FROM hurdle)
      ORDER BY lane.priority DESC, next.seq LIMIT $7
    ) AS next GROUP BY queue, priority, first, past
  ), extent AS MATERIALIZED (
    SELECT CASE WHEN NOT (SELECT is_limited OR is_to_tell OR is_reserved FROM hurdle)
      THEN (SELECT coalesce(sum(jobs), 0) FROM chosen) END AS found, last_value AS newest
    FROM job_seq_seq
  )`;

/**
 * Takes the jobs that were chosen, highest priority first; `$2` of them begin at once, and none of the others has
 * input, which is up to 16 MiB and would wait in memory. `$3` to `$5` are tokens and launchers, in order.
 *
 * What a statement needs of its jobs it names: to hand on their whole rows costs 2 of 20 µs a job. The clock is asked
 * once, for another 3. The first row says how long it took to find the jobs, milliseconds.
 */
export const take = (chosen: string, where = "", now = "(SELECT clock_now())") =>
  `WITH RECURSIVE ${chosen}, taken AS MATERIALIZED (
    SELECT next.* FROM chosen CROSS JOIN LATERAL (
      SELECT seq, priority, has_stdin FROM job WHERE state = 'pending' AND queue = chosen.queue ${where}
      ORDER BY priority DESC, seq LIMIT chosen.jobs FOR NO KEY UPDATE SKIP LOCKED
    ) AS next WHERE EXISTS (SELECT FROM worker WHERE id = $1 AND session = $6)
  ), placed AS MATERIALIZED (
    SELECT seq, has_stdin, row_number() OVER (ORDER BY priority DESC, seq) AS place FROM taken
  ), fitting AS (
    SELECT seq, place FROM placed WHERE place < coalesce(
      (SELECT min(place) FROM placed WHERE place > $2 AND has_stdin = 1), 9223372036854775807)
  ), list AS MATERIALIZED (
    ${listOf("fitting")}
  ), moved AS (
    UPDATE job SET state = 'processing', attempts = attempts + 1, runs = runs + 1,
      token = ($3::text[])[${PLACE}], worker_id = $1, started_at = ${now},
      updated_at = ${now}, finished_at = NULL, exit_code = NULL, progress = NULL,
      progress_message = NULL
    WHERE ${LISTED}
    RETURNING ${PLACE} AS place, seq, priority, id, token, command, queue, attempts, runs, max_retries, timeout, cwd, schedule,
      fire_time, env, has_stdin, started_at
  ), logged AS (
    INSERT INTO attempt (job, attempt, started_at, worker_id, host, launcher_pid, launcher_start, ahead)
    SELECT seq, runs, started_at, $1, (SELECT host FROM worker WHERE id = $1),
      ($4::bigint[])[place], ($5::text[])[place], CASE WHEN place > $2 THEN 1 ELSE 0 END FROM moved
  )
  SELECT (SELECT is_limited FROM hurdle) AS is_limited,
    (SELECT is_reserved FROM hurdle) AS is_reserved, (SELECT found FROM extent) AS found,
    (SELECT newest FROM extent) AS newest,
    extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 AS took, moved.*,
    CASE WHEN has_stdin = 1 THEN (SELECT stdin FROM input WHERE job = moved.seq) END AS stdin
  FROM (SELECT) AS one LEFT JOIN moved ON true`;

const TAKE_NEXT = take(NEXT);
const TAKE_BEYOND = take(
  BEYOND,
  "AND priority = chosen.priority AND seq >= chosen.first AND seq < chosen.past",
);

/** What a claim gives. */
export interface Claimed {
  readonly claims: Claim[];
  /** Milliseconds until a queue whose rate is used up lets the next job begin; null if none is. */
  readonly rateOpensIn: number | null;
  /** There is a queue with a limit or a rate among those that have work for this worker. */
  readonly isLimited: boolean;
  /** Not everything was looked at, and there may be more. */
  readonly isShort: boolean;
  /** Others have reserved jobs, and nothing was looked at. */
  readonly isReserved: boolean;
}

/** Of a worker that has no place, or is not there any more. */
export const NOTHING: Claimed = {
  ...{ claims: [], rateOpensIn: null },
  ...{ isLimited: false, isShort: false, isReserved: false },
};

/** On what terms a worker takes jobs. */
export interface Terms {
  /** Where it looks for them. */
  readonly beginnings: Beginnings;
  /** If the worker is in another one by now, it gets none. */
  readonly session: number;
  readonly newToken: () => string;
}

/** Takes jobs in one statement, if no queue has a limit or a rate, and nobody is to be told of a parent's end. */
export async function claimPlainly(
  transaction: Transaction,
  { worker, free, ahead = [] }: TickRequest,
  { session, newToken, beginnings }: Terms,
): Promise<Claimed> {
  const launchers = [...free, ...ahead];
  if (launchers.length === 0) return NOTHING;
  const look = beginnings.look();
  const rows = await transaction.rows(
    look === null ? TAKE_NEXT : TAKE_BEYOND,
    worker,
    free.length,
    ...placesOf(launchers, newToken),
    session,
    launchers.length,
    ...look === null ? [] : laneValues(look),
  );
  const { took, is_limited: isLimited, is_reserved: isReserved, found, newest } = rows[0]!;
  const taken = inPlace(rows);
  const isFull = taken.length === launchers.length;
  // Where a limit or a parent's end was in the way nothing was looked at: the tick that comes then has the same look. Else
  // it might always be that tick that looks back, and this one around: a new queue with a limit would not be found.
  if (look === null || found !== null) {
    beginnings.note(look, {
      ...{ places: taken.map(placeFromRow), took: took as number, isFull },
      ...{ isAll: !isFull && found === taken.length, newest: newest as number },
    });
  }
  return {
    claims: claimsFrom(taken, free.length),
    ...{ rateOpensIn: null, isLimited: isLimited === 1, isReserved: isReserved === 1 },
    isShort: !isFull && look !== null && beginnings.hasMore,
  };
}

/** A job as a row with its place. */
export function placeFromRow({ queue, priority, seq }: Row): Place {
  return { queue: queue as string, priority: priority as number, seq: seq as number };
}

/** The tokens and launchers of the places, as {@link take} wants them. */
export function placesOf(
  launchers: TickRequest["free"],
  newToken: () => string,
): readonly [string, string, string] {
  return [
    arrayText(launchers.map(newToken)),
    arrayText(launchers.map(({ pid }) => pid)),
    arrayText(launchers.map(({ startTime }) => startTime)),
  ];
}

/** By which of the launchers each is run, counted from 1, and each launcher once. */
export function kindsOf(launchers: TickRequest["free"]): readonly [string, string, string] {
  const kinds = new Map<TickRequest["free"][number], number>();
  const numbers = launchers.map((launcher) => {
    let number = kinds.get(launcher);
    if (number === undefined) kinds.set(launcher, number = kinds.size + 1);
    return number;
  });
  const each = [...kinds.keys()];
  return [
    arrayText(numbers),
    arrayText(each.map(({ pid }) => pid)),
    arrayText(each.map(({ startTime }) => startTime)),
  ];
}

/** The rows of the jobs that were taken, in the order of their places. */
export function inPlace(rows: readonly Row[]): readonly Row[] {
  return rows.filter(({ place }) => place !== null)
    .toSorted((a, b) => (a.place as number) - (b.place as number));
}

/** What a worker is told of the jobs that it has got; the first ones begin at once. */
export function claimsFrom(rows: readonly Row[], free: number): Claim[] {
  return rows.map((row) => ({
    jobId: row.id as string,
    token: row.token as string,
    job: claimedJobFromRow(row, row.attempts as number),
    attempt: row.runs as number,
    env: envFromRow(row),
    stdin: row.stdin === null ? null : stdinFromBytes(row.stdin as Uint8Array),
    isAhead: (row.place as number) > free,
  }));
}
