PRAGMA application_id = 1902343217;
CREATE TABLE migration (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;
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
CREATE TABLE counter (
  state TEXT NOT NULL,
  queue TEXT NOT NULL,
  jobs INTEGER NOT NULL CHECK (jobs >= 0),
  PRIMARY KEY (state, queue)
) STRICT, WITHOUT ROWID;
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
  output_bytes INTEGER NOT NULL DEFAULT 0, ahead INTEGER NOT NULL DEFAULT 0,
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
INSERT INTO migration (version, applied_at) VALUES (1, 1800000000000);
INSERT INTO migration (version, applied_at) VALUES (2, 1800000000000);
INSERT INTO migration (version, applied_at) VALUES (3, 1800000000000);
INSERT INTO setting (key, value) VALUES ('lease', '60s');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (1, 'completed', 'limited', 'completed', 0, 1, 1, 0, 1.5, 86400000, 0.25, NULL, NULL, 1800000000000, 1800000001500, 1800000000000, 1800000001500, 0, NULL, 'worker-1', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (2, 'dead', 'default', 'dead', 0, 1, 1, 0, 2, 86400000, 0, NULL, NULL, 1800000001500, 1800000003000, 1800000001500, 1800000003000, 1, 'exit code 1, which is fatal', 'worker-1', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[1]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (3, 'orphaned', 'default', 'cancelled', 0, 0, 0, 0, 2, 86400000, 0, NULL, NULL, 1800000003000, 1800000003000, NULL, 1800000003000, NULL, 'cancelled', NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (4, 'child', 'default', 'cancelled', 0, 0, 0, 0, 2, 86400000, 0, NULL, NULL, 1800000003000, 1800000003000, NULL, 1800000003000, NULL, 'its parent orphaned is cancelled', NULL, NULL, 0, NULL, 'orphaned', NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[{"id":"orphaned","on":"ok"}]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (5, 'twice', 'default', 'completed', 0, 1, 2, 0, 2, 86400000, 0, NULL, NULL, 1800000003000, 1800000006000, 1800000004500, 1800000006000, 0, NULL, 'worker-1', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (6, 'failed', 'default', 'failed', 0, 1, 1, 5, 2, 86400000, 0, NULL, 1800000009500, 1800000006000, 1800000007500, 1800000006000, NULL, 1, 'exit code 1', 'worker-1', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (7, 'fired', 'default', 'completed', 0, 1, 1, 0, 2, 86400000, 0, NULL, NULL, 1800000007500, 1800000007500, 1800000007500, 1800000007500, 0, NULL, 'worker-1', NULL, 0, NULL, NULL, NULL, 'tick', 1800000007500, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (8, 'ended', 'default', 'cancelled', 0, 1, 1, 0, 2, 86400000, 0, NULL, NULL, 1800000007500, 1800000007500, 1800000007500, 1800000007500, 143, 'cancelled', 'worker-1', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (9, 'running', 'limited', 'processing', 0, 1, 1, 0, 2, 86400000, 0, NULL, NULL, 1800000007500, 1800000007500, 1800000007500, NULL, NULL, NULL, 'worker-1', 'token-8', 0, NULL, NULL, NULL, NULL, NULL, 40, '40 of 100', NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (10, 'to-be-ended', 'default', 'processing', 0, 1, 1, 0, 2, 86400000, 0, NULL, NULL, 1800000007500, 1800000007500, 1800000007500, NULL, NULL, NULL, 'worker-1', 'token-9', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (11, 'brief', 'default', 'completed', 0, 1, 1, 0, 2, 86400000, 0, NULL, NULL, 1800000007500, 1800000007750, 1800000007500, 1800000007750, 0, NULL, 'worker-1', NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (12, 'held', 'default', 'held', 0, 0, 0, 0, 2, 86400000, 0, NULL, NULL, 1800000007750, 1800000007750, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '/srv/data', '[]', '[]', '[2,64]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (13, 'scheduled', 'default', 'scheduled', 0, 0, 0, 0, 2, 86400000, 0, NULL, 1800005407750, 1800000007750, 1800000007750, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (14, 'blocked', 'default', 'blocked', 0, 0, 0, 0, 2, 86400000, 0, NULL, NULL, 1800000007750, 1800000007750, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[{"id":"running","on":"ok"},{"id":"scheduled","on":"any"}]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (15, 'pending', 'paused', 'pending', 10, 0, 0, 0, 2, 86400000, 0, 90000, NULL, 1800000007750, 1800000007750, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{}', 0, 'printf ''it''''s "odd" %s\n'' "ü 日本"
echo ''second line''');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (16, 'unique', 'default', 'pending', 0, 0, 0, 0, 2, 86400000, 0, NULL, NULL, 1800000007750, 1800000007750, NULL, NULL, NULL, NULL, NULL, NULL, 0, 'only one', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '["nightly","it''s"]', '[]', '[]', '{}', 0, 'true');
INSERT INTO job (seq, id, queue, state, priority, attempts, runs, max_retries, backoff_base, backoff_max, backoff_jitter, timeout, run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, token, cancel_requested, unique_key, cancelled_by, was_waiting, schedule, fire_time, progress, progress_message, cwd, tags, after, fatal_exit_codes, env, has_stdin, command) VALUES (17, 'with-env', 'default', 'pending', 0, 0, 0, 0, 2, 86400000, 0, NULL, NULL, 1800000007750, 1800000007750, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '[]', '[]', '{"NAME":"the value''s \"secret\""}', 1, 'true');
INSERT INTO sqlite_sequence (name, seq) VALUES ('job', 17);
INSERT INTO input (job, stdin) VALUES (17, 'line 1
line 2');
INSERT INTO dependency (parent, job, condition) VALUES ('running', 14, 'ok');
INSERT INTO dependency (parent, job, condition) VALUES ('scheduled', 14, 'any');
INSERT INTO queue (name, paused, job_limit, rate_count, rate_period) VALUES ('limited', 0, 2, 5, 60000);
INSERT INTO queue (name, paused, job_limit, rate_count, rate_period) VALUES ('paused', 1, NULL, NULL, NULL);
INSERT INTO start (queue, number, at) VALUES ('limited', 1, 1800000000000);
INSERT INTO start (queue, number, at) VALUES ('limited', 2, 1800000007500);
INSERT INTO schedule (name, cron, timezone, catch_up, overlap, spec, paused, next_at, created_at, last_at, last_job) VALUES ('off', '* * * * *', 'Europe/Berlin', 'none', 'allow', '{"command":"date","env":{"A":"b"}}', 1, NULL, 1800000007750, NULL, NULL);
INSERT INTO schedule (name, cron, timezone, catch_up, overlap, spec, paused, next_at, created_at, last_at, last_job) VALUES ('tick', '* * * * *', 'Europe/Berlin', 'none', 'allow', '{"command":"true"}', 0, 1800000067500, 1800000007500, 1800000007500, 'fired');
INSERT INTO counter (state, queue, jobs) VALUES ('blocked', 'default', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('cancelled', 'default', 3);
INSERT INTO counter (state, queue, jobs) VALUES ('completed', 'default', 3);
INSERT INTO counter (state, queue, jobs) VALUES ('completed', 'limited', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('dead', 'default', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('failed', 'default', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('held', 'default', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('pending', 'default', 2);
INSERT INTO counter (state, queue, jobs) VALUES ('pending', 'limited', 0);
INSERT INTO counter (state, queue, jobs) VALUES ('pending', 'paused', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('processing', 'default', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('processing', 'limited', 1);
INSERT INTO counter (state, queue, jobs) VALUES ('scheduled', 'default', 1);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (1, 1, 'completed', 1800000000000, 1800000001500, 0, NULL, 'worker-1', 'host-a', 200, '2000', 12, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (2, 1, 'failed', 1800000001500, 1800000003000, 1, 'exit code 1, which is fatal', 'worker-1', 'host-a', 200, '2000', 19, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (5, 1, 'failed', 1800000003000, 1800000004500, 1, 'exit code 1', 'worker-1', 'host-a', 200, '2000', 5, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (5, 2, 'completed', 1800000004500, 1800000006000, 0, NULL, 'worker-1', 'host-a', 200, '2000', 6, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (6, 1, 'failed', 1800000006000, 1800000007500, 1, 'exit code 1', 'worker-1', 'host-a', 200, '2000', 6, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (7, 1, 'completed', 1800000007500, 1800000007500, 0, NULL, 'worker-1', 'host-a', 200, '2000', 0, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (8, 1, 'cancelled', 1800000007500, 1800000007500, 143, 'cancelled', 'worker-1', 'host-a', 200, '2000', 0, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (9, 1, NULL, 1800000007500, NULL, NULL, NULL, 'worker-1', 'host-a', 200, '2000', 0, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (10, 1, NULL, 1800000007500, NULL, NULL, NULL, 'worker-1', 'host-a', 200, '2000', 0, 0);
INSERT INTO attempt (job, attempt, outcome, started_at, finished_at, exit_code, error, worker_id, host, launcher_pid, launcher_start, output_bytes, ahead) VALUES (11, 1, 'completed', 1800000007500, 1800000007750, 0, NULL, 'worker-1', 'host-a', 200, '2000', 0, 0);
INSERT INTO output (job, attempt, seq, stream, time, missing, bytes) VALUES (1, 1, 0, 'stdout', 5, 0, X'616c6c2069732077656c6c0a');
INSERT INTO output (job, attempt, seq, stream, time, missing, bytes) VALUES (2, 1, 0, 'stdout', 5, 0, X'776861742077656e742077726f6e673a20c3bc0a');
INSERT INTO output (job, attempt, seq, stream, time, missing, bytes) VALUES (5, 1, 0, 'stdout', 5, 0, X'6f6e63650a');
INSERT INTO output (job, attempt, seq, stream, time, missing, bytes) VALUES (5, 2, 0, 'stdout', 5, 0, X'74776963650a');
INSERT INTO output (job, attempt, seq, stream, time, missing, bytes) VALUES (6, 1, 0, 'stdout', 5, 0, X'616761696e0a');
INSERT INTO output (job, attempt, seq, stream, time, missing, bytes) VALUES (9, 1, 0, 'stdout', 5, 0, X'736f206661720a');
INSERT INTO worker (id, host, host_identity, pid, process_start, join_order, slots, queues, draining, stop_request, slots_request, started_at, heartbeat, heartbeat_at, observed_heartbeat, unmoved_for) VALUES ('worker-1', 'host-a', 'boot-a', 100, '1000', 1, 4, '["default","limited"]', 0, NULL, NULL, 1800000000000, 19, 1800000007500, 0, 0);
INSERT INTO worker (id, host, host_identity, pid, process_start, join_order, slots, queues, draining, stop_request, slots_request, started_at, heartbeat, heartbeat_at, observed_heartbeat, unmoved_for) VALUES ('worker-2', 'host-a', 'boot-a', 101, '1001', 2, 4, NULL, 0, 'drain', NULL, 1800000007750, 0, 1800000007750, 0, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (0, 0, 'default', 'cancelled', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (0, 0, 'default', 'completed', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (0, 0, 'default', 'completed', 43, 1, 1500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (0, 0, 'default', 'failed', 43, 3, 4500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (0, 0, 'limited', 'completed', 43, 1, 1500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, '', 'cancelled', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, '', 'completed', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, '', 'completed', 43, 2, 3000);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, '', 'failed', 43, 3, 4500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, 'default', 'cancelled', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, 'default', 'completed', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, 'default', 'completed', 43, 1, 1500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, 'default', 'failed', 43, 3, 4500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (60000, 1800000000000, 'limited', 'completed', 43, 1, 1500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, '', 'cancelled', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, '', 'completed', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, '', 'completed', 43, 2, 3000);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, '', 'failed', 43, 3, 4500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, 'default', 'cancelled', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, 'default', 'completed', 0, 1, 0);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, 'default', 'completed', 43, 1, 1500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, 'default', 'failed', 43, 3, 4500);
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration) VALUES (900000, 1800000000000, 'limited', 'completed', 43, 1, 1500);
INSERT INTO ended_attempts (number, list) VALUES (1, '1800000000000 "default" completed 32 1 250
');
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
CREATE INDEX dependency_job ON dependency (job);
CREATE INDEX start_at ON start (queue, at, number);
CREATE INDEX schedule_due ON schedule (next_at) WHERE paused = 0 AND next_at IS NOT NULL;
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
CREATE UNIQUE INDEX output_order ON output (job, attempt, seq);
CREATE INDEX job_to_cancel ON job (worker_id) WHERE cancel_requested = 1;
CREATE INDEX job_error ON job (error, finished_at) WHERE state = 'dead';
