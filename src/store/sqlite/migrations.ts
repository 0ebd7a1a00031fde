/**
 * The schema, as numbered steps that are never edited once released. The newest version that this
 * program knows is the number of steps. All are released: `tests/store/sqlite/migrations_test.ts` holds
 * their hashes, and `schemas/` beside it a store of each; a step that is to be released gets both.
 *
 * @module
 */

/**
 * `seq` is the order of arrival. `token` names the running attempt and fences writes about it;
 * `runs` counts attempts over the whole life, `attempts` in this life. Counters are kept by
 * triggers, so that no code path can forget them: claim + settle falls from 80,000 to 67,000 a
 * second for it, and `status` reads a handful of rows however many jobs there are. The states are
 * compared one by one, the frequent ones first: for `IN` SQLite fills a table at every write, which
 * costs 2 of 9 µs.
 *
 * `dependency` holds the parents that have yet to end; those of a job in `after` that are not there have
 * ended as they should. `ended_parent` names jobs that have ended and whose dependents have yet to be told.
 * `was_waiting` says what else a job waited for when it was cancelled because of a parent, `cancelled_by`.
 * `start` holds when attempts began, in queues with a rate.
 */
const CORE = `
CREATE TABLE setting (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state = 'processing' OR state = 'completed' OR state = 'pending'
    OR state = 'failed' OR state = 'dead' OR state = 'cancelled' OR state = 'scheduled'
    OR state = 'blocked' OR state = 'held'),
  priority INTEGER NOT NULL CHECK (priority BETWEEN -1000 AND 1000),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  runs INTEGER NOT NULL DEFAULT 0 CHECK (runs >= attempts),
  max_retries INTEGER NOT NULL CHECK (max_retries >= 0),
  backoff_base REAL NOT NULL CHECK (backoff_base >= 0),
  backoff_max INTEGER NOT NULL CHECK (backoff_max >= 0),
  backoff_jitter REAL NOT NULL CHECK (backoff_jitter BETWEEN 0 AND 1),
  timeout INTEGER CHECK (timeout > 0),
  run_at INTEGER CHECK (CASE WHEN run_at IS NULL THEN state <> 'scheduled' AND state <> 'failed'
    ELSE state = 'failed' OR state = 'scheduled' OR state = 'blocked' OR state = 'held'
      OR cancelled_by IS NOT NULL END),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  exit_code INTEGER,
  error TEXT,
  worker_id TEXT,
  token TEXT CHECK ((token IS NOT NULL) = (state = 'processing')),
  cancel_requested INTEGER NOT NULL DEFAULT 0
    CHECK (cancel_requested = 0 OR (cancel_requested = 1 AND state = 'processing')),
  unique_key TEXT,
  cancelled_by TEXT CHECK (cancelled_by IS NULL OR state = 'cancelled'),
  was_waiting TEXT CHECK (was_waiting IS NULL OR cancelled_by IS NOT NULL),
  schedule TEXT,
  fire_time INTEGER CHECK ((fire_time IS NULL) = (schedule IS NULL)),
  progress REAL CHECK (progress BETWEEN 0 AND 100),
  progress_message TEXT,
  cwd TEXT,
  tags TEXT NOT NULL DEFAULT '[]' CHECK (tags = '[]' OR json_type(tags) = 'array'),
  after TEXT NOT NULL DEFAULT '[]' CHECK (after = '[]' OR json_type(after) = 'array'),
  fatal_exit_codes TEXT NOT NULL DEFAULT '[]'
    CHECK (fatal_exit_codes = '[]' OR json_type(fatal_exit_codes) = 'array'),
  env TEXT NOT NULL DEFAULT '{}' CHECK (env = '{}' OR json_type(env) = 'object'),
  has_stdin INTEGER NOT NULL DEFAULT 0,
  command TEXT NOT NULL
) STRICT;

CREATE INDEX job_state ON job (state, seq);
CREATE INDEX job_claim ON job (queue, priority DESC, seq) WHERE state = 'pending';
CREATE INDEX job_due ON job (run_at) WHERE state = 'scheduled' OR state = 'failed';
CREATE INDEX job_running ON job (worker_id, queue) WHERE state = 'processing';
CREATE INDEX job_ended ON job (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX job_unique_key ON job (unique_key) WHERE unique_key IS NOT NULL
  AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled';
CREATE INDEX job_cancelled_by ON job (cancelled_by) WHERE cancelled_by IS NOT NULL;
CREATE UNIQUE INDEX job_firing ON job (schedule, fire_time) WHERE schedule IS NOT NULL;
CREATE INDEX job_of_schedule ON job (schedule) WHERE schedule IS NOT NULL
  AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled';

CREATE TABLE input (
  job INTEGER NOT NULL PRIMARY KEY,
  stdin TEXT NOT NULL
) STRICT;

CREATE TABLE dependency (
  parent TEXT NOT NULL,
  job INTEGER NOT NULL,
  condition TEXT NOT NULL CHECK (condition IN ('ok', 'any', 'notok')),
  PRIMARY KEY (parent, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependency_job ON dependency (job);

CREATE TABLE ended_parent (
  id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
  name TEXT NOT NULL PRIMARY KEY,
  paused INTEGER NOT NULL DEFAULT 0,
  job_limit INTEGER CHECK (job_limit > 0),
  rate_count INTEGER CHECK (rate_count > 0),
  rate_period INTEGER CHECK (rate_period > 0),
  CHECK ((rate_count IS NULL) = (rate_period IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE start (
  queue TEXT NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (queue, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX start_at ON start (queue, at, number);

CREATE TABLE schedule (
  name TEXT NOT NULL PRIMARY KEY,
  cron TEXT NOT NULL,
  timezone TEXT NOT NULL,
  catch_up TEXT NOT NULL CHECK (catch_up IN ('none', 'one', 'all')),
  overlap TEXT NOT NULL CHECK (overlap IN ('allow', 'skip')),
  spec TEXT NOT NULL CHECK (json_type(spec) = 'object'),
  paused INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER,
  created_at INTEGER NOT NULL,
  last_at INTEGER,
  last_job TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_due ON schedule (next_at) WHERE paused = 0 AND next_at IS NOT NULL;

CREATE TABLE counter (
  state TEXT NOT NULL,
  queue TEXT NOT NULL,
  jobs INTEGER NOT NULL CHECK (jobs >= 0),
  PRIMARY KEY (state, queue)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER job_inserted AFTER INSERT ON job BEGIN
  INSERT INTO counter (state, queue, jobs) VALUES (NEW.state, NEW.queue, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_moved AFTER UPDATE OF state, queue ON job
WHEN OLD.state <> NEW.state OR OLD.queue <> NEW.queue BEGIN
  UPDATE counter SET jobs = jobs - 1 WHERE state = OLD.state AND queue = OLD.queue;
  INSERT INTO counter (state, queue, jobs) VALUES (NEW.state, NEW.queue, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_deleted AFTER DELETE ON job BEGIN
  UPDATE counter SET jobs = jobs - 1 WHERE state = OLD.state AND queue = OLD.queue;
  DELETE FROM input WHERE job = OLD.seq;
  DELETE FROM dependency WHERE job = OLD.seq;
  DELETE FROM attempt WHERE job = OLD.seq;
  DELETE FROM output WHERE job = OLD.seq;
END;

CREATE TABLE attempt (
  job INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  outcome TEXT,
  started_at INTEGER NOT NULL,
  finished_at INTEGER CHECK ((finished_at IS NULL) = (outcome IS NULL)),
  exit_code INTEGER,
  error TEXT,
  worker_id TEXT NOT NULL,
  host TEXT NOT NULL,
  launcher_pid INTEGER NOT NULL,
  launcher_start TEXT NOT NULL,
  output_bytes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE output (
  job INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  stream TEXT NOT NULL CHECK (stream IN ('stdout', 'stderr')),
  time INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX output_order ON output (job, attempt, seq);

CREATE TABLE worker (
  id TEXT NOT NULL PRIMARY KEY,
  host TEXT NOT NULL,
  host_identity TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_start TEXT NOT NULL,
  join_order INTEGER NOT NULL,
  slots INTEGER NOT NULL,
  queues TEXT,
  draining INTEGER NOT NULL DEFAULT 0,
  stop_request TEXT CHECK (stop_request IN ('drain', 'now')),
  slots_request INTEGER,
  started_at INTEGER NOT NULL,
  heartbeat INTEGER NOT NULL DEFAULT 0,
  heartbeat_at INTEGER NOT NULL,
  observed_heartbeat INTEGER NOT NULL DEFAULT 0,
  unmoved_for INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
`;

/**
 * `ahead` marks an attempt that its worker claimed before there was a free slot: if the worker dies, it may
 * turn out never to have begun. The index is for a worker's question, at each tick, which of its jobs are to
 * end: without it that reads every job that runs.
 */
const AHEAD = `
ALTER TABLE attempt ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;
CREATE INDEX job_to_cancel ON job (worker_id) WHERE cancel_requested = 1;
`;

/**
 * `statistic` counts attempts by their end, in steps of so many milliseconds, each beginning at `at`; step 0
 * is since the store was made, and the queue without a name is all of them. A tick that settles only writes a list into
 * `ended_attempts`, with lines of `MINUTE QUEUE OUTCOME BUCKET ATTEMPTS DURATION`, the queue as JSON; a later one adds up many
 * of them at once. The index is for the dead jobs that died alike, last one first.
 */
const STATISTICS = `
CREATE TABLE statistic (
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  queue TEXT NOT NULL,
  outcome TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts > 0),
  duration INTEGER NOT NULL CHECK (duration >= 0),
  PRIMARY KEY (step, at, queue, outcome, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE ended_attempts (
  number INTEGER PRIMARY KEY,
  list TEXT NOT NULL
) STRICT;

CREATE INDEX job_error ON job (error, finished_at) WHERE state = 'dead';
`;

/** The steps, in order; the first makes version 1. */
export const MIGRATIONS: readonly string[] = [CORE, AHEAD, STATISTICS];
