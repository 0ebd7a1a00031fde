/**
 * Gives pending jobs to the free slots of a worker, beside other workers that do the same: what one has locked the others
 * skip. As in `../sqlite/claim.ts`, each queue with pending jobs costs one seek.
 *
 * @module
 */

import type { QueueSettings } from "../queues.ts";
import { allowance, noteStart, queueSettings } from "../sql/queues.ts";
import { claimedJobFromRow, envFromRow } from "../sql/rows.ts";
import { stdinFromBytes } from "../sql/stdin.ts";
import type { Row } from "../sql/work.ts";
import type { Claim, TickRequest } from "../tick.ts";
import type { Beginnings } from "./beginnings.ts";
import { arrayText } from "./dialect.ts";
import type { Transaction } from "./transaction.ts";

/**
 * The first job of each queue that has pending ones: from one queue to the next in the index, one seek each.
 */
const HEADS = `head AS (
    (SELECT queue, priority, seq FROM job WHERE state = 'pending'
      ORDER BY queue, priority DESC, seq LIMIT 1)
    UNION ALL
    SELECT next.* FROM head CROSS JOIN LATERAL (
      SELECT queue, priority, seq FROM job WHERE state = 'pending' AND queue > head.queue
      ORDER BY queue, priority DESC, seq LIMIT 1
    ) AS next
  )`;

/**
 * How many jobs of which queue are next, for `$7` places of worker `$1`, where no queue that it serves has a limit or a
 * rate, and nobody is to be told of a parent's end. None if that is not so. The jobs of a queue are looked at only to
 * compare them with those of other queues.
 */
const NEXT = `${HEADS}, served (queues) AS MATERIALIZED (
    SELECT (SELECT queues::jsonb FROM worker WHERE id = $1)
  ), open AS MATERIALIZED (
    SELECT head.*, job_limit IS NOT NULL OR rate_count IS NOT NULL AS has_settings
    FROM head CROSS JOIN served LEFT JOIN queue ON queue.name = head.queue
    WHERE (queues IS NULL OR queues ? head.queue) AND coalesce(paused, 0) = 0
  ), hurdle AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM open WHERE has_settings) AS is_limited,
      EXISTS (SELECT FROM ended_parent) AS is_to_tell
  ), best AS MATERIALIZED (
    SELECT queue FROM open WHERE NOT (SELECT is_limited OR is_to_tell FROM hurdle)
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
  )`;

/** The same of the lanes that `$8` to `$10` say: queues, priorities, and where they begin. */
const BEYOND = `served (queues) AS MATERIALIZED (
    SELECT (SELECT queues::jsonb FROM worker WHERE id = $1)
  ), lane AS MATERIALIZED (
    SELECT lane.*, job_limit IS NOT NULL OR rate_count IS NOT NULL AS has_settings
    FROM unnest($8::text[], $9::int[], $10::bigint[]) AS lane (queue, priority, first)
    CROSS JOIN served LEFT JOIN queue ON queue.name = lane.queue
    WHERE (queues IS NULL OR queues ? lane.queue) AND coalesce(paused, 0) = 0
  ), hurdle AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM lane WHERE has_settings) AS is_limited,
      EXISTS (SELECT FROM ended_parent) AS is_to_tell
  ), chosen AS (
    SELECT queue, priority, first, count(*) AS jobs FROM (
      SELECT lane.queue, lane.priority, lane.first FROM lane CROSS JOIN LATERAL (
        SELECT seq FROM job WHERE state = 'pending' AND job.queue = lane.queue
          AND job.priority = lane.priority AND seq >= lane.first
        ORDER BY seq LIMIT $7
      ) AS next WHERE NOT (SELECT is_limited OR is_to_tell FROM hurdle)
      ORDER BY lane.priority DESC, next.seq LIMIT $7
    ) AS next GROUP BY queue, priority, first
  )`;

/** The same, where it is known. */
const KNOWN = `chosen AS (
    SELECT queue, jobs FROM unnest($7::text[], $8::bigint[]) AS known (queue, jobs)
  ), hurdle (is_limited) AS (SELECT false)`;

/**
 * Takes the jobs that were chosen, highest priority first; `$2` of them begin at once, and none of the others has
 * input, which is up to 16 MiB and would wait in memory. `$3` to `$5` are tokens and launchers, in order.
 *
 * What a statement needs of its jobs it names: to hand on their whole rows costs 2 of 20 µs a job. The clock is asked
 * once, for another 3. The first row says how long it took to find the jobs, milliseconds.
 */
const take = (chosen: string, where = "", now = "(SELECT clock_now())") =>
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
  ), moved AS (
    UPDATE job SET state = 'processing', attempts = attempts + 1, runs = runs + 1,
      token = ($3::text[])[place], worker_id = $1, started_at = ${now},
      updated_at = ${now}, finished_at = NULL, exit_code = NULL, progress = NULL,
      progress_message = NULL
    FROM fitting WHERE job.seq = fitting.seq
    RETURNING place, job.seq, priority, id, token, command, queue, attempts, runs, max_retries, timeout, cwd, schedule,
      fire_time, env, has_stdin, started_at
  ), logged AS (
    INSERT INTO attempt (job, attempt, started_at, worker_id, host, launcher_pid, launcher_start, ahead)
    SELECT seq, runs, started_at, $1, (SELECT host FROM worker WHERE id = $1),
      ($4::bigint[])[place], ($5::text[])[place], CASE WHEN place > $2 THEN 1 ELSE 0 END FROM moved
  )
  SELECT (SELECT is_limited FROM hurdle) AS is_limited,
    extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 AS took, moved.*,
    CASE WHEN has_stdin = 1 THEN (SELECT stdin FROM input WHERE job = moved.seq) END AS stdin
  FROM (SELECT) AS one LEFT JOIN moved ON true`;

const TAKE_NEXT = take(NEXT);
const TAKE_BEYOND = take(BEYOND, "AND priority = chosen.priority AND seq >= chosen.first");
// By the clock by which the windows of a rate are counted: a little later it could be one too many in one of them.
const TAKE_KNOWN = take(KNOWN, "", "$9::bigint");

/** What a claim gives. */
export interface Claimed {
  readonly claims: Claim[];
  /** Milliseconds until a queue whose rate is used up lets the next job begin; null if none is. */
  readonly rateOpensIn: number | null;
  /** There is a queue with a limit or a rate among those that have work for this worker. */
  readonly isLimited: boolean;
  /** Not everything was looked at, and there may be more. */
  readonly isShort: boolean;
}

/** Of a worker that has no place, or is not there any more. */
export const NOTHING: Claimed = { claims: [], rateOpensIn: null, isLimited: false, isShort: false };

/** On what terms a worker takes jobs. */
export interface Terms {
  /** If the worker is in another one by now, it gets none. */
  readonly session: number;
  readonly newToken: () => string;
}

/** Takes jobs in one statement, if no queue has a limit or a rate, and nobody is to be told of a parent's end. */
export async function claimPlainly(
  transaction: Transaction,
  { worker, free, ahead = [] }: TickRequest,
  { session, newToken, beginnings }: Terms & { readonly beginnings: Beginnings },
): Promise<Claimed> {
  const launchers = [...free, ...ahead];
  if (launchers.length === 0) return NOTHING;
  const lanes = beginnings.lanes();
  const rows = await transaction.rows(
    lanes === null ? TAKE_NEXT : TAKE_BEYOND,
    worker,
    free.length,
    ...placesOf(launchers, newToken),
    session,
    launchers.length,
    ...lanes === null ? [] : [
      arrayText(lanes.map(({ queue }) => queue)),
      arrayText(lanes.map(({ priority }) => priority)),
      arrayText(lanes.map(({ first }) => first)),
    ],
  );
  const { took, is_limited: isLimited } = rows[0]!;
  const taken = inPlace(rows);
  beginnings.note(taken.map(headFromRow), took as number);
  const isShort = lanes !== null && taken.length < launchers.length;
  if (isShort) beginnings.forget();
  return {
    claims: claimsFrom(taken, free.length),
    ...{ rateOpensIn: null, isLimited: isLimited === 1, isShort },
  };
}

/** The time, and whether somebody is to be told of a parent's end. */
const CLAIM_MOMENT = "SELECT clock_now() AS now, EXISTS (SELECT FROM ended_parent) AS is_to_tell";

/** What {@link CLAIM_MOMENT} gives. */
interface ClaimMoment {
  readonly now: number;
  readonly is_to_tell: number;
}

/** Takes jobs with a look at what each queue lets begin; those with a limit or a rate are locked for it. */
export async function claimClosely(
  transaction: Transaction,
  { worker, free, ahead = [] }: TickRequest,
  { queues, session, newToken, tellsFirst }: Terms & {
    /** Those that it serves; null: all. */
    readonly queues: readonly string[] | null;
    /** Nothing is taken while somebody is to be told of a parent's end. */
    readonly tellsFirst: boolean;
  },
): Promise<Claimed> {
  const launchers = [...free, ...ahead];
  if (launchers.length === 0) return NOTHING;
  transaction.query(
    "SELECT FROM queue WHERE job_limit IS NOT NULL OR rate_count IS NOT NULL ORDER BY name FOR UPDATE",
  );
  // The time is asked for after that lock, for which it may wait: of two claimers the later one starts jobs later.
  const moment = transaction.query(CLAIM_MOMENT);
  const settings = await transaction.do(queueSettings());
  const { now, is_to_tell: isToTell } = (await moment).rows[0] as unknown as ClaimMoment;
  if (tellsFirst && isToTell === 1) return NOTHING;
  const line = await nextInLine(transaction, { queues, wanted: launchers.length, settings, now });
  const jobs = line.jobs.slice(0, free.length + countAhead(line.jobs.slice(free.length), settings));
  const { isLimited } = line;
  if (jobs.length === 0) {
    return { ...NOTHING, rateOpensIn: free.length === 0 ? null : line.rateOpensIn, isLimited };
  }
  const chosen = [...Map.groupBy(jobs, ({ queue }) => queue)];
  const rows = await transaction.rows(
    TAKE_KNOWN,
    worker,
    free.length,
    ...placesOf(launchers, newToken),
    session,
    arrayText(chosen.map(([queue]) => queue)),
    arrayText(chosen.map(([, jobs]) => jobs.length)),
    now,
  );
  const claims = claimsFrom(inPlace(rows), free.length);
  let isChanged = false;
  for (const { job } of claims) {
    if (!settings.get(job.queue)?.rate) continue;
    isChanged = true;
    await transaction.do(noteStart(job.queue, now));
  }
  if (free.length === 0) return { ...NOTHING, claims, isLimited };
  // These may have used up a rate while slots are left.
  const again = isChanged && claims.length < free.length
    ? await nextInLine(transaction, { queues, wanted: 1, settings, now })
    : line;
  return { ...NOTHING, claims, rateOpensIn: again.rateOpensIn, isLimited };
}

/** A job whose turn it is. */
interface Head {
  readonly queue: string;
  readonly priority: number;
  readonly seq: number;
}

/** The jobs whose turn it is. */
interface Line {
  readonly jobs: readonly Head[];
  readonly rateOpensIn: number | null;
  readonly isLimited: boolean;
}

const FIRSTS = `WITH RECURSIVE ${HEADS} SELECT queue, priority, seq FROM head
  WHERE $1::text[] IS NULL OR queue = ANY ($1::text[])`;

const HEADS_OF = `SELECT next.* FROM unnest($1::text[], $2::bigint[]) AS open (queue, jobs)
  CROSS JOIN LATERAL (
    SELECT queue, priority, seq FROM job WHERE state = 'pending' AND job.queue = open.queue
    ORDER BY priority DESC, seq LIMIT open.jobs
  ) AS next`;

async function nextInLine(
  transaction: Transaction,
  { queues, wanted, settings, now }: {
    readonly queues: readonly string[] | null;
    readonly wanted: number;
    readonly settings: ReadonlyMap<string, QueueSettings>;
    readonly now: number;
  },
): Promise<Line> {
  const heads = await transaction.rows(FIRSTS, queues === null ? null : arrayText(queues));
  const open: (Head & { readonly limit: number })[] = [];
  let rateOpensIn: number | null = null;
  let isLimited = false;
  for (const row of heads) {
    const head = headFromRow(row);
    const own = settings.get(head.queue);
    isLimited ||= own !== undefined && isLimit(own);
    const allowed = own && await transaction.do(allowance(head.queue, own, now));
    if (allowed?.rateOpensIn) rateOpensIn = Math.min(allowed.rateOpensIn, rateOpensIn ?? Infinity);
    const limit = Math.min(wanted, allowed?.jobs ?? wanted);
    if (limit > 0) open.push({ ...head, limit });
  }
  // A queue whose first job is not among the first has none among them.
  const best = inLine(open).slice(0, wanted);
  const rows = best.length === 0 ? [] : await transaction.rows(
    HEADS_OF,
    arrayText(best.map(({ queue }) => queue)),
    arrayText(best.map(({ limit }) => limit)),
  );
  return { jobs: inLine(rows.map(headFromRow)).slice(0, wanted), rateOpensIn, isLimited };
}

/** As in `../sqlite/claim.ts`: how many of these jobs may be claimed ahead. */
function countAhead(
  jobs: readonly Head[],
  settings: ReadonlyMap<string, QueueSettings>,
): number {
  const first = jobs.findIndex(({ queue }) => {
    const own = settings.get(queue);
    return own !== undefined && isLimit(own);
  });
  return first < 0 ? jobs.length : first;
}

function isLimit({ limit, rate }: QueueSettings): boolean {
  return limit !== null || rate !== null;
}

function headFromRow({ queue, priority, seq }: Row): Head {
  return { queue: queue as string, priority: priority as number, seq: seq as number };
}

/** Highest priority first, then in order of arrival. */
function inLine<T extends Head>(jobs: readonly T[]): readonly T[] {
  return jobs.toSorted((a, b) => b.priority - a.priority || a.seq - b.seq);
}

/** The tokens and launchers of the places, as {@link take} wants them. */
function placesOf(
  launchers: TickRequest["free"],
  newToken: () => string,
): readonly [string, string, string] {
  return [
    arrayText(launchers.map(newToken)),
    arrayText(launchers.map(({ pid }) => pid)),
    arrayText(launchers.map(({ startTime }) => startTime)),
  ];
}

/** The rows of the jobs that were taken, in the order of their places. */
function inPlace(rows: readonly Row[]): readonly Row[] {
  return rows.filter(({ place }) => place !== null)
    .toSorted((a, b) => (a.place as number) - (b.place as number));
}

function claimsFrom(rows: readonly Row[], free: number): Claim[] {
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
