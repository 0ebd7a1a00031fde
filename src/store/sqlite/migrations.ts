/**
 * The schema, as numbered steps that are never edited once released. The newest version that this
 * program knows is the number of steps.
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
  run_at INTEGER CHECK ((run_at IS NOT NULL) = (state IN ('scheduled', 'failed'))),
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
  cwd TEXT,
  tags TEXT NOT NULL DEFAULT '[]' CHECK (json_type(tags) = 'array'),
  command TEXT NOT NULL
) STRICT;

CREATE INDEX job_state ON job (state, seq);
CREATE INDEX job_claim ON job (queue, priority DESC, seq) WHERE state = 'pending';
CREATE INDEX job_due ON job (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX job_running ON job (worker_id) WHERE state = 'processing';

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
  started_at INTEGER NOT NULL,
  heartbeat INTEGER NOT NULL DEFAULT 0,
  heartbeat_at INTEGER NOT NULL,
  observed_heartbeat INTEGER NOT NULL DEFAULT 0,
  unmoved_for INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
`;

/** The steps, in order; the first makes version 1. */
export const MIGRATIONS: readonly string[] = [CORE];
