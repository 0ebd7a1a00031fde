/**
 * The doorbell: a channel of LISTEN for each worker. A ring is a hint: workers poll as well.
 *
 * NOTIFY wakes each process of the server that listens to anything in the database (14 µs a process, measured with 90
 * of them, 33 with one channel for all), and all who commit one wait for each other. So it comes after the commit that
 * it tells of, in a transaction that does not wait for the disk; a process has one under way at a time, and a store
 * one in {@link WINDOW} milliseconds, or of few workers in {@link SHORT_WINDOW}, whoever rings. Who comes too early
 * looks again when that is over, unless somebody has rung since.
 *
 * Of more than {@link FEW} workers those are woken that have free slots for the queues in which jobs wait, and of those
 * that serve the same queues no more than there are jobs; those who are to end a job; and one if there is anything else to do.
 * Where it takes long to count these jobs (`../sql/pace.ts` says why), that is done in a tenth of the time; else any {@link FEW}
 * are woken.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import { sleep } from "../../worker/sleep.ts";
import type { Connection, Connections } from "./connections.ts";
import { NEXT_DUE } from "./dues.ts";
import { Pace } from "../sql/pace.ts";

/** Of so many workers all are woken. */
const FEW = 8;

/** Milliseconds between two rings of a store. */
const WINDOW = 20;

/** The same of a store with few workers, whom a ring costs little: a single job begins at once. */
const SHORT_WINDOW = 4;

/** Jobs that are due within so many milliseconds are worth a ring: workers poll every second. */
const SOON = 1000;

/** As {@linkcode channelOf}, of an `id`. */
const CHANNEL = "'qctl:' || current_schema() || ':' || right(id, 6)";

/** So many jobs that wait are counted: with more, those who poll find the rest. */
const MOST_COUNTED = 256;

const FLEET = `fleet AS MATERIALIZED (SELECT count(*) > ${FEW} AS is_large FROM worker)`;

/** Workers that serve the same queues are a lane: there are few, and for each the jobs that wait are counted once. */
const ABLE = `lane AS MATERIALIZED (
    SELECT queues, CASE WHEN queues IS NULL THEN (SELECT count(*) FROM (SELECT FROM job
        WHERE state = 'pending' ORDER BY queue, priority DESC, seq LIMIT ${MOST_COUNTED}) AS waiting)
      ELSE (SELECT count(*) FROM (
        SELECT FROM jsonb_array_elements_text(queues::jsonb) AS name CROSS JOIN LATERAL (
          SELECT FROM job WHERE state = 'pending' AND queue = name
          ORDER BY priority DESC, seq LIMIT ${MOST_COUNTED}
        ) AS next LIMIT ${MOST_COUNTED}) AS waiting) END AS pending
    FROM (SELECT DISTINCT queues FROM worker
      WHERE draining = 0 AND (SELECT is_large FROM fleet) AND $2::int = 1) AS lane
  ), able AS MATERIALIZED (
    SELECT id, worker.queues, pending, random() AS place, slots -
      (SELECT count(*) FROM job WHERE state = 'processing' AND worker_id = worker.id) AS free
    FROM lane JOIN worker ON worker.queues IS NOT DISTINCT FROM lane.queues
    WHERE pending > 0 AND draining = 0
  )`;

const MORE = `EXISTS (SELECT FROM ended_parent)
      OR coalesce(${NEXT_DUE} <= clock_now() + ${SOON}, false)
      OR EXISTS (SELECT FROM schedule WHERE paused = 0 AND next_at <= clock_now() + ${SOON})`;

const CHOSEN = `chosen AS (
    SELECT id FROM worker WHERE NOT (SELECT is_large FROM fleet)
    UNION
    SELECT id FROM (
      SELECT id, pending, sum(free) OVER (PARTITION BY queues ORDER BY place) - free AS before
      FROM able WHERE free > 0
    ) AS able WHERE before < pending
    UNION
    SELECT worker_id FROM job WHERE cancel_requested = 1
    UNION
    (SELECT id FROM worker WHERE draining = 0 AND (SELECT is_large FROM fleet) AND $2::int = 1
      AND (SELECT ${MORE}) ORDER BY random() LIMIT 1)
    UNION
    (SELECT id FROM worker WHERE draining = 0 AND (SELECT is_large FROM fleet) AND $2::int = 0
      ORDER BY random() LIMIT ${FEW})
  )`;

/**
 * Rings at all workers, if the last ring was long enough ago and not after the moment `$1`, and they are few. The sequence
 * `bell` holds when that was, since it is changed at once and by no transaction.
 */
const RING_FEW = `WITH bell_now AS MATERIALIZED (
    SELECT last_value AS last, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
      (SELECT count(*) FROM worker) <= ${FEW} AS are_few FROM bell
  ), turn AS MATERIALIZED (
    SELECT setval('bell', now), set_config('synchronous_commit', 'off', true) FROM bell_now
    WHERE are_few AND last <= $1::bigint AND (now - last >= ${SHORT_WINDOW} OR last > now)
  )
  SELECT now, last, ${SHORT_WINDOW} AS length, EXISTS (SELECT FROM turn) AS has_rung, are_few,
    CASE WHEN EXISTS (SELECT FROM turn) THEN (SELECT count(pg_notify(${CHANNEL}, '')) FROM worker) END AS woken
  FROM bell_now`;

/** The same of any number of workers; the jobs that wait are counted if `$2` is 1. */
const RING_MANY = `WITH ${FLEET}, bell_now AS MATERIALIZED (
    SELECT last_value AS last, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
      CASE WHEN (SELECT is_large FROM fleet) THEN ${WINDOW} ELSE ${SHORT_WINDOW} END AS length FROM bell
  ), turn AS MATERIALIZED (
    SELECT setval('bell', now), set_config('synchronous_commit', 'off', true) FROM bell_now
    WHERE last <= $1::bigint AND (now - last >= length OR last > now)
  ), ${ABLE}, ${CHOSEN}
  SELECT now, last, length, EXISTS (SELECT FROM turn) AS has_rung,
    NOT (SELECT is_large FROM fleet) AS are_few, CASE WHEN EXISTS (SELECT FROM turn)
      THEN (SELECT count(pg_notify(${CHANNEL}, '')) FROM chosen) END AS woken,
    extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 AS took,
    (SELECT last_value FROM job_seq_seq) AS newest
  FROM bell_now`;

const RING_AT = `SELECT set_config('synchronous_commit', 'off', true), pg_notify(${CHANNEL}, '')
  FROM unnest($1::text[]) AS id`;

/** Answers the doorbell of a worker. */
export function answerDoorbell(
  connections: Connections,
  worker: string,
  ring: () => void,
): AsyncDisposable {
  return connections.listen(channelOf(connections.schema, worker), ring);
}

/** The channel of a worker, by its id's last characters, which are random: a channel has at most 63 bytes. */
export function channelOf(schema: string, worker: string): string {
  return `qctl:${schema}:${[...worker].slice(-6).join("")}`;
}

/**
 * Has some workers woken, or those for whom there may be something to do. It is done soon, and at the latest when the
 * connections are closed; what fails is left to the poll.
 */
export function ringDoorbells(connections: Connections, workers?: readonly string[]): void {
  ringerOf(connections).ring(workers);
}

/**
 * Has those woken for whom there may be something to do once a commit is done, which was sent on a connection: where it can,
 * right behind it, in the same round trip. The connection can be given back when this resolves.
 */
export function ringBehind(
  connections: Connections,
  connection: Connection,
  commit: Promise<unknown>,
): Promise<void> {
  return ringerOf(connections).ringBehind(connection, commit);
}

function ringerOf(connections: Connections): Ringer {
  const ringer = ringers.get(connections) ?? new Ringer(connections);
  ringers.set(connections, ringer);
  return ringer;
}

const ringers = new WeakMap<Connections, Ringer>();

/** Gathers rings while one is under way. */
class Ringer {
  readonly #connections: Connections;
  readonly #workers = new Set<string>();
  readonly #counting = new Pace();
  #isForAll = false;
  #isRinging = false;
  /** A ring was sent behind a commit that has not been answered. */
  #isBehind = false;
  /** They were the last time. */
  #areFew = true;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  ring(workers?: readonly string[]): void {
    if (workers === undefined) this.#isForAll = true;
    for (const worker of workers ?? []) this.#workers.add(worker);
    if (!this.#isRinging) this.#begin();
  }

  async ringBehind(connection: Connection, commit: Promise<unknown>): Promise<void> {
    if (this.#isRinging || this.#isBehind) {
      await commit;
      return this.ring();
    }
    this.#isBehind = true;
    const rung = this.#ringOn(connection);
    // It fails as the commit does.
    rung.catch(() => {});
    try {
      // That may take long, and others ring meanwhile.
      await commit;
    } finally {
      this.#isBehind = false;
      const isFirst = !this.#isRinging;
      if (isFirst) this.#begin(rung);
      const wait = await rung.catch(() => null);
      if (!isFirst && wait !== null) this.ring();
    }
  }

  /** @param rung what has been rung for all already */
  #begin(rung: Promise<Wait | null> = Promise.resolve(null)): void {
    this.#isRinging = true;
    this.#connections.besides(async () => {
      try {
        await this.#complete(await rung.catch(orNothing));
        while (this.#workers.size > 0 || this.#isForAll) await this.#ringOnce();
      } finally {
        this.#isRinging = false;
      }
    });
  }

  async #ringOnce(): Promise<void> {
    const workers = [...this.#workers];
    this.#workers.clear();
    if (workers.length > 0) {
      await this.#connections.use((connection) => connection.query(RING_AT, [arrayOf(workers)]));
    }
    if (!this.#isForAll) return;
    this.#isForAll = false;
    await this.#complete(await this.#ringAll());
  }

  /** What came too early is done when it is time. */
  async #complete(wait: Wait | null): Promise<void> {
    if (wait === null) return;
    await sleep(wait.length * (1 + Math.random() / 4));
    await this.#ringAll(wait.since);
  }

  #ringAll(since?: number): Promise<Wait | null> {
    return this.#connections.use((connection) => this.#ringOn(connection, since));
  }

  /** Rings, unless somebody has since a moment; null if nothing is left to be done. */
  async #ringOn(connection: Connection, since = Number.MAX_SAFE_INTEGER): Promise<Wait | null> {
    let rung = this.#areFew ? await ring(connection, RING_FEW, since) : null;
    if (rung?.are_few !== 1) {
      const counts = this.#counting.isTime;
      rung = await ring(connection, RING_MANY, since, counts ? 1 : 0);
      if (counts) this.#counting.note(rung.took!, rung.newest!);
    }
    this.#areFew = rung.are_few === 1;
    if (rung.has_rung === 1 || rung.last! > since) return null;
    return { length: rung.length! - (rung.now! - rung.last!), since: rung.now! };
  }
}

function orNothing(error: unknown): null {
  if (error instanceof StoreError) return null;
  throw error;
}

async function ring(
  connection: Connection,
  sql: string,
  ...values: readonly number[]
): Promise<Record<string, number>> {
  return (await connection.query(sql, values)).rows[0] as Record<string, number>;
}

/** The time until the next ring may come, where it was too early for this one. */
interface Wait {
  /** Milliseconds. */
  readonly length: number;
  /** Whoever has rung after this has rung for us too. */
  readonly since: number;
}

/** A list as an array of PostgreSQL's. */
function arrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => JSON.stringify(text)).join(",")}}`;
}
