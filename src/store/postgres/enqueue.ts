/**
 * Enqueue, many jobs in one statement.
 *
 * @module
 */

import { IdTakenError, UniqueKeyTakenError } from "../../errors.ts";
import type { NewJob } from "../../job/job.ts";
import { type State, waitingState } from "../../job/state.ts";
import { type Insertion, requireFree } from "../sql/producing.ts";
import { listText } from "../sql/rows.ts";
import { storeStdin } from "../sql/stdin.ts";
import { all, get, type SqlValue, type Work } from "../sql/work.ts";
import type { Enqueued } from "../store.ts";
import { arrayText } from "./dialect.ts";
import type { Stand } from "./migrate.ts";

/** Between two statements somebody else has come and gone: all of it is to be done again. */
export class ChangedMeanwhile extends Error {}

/** A statement adds up to so many jobs, of about so many characters together. */
const MOST_JOBS = 2000;
const MOST_TEXT = 4 * 1024 * 1024;

const COLUMNS = {
  id: "text",
  queue: "text",
  state: "text",
  priority: "int",
  max_retries: "bigint",
  backoff_base: "float8",
  backoff_max: "bigint",
  backoff_jitter: "float8",
  timeout: "bigint",
  run_at: "bigint",
  unique_key: "text",
  schedule: "text",
  fire_time: "bigint",
  cwd: "text",
  tags: "text",
  after: "text",
  fatal_exit_codes: "text",
  env: "text",
  has_stdin: "int",
  command: "text",
} as const;

const NAMED = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const NAMES = NAMED.join(", ");

/** The columns of a list. */
const FIELDS = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`).join(", ");

/** The jobs of the list `$1`, at the moment `$2`, in the order of the list, so that they are numbered in it. */
const INSERT =
  `INSERT INTO job (${NAMES}, created_at, updated_at) SELECT ${NAMES}, $2::bigint, $2::bigint
  FROM json_to_recordset($1::text::json) AS new (${FIELDS}) ON CONFLICT DO NOTHING RETURNING id`;

/** Whether a job can be stored without a look at the clock, or at anything else that is there. */
export function isSimple({ delay, runAt, after, stdin }: NewJob): boolean {
  return delay === null && runAt === null && after.length === 0 && stdin === null;
}

/** The columns of a job as parameters, from `$4` on. */
const PARAMETERS = Object.values(COLUMNS).map((type, i) => `$${i + 4}::${type}`).join(", ");

/**
 * A statement that is a transaction of its own: stores a job that is {@link isSimple simple}, at the moment `$3` or now, unless
 * something is in its way. As it names `gate`, it waits for whoever moves the store, and then sees what that one has done.
 *
 * @param schema its name, quoted
 * @param guard true, or it fails: `$1` and `$2` are as in `Preamble.guardedMoment`
 */
export const insertSimple = (schema: string, guard: string) =>
  `INSERT INTO ${schema}.job (${NAMES}, created_at, updated_at) SELECT ${PARAMETERS}, now, now
  FROM (SELECT coalesce($3::bigint, ${schema}.clock_now()) AS now) AS moment
  WHERE NOT EXISTS (SELECT FROM ${schema}.gate) AND ${guard}
  ON CONFLICT DO NOTHING`;

/** The parameters of {@linkcode insertSimple}. */
export function simpleValues(
  job: NewJob,
  now: number | null,
  { version, madeAt }: Stand,
): readonly SqlValue[] {
  const columns = columnsOf(job, 0);
  return [version, madeAt, now, ...NAMED.map((name) => columns[name])];
}

/**
 * Within a transaction: stores jobs; if a unique key is taken, they are not replaced.
 *
 * @throws {IdTakenError} {@linkcode UniqueKeyTakenError} as `Store.enqueue`
 * @throws {ChangedMeanwhile} if somebody else has enqueued the same at this moment
 */
export function* insertMany(
  jobs: readonly NewJob[],
  { now, ifExists }: Insertion,
): Work<Enqueued[]> {
  const { enqueued, problem } = plan(jobs, yield* holdersOf(jobs), now, ifExists === "return");
  // What comes before the problem may have another one.
  const fresh = jobs.slice(0, enqueued.length).filter((_, i) => enqueued[i]!.isNew);
  for (const some of portionsOf(fresh)) {
    const text = JSON.stringify(some.map((job) => columnsOf(job, now)));
    const stored = new Set((yield* all(INSERT, text, now)).map(({ id }) => id));
    const refused = some.find(({ id }) => !stored.has(id));
    if (refused) {
      yield* requireFree(refused);
      throw new ChangedMeanwhile(`The unique key of job ${refused.id} was taken meanwhile`);
    }
    for (const { id, stdin } of some) if (stdin !== null) yield* storeStdin(id, stdin);
  }
  if (problem) throw problem;
  return enqueued;
}

/** What of a job stays as it was enqueued. */
const LASTING = NAMED.filter((name) => !["state", "run_at", "after"].includes(name));

/** How many of the jobs of the list `$1` are stored just so, at the moment `$2` or later. */
const STORED = `SELECT count(*) AS jobs FROM json_to_recordset($1::text::json) AS new (${FIELDS})
  CROSS JOIN LATERAL (SELECT * FROM job WHERE job.id = new.id LIMIT 1) AS own
  WHERE (${LASTING.map((name) => `own.${name}`).join(", ")})
    IS NOT DISTINCT FROM (${LASTING.map((name) => `new.${name}`).join(", ")})
    AND own.created_at >= $2::bigint`;

/** Whether all of these jobs are stored since a moment, milliseconds, and no other ones with their ids. */
export function* areStored(jobs: readonly NewJob[], since: number): Work<boolean> {
  const text = JSON.stringify(jobs.map((job) => columnsOf(job, since)));
  return (yield* get(STORED, text, since))!.jobs === jobs.length;
}

type Holders = Map<string, { readonly id: string; readonly state: State }>;

/** Who holds the unique keys of jobs. */
function* holdersOf(jobs: readonly NewJob[]): Work<Holders> {
  const keys = jobs.map(({ uniqueKey }) => uniqueKey).filter((key) => key !== null);
  const rows = keys.length === 0 ? [] : yield* all(
    `SELECT unique_key, id, state FROM job WHERE unique_key = ANY ($1::text::text[])
      AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled'`,
    arrayText(keys),
  );
  return new Map(rows.map((row) => [
    row.unique_key as string,
    { id: row.id as string, state: row.state as State },
  ]));
}

/** What becomes of each job, up to the first of which it is seen here that it cannot be stored. */
function plan(
  jobs: readonly NewJob[],
  holders: Holders,
  now: number,
  isReturn: boolean,
): { enqueued: Enqueued[]; problem: Error | null } {
  const enqueued: Enqueued[] = [];
  const ids = new Set<string>();
  for (const job of jobs) {
    const { id, uniqueKey: key } = job;
    const holder = key === null ? undefined : holders.get(key);
    if (holder && isReturn) {
      enqueued.push({ id: holder.id, isNew: false });
      continue;
    }
    if (holder) return { enqueued, problem: new UniqueKeyTakenError({ id, key: key!, holder }) };
    if (ids.has(id)) return { enqueued, problem: new IdTakenError(id) };
    ids.add(id);
    if (key !== null) holders.set(key, { id, state: stateOf(job, now) });
    enqueued.push({ id, isNew: true });
  }
  return { enqueued, problem: null };
}

function* portionsOf(jobs: readonly NewJob[]): Generator<readonly NewJob[]> {
  let portion: NewJob[] = [];
  let size = 0;
  for (const job of jobs) {
    portion.push(job);
    size += job.command.length;
    if (portion.length < MOST_JOBS && size < MOST_TEXT) continue;
    yield portion;
    portion = [];
    size = 0;
  }
  if (portion.length > 0) yield portion;
}

function runAtOf({ delay, runAt }: NewJob, now: number): number | null {
  return delay === null ? runAt : now + delay;
}

function stateOf(job: NewJob, now: number): State {
  const { held, after } = job;
  return waitingState({ held, blocked: after.length > 0, runAt: runAtOf(job, now) }, now);
}

function columnsOf(job: NewJob, now: number): Record<keyof typeof COLUMNS, string | number | null> {
  const state = stateOf(job, now);
  return {
    id: job.id,
    queue: job.queue,
    state,
    priority: job.priority,
    max_retries: job.maxRetries,
    backoff_base: job.backoffBase,
    backoff_max: job.backoffMax,
    backoff_jitter: job.backoffJitter,
    timeout: job.timeout,
    run_at: state === "pending" ? null : runAtOf(job, now),
    unique_key: job.uniqueKey,
    schedule: job.schedule,
    fire_time: job.fireTime,
    cwd: job.cwd,
    tags: listText(job.tags),
    after: listText(job.after),
    fatal_exit_codes: listText(job.fatalExitCodes),
    env: JSON.stringify(job.env),
    has_stdin: job.stdin === null ? 0 : 1,
    command: job.command,
  };
}
