import assert from "node:assert/strict";
import fc from "fast-check";
import type { Job } from "../../src/job/job.ts";
import { attemptToJson, jobToJson } from "../../src/job/json.ts";
import { parseSpec, resolveSpec } from "../../src/job/spec.ts";

/** The keys that every printed job has (DESIGN section 2). */
const KEYS = `id command queue state priority attempts max_retries timeout backoff_base run_at
  created_at updated_at started_at finished_at exit_code error worker_id cwd tags unique_key after`
  .split(/\s+/);

const job: Job = {
  id: "a",
  command: "exit 3",
  queue: "mail",
  priority: -10,
  maxRetries: 2,
  backoffBase: 1.5,
  backoffMax: 90_500,
  backoffJitter: 0.1,
  timeout: 1500,
  uniqueKey: "k",
  after: [{ id: "p", on: "notok" }],
  fatalExitCodes: [2, 64],
  schedule: "nightly",
  fireTime: 1_800_000_000_000,
  envNames: ["LANG", "TOKEN"],
  progress: { percent: 40, message: "encoding" },
  cwd: "/tmp",
  tags: ["x"],
  state: "failed",
  attempts: 1,
  runAt: 1_800_000_002_000,
  createdAt: 1_800_000_000_000,
  updatedAt: 1_800_000_001_000,
  startedAt: 1_800_000_000_500,
  finishedAt: null,
  exitCode: 3,
  error: "exit code 3",
  workerId: "w",
  cancelRequested: false,
};

Deno.test("jobToJson: prints all keys, times in UTC, durations in seconds", () => {
  const json = jobToJson(job);
  assert.deepEqual(json, {
    id: "a",
    command: "exit 3",
    queue: "mail",
    state: "failed",
    priority: -10,
    attempts: 1,
    max_retries: 2,
    timeout: 1.5,
    backoff_base: 1.5,
    backoff_max: 90.5,
    backoff_jitter: 0.1,
    run_at: "2027-01-15T08:00:02.000Z",
    created_at: "2027-01-15T08:00:00.000Z",
    updated_at: "2027-01-15T08:00:01.000Z",
    started_at: "2027-01-15T08:00:00.500Z",
    finished_at: null,
    exit_code: 3,
    error: "exit code 3",
    worker_id: "w",
    cwd: "/tmp",
    tags: ["x"],
    unique_key: "k",
    after: [{ id: "p", on: "notok" }],
    env: ["LANG", "TOKEN"],
    fatal_exit_codes: [2, 64],
    schedule: "nightly",
    fire_time: "2027-01-15T08:00:00.000Z",
    progress: { percent: 40, message: "encoding" },
  });
  for (const key of KEYS) assert.ok(Object.hasOwn(json, key), key);
});

Deno.test("jobToJson: what is not there is null", () => {
  const json = jobToJson({
    ...job,
    timeout: null,
    uniqueKey: null,
    after: [],
    fatalExitCodes: [],
    schedule: null,
    fireTime: null,
    envNames: [],
    progress: null,
    tags: [],
    runAt: null,
  });
  for (
    const key of [
      "timeout",
      "unique_key",
      "after",
      "fatal_exit_codes",
      "schedule",
      "fire_time",
      "env",
      "progress",
      "run_at",
    ] as const
  ) assert.equal(json[key], null, key);
  assert.deepEqual(json.tags, []);
});

Deno.test("jobToJson: what it prints of a new job is accepted as a spec and means the same", () => {
  const specs = fc.record({
    command: fc.string({ minLength: 1 }).filter((text) =>
      text.trim() !== "" && !text.includes("\0") && text.isWellFormed()
    ),
    queue: fc.constantFrom("default", "mail-2"),
    priority: fc.integer({ min: -1000, max: 1000 }),
    max_retries: fc.nat(),
    backoff_base: fc.double({ min: 0, max: 1000, noNaN: true }),
    backoff_max: fc.nat(1_000_000_000).map((milliseconds) => milliseconds / 1000),
    backoff_jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    tags: fc.uniqueArray(fc.constantFrom("x", "y", "ünï")),
    timeout: fc.integer({ min: 1, max: 1_000_000_000 }).map((milliseconds) => milliseconds / 1000),
    run_at: fc.integer({ min: 0, max: 253_402_300_799_999 })
      .map((time) => new Date(time).toISOString()),
    unique_key: fc.string({ minLength: 1, maxLength: 256 }).filter((text) => !text.includes("\0")),
    after: fc.uniqueArray(fc.constantFrom("p", "q", "r"))
      .map((ids) => ids.map((id) => ({ id, on: "any" as const }))),
    fatal_exit_codes: fc.uniqueArray(fc.integer({ min: 1, max: 255 })),
  }, { requiredKeys: ["command"] });
  const defaults = {
    maxRetries: 3,
    backoffBase: 2,
    backoffMax: 86_400_000,
    backoffJitter: 0,
    timeout: 1,
    cwd: "/srv",
    base: "/srv",
  };
  fc.assert(fc.property(specs, fc.boolean(), (spec, withLog) => {
    // No timeout is null, which is absent and asks the config.
    const resolved = resolveSpec(parseSpec({ timeout: 7, ...spec }), defaults, () => "new-id");
    const json = jobToJson({
      ...resolved,
      envNames: [],
      progress: null,
      state: "pending",
      attempts: 0,
      createdAt: 1,
      updatedAt: 1,
      startedAt: null,
      finishedAt: null,
      exitCode: null,
      error: null,
      workerId: null,
      cancelRequested: false,
    });
    const printed = JSON.parse(JSON.stringify(withLog ? { ...json, attempt_log: [] } : json));
    const again = resolveSpec(
      parseSpec(printed),
      OTHERS,
      () => "other",
    );
    assert.deepEqual(again, JSON.parse(JSON.stringify(resolved)));
  }));
});

/** A config of which nothing may turn up in a job that was printed with another. */
const OTHERS = {
  maxRetries: 9,
  backoffBase: 9,
  backoffMax: 9,
  backoffJitter: 0.9,
  timeout: 9,
  cwd: "/other",
  base: "/other",
};

Deno.test("attemptToJson: prints the log as the design says", () => {
  const attempt = {
    attempt: 2,
    outcome: "failed",
    startedAt: 1_800_000_000_000,
    finishedAt: 1_800_000_000_250,
    exitCode: 1,
    error: "exit code 1",
    workerId: "w",
    host: "h",
    outputBytes: 12,
  } as const;
  assert.deepEqual(attemptToJson(attempt), {
    attempt: 2,
    outcome: "failed",
    started_at: "2027-01-15T08:00:00.000Z",
    finished_at: "2027-01-15T08:00:00.250Z",
    exit_code: 1,
    error: "exit code 1",
    worker_id: "w",
    host: "h",
    output_bytes: 12,
  });
  const running = attemptToJson({ ...attempt, outcome: null, finishedAt: null, exitCode: null });
  assert.deepEqual([running.outcome, running.finished_at, running.exit_code], [null, null, null]);
});
