/**
 * Jobs that a worker has claimed together, without a row written for each: one row of `reservation` says whose they are
 * and what they are to be called, and in `job` they still are pending. Most have completed before anybody looks, and then
 * each has cost one update of its row instead of two, and an attempt that is written once: half of the server's work.
 *
 * Nobody sees the difference, since a reservation is made while nobody else claims, so that whoever comes later
 * finds it: whoever claims goes past it, and whoever steers or looks first writes out all of them. Their jobs then stand
 * there as if each had been claimed by itself. Their worker learns it with its next tick. It writes them out itself where
 * it needs more than completed jobs, or where one takes long.
 *
 * @module
 */

import type { ProcessRef } from "../../worker/protocol.ts";
import { envFromText } from "../sql/rows.ts";
import type { AttemptEnd, Claim, TickRequest } from "../tick.ts";
import { HEADS, kindsOf, OPEN, placeFromRow, type Terms } from "./claim.ts";
import { NEXT_DUE } from "./dues.ts";
import type { Transaction } from "./transaction.ts";

/** A reservation is written out by its worker when it is so old, milliseconds: in its stretch others may wait by now. */
const LONGEST = 1000;

/** Nobody looks after one that is so old, milliseconds. */
const ABANDONED = 2 * LONGEST;

/** Commands and environments that are handed over as one text have at most so many bytes. */
const LONGEST_TEXT = 16 * 1024 * 1024;

/**
 * The jobs that are next, for as many places of worker `$1` as `$4` has elements, if they are all of one queue that has no
 * limit and no rate, nobody is to be told of a parent's end, none is due, and none has input. They have one priority, so
 * that a reservation is a stretch of the index, over which others step. `$2` of them begin at once; `$3` names them, `$4`
 * says by which of the launchers `$5` and `$6` each is run, and `$7` is the session of the worker.
 *
 * The row says whether these are all that there were, with no reservation {@link ABANDONED}, and how long it took to find
 * them, milliseconds. It has all jobs as one text, which costs this end a third of what rows do.
 */
const RESERVE = `WITH RECURSIVE ${HEADS}, ${OPEN}, fit AS MATERIALIZED (
    SELECT count(*) <= 1 AND NOT coalesce(bool_or(has_settings), false) AND NOT EXISTS (SELECT FROM ended_parent)
      AND EXISTS (SELECT FROM worker WHERE id = $1 AND session = $7)
      AND coalesce(${NEXT_DUE} > clock_now(), true) AS is_fit
    FROM open
  ), reserved AS MATERIALIZED (
    SELECT queue, priority, range_agg(int8range(first, last, '[]')) AS stretches FROM reservation
    WHERE id > 0 GROUP BY queue, priority
  ), found AS MATERIALIZED (
    SELECT next.*, row_number() OVER () AS place
    FROM open CROSS JOIN LATERAL (
      SELECT seq, queue, priority, has_stdin, id, command, attempts, runs, max_retries, timeout, cwd,
        schedule, fire_time, env
      FROM job WHERE state = 'pending' AND queue = open.queue AND NOT EXISTS (
        SELECT FROM reserved WHERE reserved.queue = job.queue AND reserved.priority = job.priority
          AND seq <@ stretches)
      ORDER BY priority DESC, seq LIMIT cardinality($4::int[])
    ) AS next WHERE (SELECT is_fit FROM fit)
  ), border AS MATERIALIZED (
    SELECT CASE WHEN sum(octet_length(command) + octet_length(env)) > ${LONGEST_TEXT} THEN 1
        ELSE min(place) FILTER (WHERE has_stdin = 1
          OR priority < (SELECT priority FROM found WHERE place = 1)) END AS place,
      extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 AS took
    FROM found
  ), chosen AS MATERIALIZED (
    SELECT * FROM found WHERE place < coalesce((SELECT place FROM border), 9223372036854775807)
  ), made AS (
    INSERT INTO reservation (worker_id, host, at, queue, priority, first, last, free, token, jobs, places,
      launcher_pids, launcher_starts)
    SELECT $1, (SELECT host FROM worker WHERE id = $1), clock_now(), min(queue), min(priority), min(seq),
      max(seq), $2::bigint, $3::text, array_agg(seq ORDER BY place), ($4::int[])[:count(*)],
      $5::bigint[], $6::text[]
    FROM chosen HAVING count(*) > 0 RETURNING id AS reservation, at, queue, priority
  )
  SELECT is_fit AND border.place IS NULL AND NOT EXISTS (SELECT FROM reservation
      WHERE id > 0 AND at < clock_now() - ${ABANDONED}) AS is_all, took, (SELECT last_value FROM job_seq_seq) AS newest, made.*, (
      SELECT json_agg(json_build_array(seq, id, command, attempts, runs, max_retries, timeout, cwd, schedule,
        fire_time, env) ORDER BY place) FROM chosen
    )::text AS jobs
  FROM fit CROSS JOIN border LEFT JOIN made ON true`;

/** Writes out reservations: those that `$1` names, or all. */
const WRITE_OUT = "SELECT write_out($1::text::bigint[])";

/** Writes out those of which something is so. */
const writeOutWhere = (rule: string) =>
  `SELECT write_out(ARRAY(SELECT id FROM reservation WHERE id > 0 AND ${rule}))`;

/** The one that was named so a moment before. */
const WRITE_OUT_NAMED = writeOutWhere("token = $1");

/** Those of a worker. */
const WRITE_OUT_OF = writeOutWhere("worker_id = $1");

/** The SQLSTATE of the square root of a negative number. */
export const GONE = "2201F";

/** A look for hundreds of jobs may take so many times as long as another one before it is a long one. */
const SHARE = 4;

/** When a worker reserves. */
export interface Reserving {
  /** So many places at least: whoever reserves has all others wait for a commit. */
  readonly from: number;
  /** Milliseconds for which it is not tried again after something has come between. */
  readonly pause: number;
}

const RESERVING: Reserving = { from: 256, pause: 1000 };

/** A job of a reservation, whose attempt runs or waits in a line. */
export interface Reserved {
  readonly reservation: number;
  readonly jobId: string;
  readonly queue: string;
  readonly seq: number;
  readonly attempt: number;
  readonly launcher: ProcessRef;
  /** When it was claimed, milliseconds. */
  readonly at: number;
  readonly isAhead: boolean;
}

/** What a tick does with reservations. */
export interface Plan {
  /** They are written out before all else; null: all that there are, whoever has made them. */
  readonly writtenOut: readonly number[] | null;
  /** What has completed, and is settled by its reservation. */
  readonly completed: ReadonlyMap<AttemptEnd, Reserved>;
  /** Nothing is left in them after that, which was not so before. */
  readonly emptied: readonly number[];
}

/** What one worker has reserved; it forgets what was lost, and then all goes on as without reservations. */
export class Reservations {
  readonly #clock: () => number;
  readonly #reserving: Reserving;
  readonly #jobs = new Map<string, Reserved>();
  /** How many jobs are left of each, and when it was made. */
  readonly #made = new Map<number, { left: number; readonly since: number }>();
  #triedAgainAt = -Infinity;
  /** Somebody has written out some of them: the others are, too, with the next tick. */
  #isUnsure = false;

  /** @param clock monotonic, milliseconds */
  constructor(clock: () => number, reserving = RESERVING) {
    this.#clock = clock;
    this.#reserving = reserving;
  }

  /** Whether the places of a worker are filled by a reservation. */
  isFor({ free, ahead = [] }: TickRequest): boolean {
    const places = free.length + ahead.length;
    return places >= this.#reserving.from && this.#clock() >= this.#triedAgainAt;
  }

  /** It did not pay: for a while jobs are claimed one by one. */
  pause(): void {
    this.#triedAgainAt = this.#clock() + this.#reserving.pause;
  }

  /** What a tick is to do, which is also all that this knows of it until it is {@link done}. */
  plan(request: TickRequest, plain: ReadonlySet<AttemptEnd>, isAlone: boolean): Plan {
    if (isAlone) return { writtenOut: null, completed: new Map(), emptied: [] };
    if (this.#made.size === 0) return NO_PLAN;
    const old = this.#isUnsure ? Infinity : this.#clock() - LONGEST;
    const odd = plain.size === request.ended.length
      ? []
      : request.ended.filter((end) => !plain.has(end));
    const others = [...request.output, ...odd];
    const writtenOut = new Set([
      ...this.#made.entries().filter(([, { since }]) => since <= old).map(([id]) => id),
      ...others.flatMap(({ token }) => this.#jobs.get(token)?.reservation ?? []),
    ]);
    const completed = new Map<AttemptEnd, Reserved>();
    const left = new Map(this.#made.entries().map(([id, { left }]) => [id, left]));
    for (const end of plain) {
      const job = this.#jobs.get(end.token);
      if (job?.jobId !== end.jobId || writtenOut.has(job.reservation)) continue;
      completed.set(end, job);
      left.set(job.reservation, left.get(job.reservation)! - 1);
    }
    if (completed.size === 0) return { ...NO_PLAN, writtenOut: [...writtenOut] };
    const emptied = left.entries().filter(([id, jobs]) => jobs === 0 && !writtenOut.has(id));
    return { writtenOut: [...writtenOut], completed, emptied: [...emptied].map(([id]) => id) };
  }

  /** A tick was committed. */
  done({ writtenOut, completed, emptied }: Plan): void {
    if (writtenOut === null) return this.forget();
    for (const [{ token }, { reservation }] of completed) {
      this.#jobs.delete(token);
      const made = this.#made.get(reservation);
      // A tick of another worker with this handle has written it out since.
      if (made) made.left--;
    }
    const gone = new Set(writtenOut);
    for (const id of [...emptied, ...writtenOut]) this.#made.delete(id);
    const isForOthers = this.#isUnsure;
    this.#isUnsure = false;
    if (gone.size === 0) return;
    for (const [token, { reservation }] of this.#jobs) {
      if (gone.has(reservation)) this.#jobs.delete(token);
    }
    if (!isForOthers) this.pause();
  }

  /** One of them is gone, or more. */
  doubt(): void {
    this.#isUnsure = true;
  }

  /** All of them are written out. */
  forget(): void {
    this.#isUnsure = false;
    if (this.#made.size === 0) return;
    this.#jobs.clear();
    this.#made.clear();
    this.pause();
  }

  /** A reservation was made. */
  note(jobs: ReadonlyMap<string, Reserved>): void {
    for (const [token, job] of jobs) this.#jobs.set(token, job);
    const [first] = jobs.values();
    if (first) this.#made.set(first.reservation, { left: jobs.size, since: this.#clock() });
  }
}

const NO_PLAN: Plan = { writtenOut: [], completed: new Map(), emptied: [] };

/** What was reserved. */
export interface Reservation {
  readonly claims: readonly Claim[];
  /** By their tokens. */
  readonly jobs: ReadonlyMap<string, Reserved>;
  /** Nothing else is pending but what others have reserved, and lately; if not, it takes more than this to claim the rest. */
  readonly isAll: boolean;
}

/** Within a transaction in which nobody else claims: reserves jobs for the places of a worker, as far as that can be done. */
export async function reserve(
  transaction: Transaction,
  { worker, free, ahead = [] }: TickRequest,
  { session, newToken, beginnings, isKept }: Terms & {
    /** If not, it is written out at once: the jobs are claimed beside what others have reserved. */
    readonly isKept: boolean;
  },
): Promise<Reservation> {
  const launchers = [...free, ...ahead];
  const name = newToken();
  const reserved = transaction.rows(
    RESERVE,
    worker,
    free.length,
    name,
    ...kindsOf(launchers),
    session,
  );
  if (!isKept) transaction.query(WRITE_OUT_NAMED, name);
  const [row] = await reserved;
  const { is_all: isAll, took, newest, reservation, at, queue, priority } = row!;
  const found: readonly FoundValues[] = JSON.parse(row!.jobs as string | null ?? "[]");
  const jobs = new Map<string, Reserved>();
  // There are hundreds: this is as plain as it can be.
  const claims = found.map((values, i): Claim => {
    const [seq, id, command, attempts, runs, maxRetries, timeout, cwd, schedule, fireTime, env] =
      values;
    const token = tokenOf(name, i + 1);
    const attempt = runs + 1;
    const isAhead = i >= free.length;
    jobs.set(token, {
      reservation: reservation as number,
      jobId: id,
      queue: queue as string,
      seq,
      attempt,
      launcher: launchers[i]!,
      at: at as number,
      isAhead,
    });
    return {
      jobId: id,
      token,
      job: {
        id,
        command,
        queue: queue as string,
        attempts: attempts + 1,
        maxRetries,
        timeout,
        cwd,
        schedule,
        fireTime,
      },
      attempt,
      env: envFromText(env),
      stdin: null,
      isAhead,
    };
  });
  const last = found.at(-1);
  beginnings.note(null, {
    places: last ? [placeFromRow({ queue: queue!, priority: priority!, seq: last[0] })] : [],
    ...{ took: took as number / SHARE, newest: newest as number },
    ...{ isFull: found.length === launchers.length, isAll: false },
  });
  return { claims, jobs: isKept ? jobs : new Map(), isAll: isAll === 1 };
}

/** What {@link RESERVE} tells of a job, in its order. */
type FoundValues = readonly [
  seq: number,
  id: string,
  command: string,
  attempts: number,
  runs: number,
  maxRetries: number,
  timeout: number | null,
  cwd: string | null,
  schedule: string | null,
  fireTime: number | null,
  env: string,
];

/**
 * The token of the attempt in a place: the name of the reservation, whose last part says which place. As `write_out` in
 * `migrations.ts` makes it; it has the form of the others, since files are named by it.
 */
function tokenOf(name: string, place: number): string {
  return `${name.slice(0, 24)}${place.toString(16).padStart(12, "0")}`;
}

/** Writes out what a tick has no use for. */
export function beginWith(transaction: Transaction, { writtenOut }: Plan): void {
  if (writtenOut === null) writeOut(transaction, null);
  else if (writtenOut.length > 0) transaction.query(WRITE_OUT, `{${writtenOut.join(",")}}`);
}

/** Within a transaction that is alone: writes out those of a worker, or all of them (null), whoever has made them. */
export function writeOut(transaction: Transaction, worker: string | null): void {
  if (worker === null) transaction.query(WRITE_OUT, null);
  else transaction.query(WRITE_OUT_OF, worker);
}
