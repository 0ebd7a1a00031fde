/**
 * Stores that hold many jobs, made fast: by SQL on a connection of its own, before anybody else has the
 * file open. The tables, their checks and triggers are those of the program.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { openSqlite } from "../../store/open_sqlite.ts";

/**
 * How jobs ended, or what they wait for, in their order of arrival: what has ended came first. A full
 * store has as many of each.
 */
const KINDS = ["finished", "dead", "scheduled", "blocked", "paused", "waiting"] as const;
type Kind = (typeof KINDS)[number];

/** The queue of the jobs that nobody may claim. */
export const PAUSED_QUEUE = "paused";

/** One job in so many has the tag `some`; the oldest job also has `old`. */
const TAGGED = 20;

/** A store that is to be made. */
export interface FullStoreOptions {
  readonly jobs: number;
  /** Of which kinds, as many of each; all if absent. */
  readonly kinds?: readonly Kind[];
  /** The jobs that are not paused are spread over so many queues; `default` alone if absent. */
  readonly queues?: number;
}

/** An hour ago, so that what has finished is younger than any retention; milliseconds. */
const BEGIN = Date.now() - 3_600_000;
/** A year from now: no tick promotes it. */
const FAR = BEGIN + 365 * 86_400_000;

/** The first 48 bits are milliseconds; these ids come before all that the program makes. */
const FIRST_ID = Math.floor(BEGIN / 65536) - 1000;

/** Like an id that the program makes: it grows with time, and ends at random. */
const id = (n: string) =>
  `printf('%08x-%04x-7%03x-a%03x-%012x', ${FIRST_ID} + (${n}) / 65536, (${n}) % 65536,
    (${n}) * 2654435761 % 4096, (${n}) * 40503 % 4096, (${n}) * 11400714819323 % 281474976710656)`;

/** A blocked job waits for a paused one. */
function fill(kinds: readonly Kind[]): string {
  const kind = (...names: readonly Kind[]) =>
    `kind IN (${names.map((name) => kinds.indexOf(name)).join(", ")})`;
  return `
INSERT INTO job (id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max,
  backoff_jitter, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id,
  cwd, tags, after, command)
WITH RECURSIVE
  number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?),
  fact (n, kind, each) AS (SELECT n, CAST(n / ? AS INTEGER), CAST(? AS INTEGER) FROM number)
SELECT ${id("n")},
  CASE WHEN ${kind("paused")} THEN '${PAUSED_QUEUE}' WHEN ? = 1 THEN 'default'
    ELSE 'queue-' || (n % CAST(? AS INTEGER)) END,
  CASE WHEN ${kind("waiting", "paused")} THEN 'pending' WHEN ${kind("scheduled")} THEN 'scheduled'
    WHEN ${kind("blocked")} THEN 'blocked' WHEN ${kind("finished")} THEN 'completed'
    ELSE 'dead' END,
  0, ${kind("finished", "dead")}, ${kind("finished", "dead")}, 0, 2, 86400000, 0,
  iif(${kind("scheduled")}, ${FAR} + n, NULL), ${BEGIN} + n / 1000, ${BEGIN} + n / 1000,
  iif(${kind("finished", "dead")}, ${BEGIN} + n / 1000, NULL),
  iif(${kind("finished", "dead")}, ${BEGIN} + n / 1000 + 5, NULL),
  CASE WHEN ${kind("finished")} THEN 0 WHEN ${kind("dead")} THEN 1 END,
  iif(${kind("dead")}, 'exit code 1', NULL),
  iif(${kind("finished", "dead")}, 'worker', NULL),
  '/home/somebody/work',
  CASE WHEN n = 0 THEN '["some","old"]' WHEN n % ${TAGGED} = 0 THEN '["some"]' ELSE '[]' END,
  iif(${kind("blocked")}, '[{"id":"' || ${id("n + each")} || '","on":"ok"}]', '[]'),
  'convert photo-' || n || '.png photo-' || n || '.jpg'
FROM fact`;
}

const FILL_ATTEMPTS = `
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host,
  launcher_pid, launcher_start, output_bytes)
SELECT seq, 1, iif(state = 'completed', 'completed', 'failed'), started_at, finished_at, exit_code,
  error, worker_id, 'host', 4711, '12345678', 0
FROM job WHERE finished_at IS NOT NULL`;

const FILL_DEPENDENCIES = `
INSERT INTO dependency (parent, job, condition)
SELECT after ->> '$[0].id', seq, 'ok' FROM job WHERE state = 'blocked'`;

/** Makes a store with so many jobs, or a few more: as many of each kind. */
export async function makeFullStore(path: string, options: FullStoreOptions): Promise<void> {
  const { queues = 1, kinds = KINDS } = options;
  const each = Math.ceil(options.jobs / kinds.length);
  {
    await using store = await openSqlite(path, { create: true });
    await store.configureQueue(PAUSED_QUEUE, { paused: true }, { create: true });
  }
  const connection = new DatabaseSync(path);
  connection.exec(
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000",
  );
  connection.prepare(fill(kinds)).run(each * kinds.length, each, each, queues, queues);
  connection.exec(`${FILL_ATTEMPTS}; ${FILL_DEPENDENCIES}; PRAGMA journal_mode = WAL`);
  connection.close();
  // Or the kernel writes it out while others measure.
  using file = await Deno.open(path, { write: true });
  await file.syncData();
}
