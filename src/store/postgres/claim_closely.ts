/**
 * Gives pending jobs to the free slots of a worker where queues have limits or rates: their rows are locked, and what
 * each lets begin is worked out first.
 *
 * @module
 */

import type { QueueSettings } from "../queues.ts";
import { allowance, noteStart, queueSettings } from "../sql/queues.ts";
import { get, type Row, type Work } from "../sql/work.ts";
import type { TickRequest } from "../tick.ts";
import { END, type Look, type Place } from "./beginnings.ts";
import {
  type Claimed,
  claimsFrom,
  FIRST,
  HEADS,
  inPlace,
  NOTHING,
  NOWHERE,
  placeFromRow,
  placesOf,
  take,
  type Terms,
} from "./claim.ts";
import { arrayText } from "./dialect.ts";
import { lanesSql, laneValues } from "./lanes.ts";
import type { Transaction } from "./transaction.ts";

/** So many jobs of which queue, which is known: queues and numbers of jobs are `$7` and `$8`. */
const KNOWN = `chosen AS (
    SELECT queue, jobs FROM unnest($7::text[], $8::bigint[]) AS known (queue, jobs)
  ), hurdle (is_limited, is_reserved) AS (SELECT false, false), ${NOWHERE}`;

/** The same, job by job: queues, priorities and numbers are `$7`, `$8` and `$10`. */
const THESE = `chosen AS (
    SELECT queue, priority, seq, 1 AS jobs
    FROM unnest($7::text[], $8::int[], $10::bigint[]) AS known (queue, priority, seq)
  ), hurdle (is_limited, is_reserved) AS (SELECT false, false), ${NOWHERE}`;

// By the clock by which the windows of a rate are counted: a little later it could be one too many in one of them.
const TAKE_KNOWN = take(KNOWN, "", "$9::bigint");
const TAKE_THESE = take(THESE, "AND priority = chosen.priority AND seq = chosen.seq", "$9::bigint");

/** The time, and whether something is to be done first. */
const CLAIM_MOMENT = `SELECT clock_now() AS now, ${FIRST}`;

/** What {@link CLAIM_MOMENT} gives. */
interface ClaimMoment {
  readonly now: number;
  readonly is_to_tell: number;
  readonly is_reserved: number;
}

/** Takes jobs with a look at what each queue lets begin; those with a limit or a rate are locked for it. */
export async function claimClosely(
  transaction: Transaction,
  { worker, free, ahead = [] }: TickRequest,
  { queues, session, newToken, tellsFirst, beginnings }: Terms & {
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
  const moment = transaction.query(CLAIM_MOMENT, worker);
  const settings = await transaction.do(queueSettings());
  const { now, is_to_tell: isToTell, is_reserved: isReserved } = (await moment)
    .rows[0] as unknown as ClaimMoment;
  if (isReserved === 1) return { ...NOTHING, isReserved: true };
  if (tellsFirst && isToTell === 1) return NOTHING;
  const look = beginnings.look();
  const wanted = launchers.length;
  const line = await nextInLine(transaction, { queues, wanted, settings, now, look });
  const jobs = line.jobs.slice(0, free.length + countAhead(line.jobs.slice(free.length), settings));
  const { isLimited } = line;
  const note = (taken: readonly Row[], took: number) =>
    beginnings.note(look, {
      ...{ places: taken.map(placeFromRow), took: line.took + took },
      ...{ isFull: taken.length === wanted, newest: line.newest },
      isAll: line.found < wanted && line.found === taken.length,
    });
  const isShort = () => look !== null && beginnings.hasMore;
  if (jobs.length === 0) {
    note([], 0);
    const rateOpensIn = free.length === 0 ? null : line.rateOpensIn;
    return { ...NOTHING, rateOpensIn, isLimited, isShort: isShort() };
  }
  const chosen = [...Map.groupBy(jobs, ({ queue }) => queue)];
  const rows = await transaction.rows(
    look === null ? TAKE_KNOWN : TAKE_THESE,
    worker,
    free.length,
    ...placesOf(launchers, newToken),
    session,
    ...look === null
      ? [
        arrayText(chosen.map(([queue]) => queue)),
        arrayText(chosen.map(([, jobs]) => jobs.length)),
        now,
      ]
      : [
        arrayText(jobs.map(({ queue }) => queue)),
        arrayText(jobs.map(({ priority }) => priority)),
        now,
        arrayText(jobs.map(({ seq }) => seq)),
      ],
  );
  const taken = inPlace(rows);
  note(taken, rows[0]!.took as number);
  const claims = claimsFrom(taken, free.length);
  let isChanged = false;
  for (const { job } of claims) {
    if (!settings.get(job.queue)?.rate) continue;
    isChanged = true;
    await transaction.do(noteStart(job.queue, now));
  }
  if (free.length === 0) return { ...NOTHING, claims, isLimited };
  // These may have used up a rate while slots are left.
  const again = isChanged && claims.length < free.length
    ? await nextInLine(transaction, {
      queues,
      wanted: 1,
      settings,
      now,
      look: look && nearOf(look),
    })
    : line;
  return {
    ...NOTHING,
    ...{ claims, rateOpensIn: again.rateOpensIn, isLimited },
    isShort: claims.length < wanted && isShort(),
  };
}

/** The jobs whose turn it is. */
interface Line {
  readonly jobs: readonly Place[];
  readonly rateOpensIn: number | null;
  readonly isLimited: boolean;
  /** How many there are in the lanes, whether they may begin or not. */
  readonly found: number;
  /** The number of the newest job. */
  readonly newest: number;
  /** Milliseconds in which they were found. */
  readonly took: number;
}

/** Milliseconds since the statement began. */
const TOOK = "extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 AS took";

const FIRSTS = `WITH RECURSIVE ${HEADS}, first AS MATERIALIZED (
    SELECT queue, priority, seq FROM head
    WHERE $1::jsonb IS NULL OR $1::jsonb ? queue ORDER BY queue
  ) SELECT ${TOOK}, (SELECT last_value FROM job_seq_seq) AS newest, first.*
  FROM (SELECT) AS one LEFT JOIN first ON true`;

/** The next `$2` jobs of each of the lanes `$3` to `$11`, and the first of those who have none. */
const NEAR = `WITH RECURSIVE ${lanesSql("$1::jsonb", 3)}, next AS MATERIALIZED (
    SELECT lane.queue, lane.priority, next.seq, has_settings FROM lane LEFT JOIN LATERAL (
      SELECT seq FROM job WHERE state = 'pending' AND job.queue = lane.queue
        AND job.priority = lane.priority AND seq >= lane.first AND seq < lane.past
      ORDER BY seq LIMIT $2
    ) AS next ON true
  ) SELECT (SELECT count(seq) FROM next) AS found, (SELECT last_value FROM job_seq_seq) AS newest,
    ${TOOK}, next.*
  FROM (SELECT) AS one LEFT JOIN next ON true`;

const HEADS_OF = `SELECT next.* FROM unnest($1::text[], $2::bigint[]) AS open (queue, jobs)
  CROSS JOIN LATERAL (
    SELECT queue, priority, seq FROM job WHERE state = 'pending' AND job.queue = open.queue
    ORDER BY priority DESC, seq LIMIT open.jobs
  ) AS next`;

async function nextInLine(
  transaction: Transaction,
  { queues, wanted, settings, now, look }: {
    readonly queues: readonly string[] | null;
    readonly wanted: number;
    readonly settings: ReadonlyMap<string, QueueSettings>;
    readonly now: number;
    readonly look: Look | null;
  },
): Promise<Line> {
  const served = queues && JSON.stringify(queues);
  const rows = look === null
    ? await transaction.rows(FIRSTS, served)
    : await transaction.rows(NEAR, served, wanted, ...laneValues(look));
  const { took, found = 0, newest } = rows[0]!;
  const near = inLine(rows.filter(({ seq }) => seq !== null).map(placeFromRow));
  const open: (Place & { readonly limit: number })[] = [];
  let rateOpensIn: number | null = null;
  let isLimited = rows.some((row) => row.has_settings === 1);
  for (const [queue, [head]] of Map.groupBy(near, ({ queue }) => queue)) {
    const own = settings.get(queue);
    isLimited ||= own !== undefined && isLimit(own);
    const allowed = own && await transaction.do(allowance(queue, own, now, countRunning));
    if (allowed?.rateOpensIn) rateOpensIn = Math.min(allowed.rateOpensIn, rateOpensIn ?? Infinity);
    const limit = Math.min(wanted, allowed?.jobs ?? wanted);
    if (limit > 0) open.push({ ...head!, limit });
  }
  // A queue whose first job is not among the first has none among them.
  const best = inLine(open).slice(0, wanted);
  const next = look === null
    ? await nextOf(transaction, best)
    : best.flatMap(({ queue, limit }) => near.filter((job) => job.queue === queue).slice(0, limit));
  return {
    ...{ jobs: inLine(next).slice(0, wanted), rateOpensIn, isLimited },
    ...{ found: found as number, newest: newest as number, took: took as number },
  };
}

/**
 * By the counters: the index of those that run has an entry of each job that ever ran and that somebody may still see,
 * and to walk over half a million of them took 0.9 s, while the counters took 2 ms.
 */
function* countRunning(queue: string): Work<number> {
  const row = yield* get(
    "SELECT jobs FROM counter WHERE state = 'processing' AND queue = ?",
    queue,
  );
  return (row?.jobs ?? 0) as number;
}

/** The next jobs of some queues, so many of each. */
async function nextOf(
  transaction: Transaction,
  queues: readonly { readonly queue: string; readonly limit: number }[],
): Promise<readonly Place[]> {
  if (queues.length === 0) return [];
  const rows = await transaction.rows(
    HEADS_OF,
    arrayText(queues.map(({ queue }) => queue)),
    arrayText(queues.map(({ limit }) => limit)),
  );
  return rows.map(placeFromRow);
}

/** Without what is looked for now and then. */
function nearOf({ lanes }: Look): Look {
  return { lanes: lanes.filter(({ past }) => past === END), back: null, around: false };
}

/** As in `../sqlite/claim.ts`: how many of these jobs may be claimed ahead. */
function countAhead(
  jobs: readonly Place[],
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

/** Highest priority first, then in order of arrival. */
function inLine<T extends Place>(jobs: readonly T[]): readonly T[] {
  return jobs.toSorted((a, b) => b.priority - a.priority || a.seq - b.seq);
}
