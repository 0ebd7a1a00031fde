/**
 * What each transaction on a store says first. It names the schema, and makes sure that the session works in it: a pool
 * may give a transaction a session that another store's program has set up.
 *
 * @module
 */

import { insertSimple } from "./enqueue.ts";
import { quoteName } from "./psql.ts";

/** What else may happen while a transaction lasts. */
export type Company =
  /** Everything; it sees one snapshot and changes nothing. */
  | "reading"
  /** Everything but what is done {@link Company alone}. */
  | "together"
  /** The same; nothing is claimed, so jobs may be reserved meanwhile. */
  | "settling"
  /** Everything but claims and what is done {@link Company alone}. */
  | "reserving"
  /** The same. Nobody waits meanwhile until it is on the disk, so it lasts only with what is committed after it. */
  | "reserving soon"
  /** Nobody ticks or changes what is there; new jobs may be added. */
  | "alone"
  /** The same, for somebody who would rather go without it than wait. */
  | "alone soon"
  /** Everything but the same, and what is done {@link Company alone}. */
  | "joining"
  /** Everything: it only adds. */
  | "adding";

/** The SQLSTATE of {@link Preamble.guardedMoment} for another version: that of a division by zero. */
export const WRONG_VERSION = "22012";

/**
 * What ticks ask is planned once and not five times more, each of which takes as long as the statement itself: their plans do not
 * depend on what is asked for, nor on how many jobs there are (`by_place.ts`).
 */
const KEPT_PLANS = "plan_cache_mode = force_generic_plan";

/** 1, or it fails with {@link WRONG_VERSION}. */
const STANDS = "1 / (version IS NOT DISTINCT FROM $1 AND made_at IS NOT DISTINCT FROM $2)::int";

/** Milliseconds for which whoever looks waits to be alone for a moment. */
const SOON = 1000;

/** The first statements on a store in one schema. */
export class Preamble {
  /** Those that begin a transaction, as one script. */
  readonly begin: Readonly<Record<Company, string>>;
  /** The moment of a transaction, whether anything is reserved, which version the store has, and when it was made. It fails in a session of another schema. */
  readonly moment: string;
  /**
   * The moment and what the store has of the worker `$3`, in a statement that also fails with {@link WRONG_VERSION} if the
   * version is not `$1`, or that time not `$2`.
   */
  readonly guardedMoment: string;
  /** It fails in a session of another schema. */
  readonly place: string;
  /** Stores a job, see {@linkcode insertSimple}. It fails as {@linkcode Preamble.guardedMoment} does. */
  readonly insertSimple: string;
  /** A word that changes with every commit, the version, and when the store was made. It fails in a session of another schema. */
  readonly revision: string;
  /**
   * What was committed before, here or elsewhere, lasts when this is committed: it writes to the log what nobody reads, since
   * a commit of nothing waits for no disk. It fails in a session of another schema, whose commits may not wait either.
   */
  readonly flush: string;
  /** The heart of the worker `$1` beats, at `$2` or now. It fails in a session of another schema. */
  readonly beat: string;

  constructor(schema: string) {
    const own = quoteName(schema);
    // The logarithm of zero is 2201E, which nothing else here fails with: `failure.ts` says what it means.
    const here = `current_schema() IS NOT DISTINCT FROM '${schema.replaceAll("'", "''")}'`;
    const guard = `ln((${here})::int) AS place`;
    const now = `${own}.clock_now()`;
    const stand = `max(version) AS version, min(applied_at) FILTER (WHERE version = 1) AS made_at`;
    const lock = (mode: string, ...settings: readonly string[]) =>
      [
        "BEGIN",
        ...settings.map((setting) => `SET LOCAL ${setting}`),
        `LOCK TABLE ${own}.gate IN ${mode} MODE`,
      ].join("; ");
    this.begin = {
      reading: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
      together: lock("ROW EXCLUSIVE", KEPT_PLANS),
      settling: lock("ROW SHARE", KEPT_PLANS),
      reserving: lock("SHARE ROW EXCLUSIVE", KEPT_PLANS),
      "reserving soon": lock("SHARE ROW EXCLUSIVE", KEPT_PLANS, "synchronous_commit = off"),
      alone: lock("EXCLUSIVE"),
      "alone soon": lock("EXCLUSIVE", `lock_timeout = ${SOON}`),
      // A worker that joins later is behind those before it, see `joinOrder` of `../workers.ts`.
      joining: `${lock("ROW SHARE")}; LOCK TABLE ${own}.worker IN SHARE UPDATE EXCLUSIVE MODE`,
      // Whoever moves the store elsewhere waits until nobody adds anything.
      adding: lock("ACCESS SHARE"),
    };
    this.place = `SELECT ${guard}`;
    this.moment = `SELECT ${guard}, ${now} AS now, ${stand},
        EXISTS (SELECT FROM ${own}.reservation WHERE id > 0) AS is_reserved FROM ${own}.migration`;
    this.guardedMoment = `SELECT ${guard}, now, worker.*,
        ${STANDS} AS guard
      FROM (SELECT ${now} AS now, ${stand} FROM ${own}.migration) AS moment
      LEFT JOIN (SELECT id, host, queues, stop_request, slots_request FROM ${own}.worker) AS worker
        ON worker.id = $3`;
    this.insertSimple = insertSimple(
      own,
      `ln((${here})::int) = 0 AND
      (SELECT ${STANDS} FROM (SELECT ${stand} FROM ${own}.migration) AS found) = 1`,
    );
    this.revision = `SELECT ${guard}, pg_current_snapshot()::text AS revision, ${stand}
      FROM ${own}.migration`;
    this.flush = `SELECT ${guard}, pg_logical_emit_message(true, 'queuectl', '')`;
    this.beat = `UPDATE ${own}.worker SET heartbeat = heartbeat + 1,
      heartbeat_at = coalesce($2, ${now}) WHERE id = $1 AND ln((${here})::int) = 0`;
  }
}
