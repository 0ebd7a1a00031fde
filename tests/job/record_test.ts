import assert from "node:assert/strict";
import fc from "fast-check";
import { jobToRecord, type MovedJob, pieceToRecord } from "../../src/job/record.ts";
import { readRecord, type RecordSurroundings } from "../../src/job/read_record.ts";
import { errorText } from "../../src/job/outcome.ts";
import { SpecError } from "../../src/job/spec.ts";
import { movedJob } from "./moved_jobs.ts";

const NOW = Date.UTC(2027, 0, 15, 8);

const SURROUNDINGS: RecordSurroundings = {
  defaults: {
    maxRetries: 3,
    backoffBase: 2,
    backoffMax: 86_400_000,
    backoffJitter: 0.5,
    timeout: 60_000,
    cwd: "/home/me",
    base: "/home/me",
  },
  now: NOW,
  random: () => 0.5,
  newId: () => "fresh",
  dropEnv: false,
};

const read = (record: unknown, overrides: Partial<RecordSurroundings> = {}) =>
  readRecord(record, { ...SURROUNDINGS, ...overrides }).moved;

/** What an export would write of it. */
function written({ output, ...kept }: MovedJob): unknown {
  return { ...jobToRecord(kept, true), output: output.map(pieceToRecord) };
}

const refuses = (record: unknown, message: RegExp) =>
  assert.throws(() => read(record), (error: unknown) => {
    assert.ok(error instanceof SpecError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n|\.$/);
    return true;
  });

const TIMES = {
  created_at: "2027-01-01T00:00:00.000Z",
  updated_at: "2027-01-02T00:00:00.000Z",
  started_at: "2027-01-02T00:00:00.000Z",
};
const DEAD = { command: "x", state: "dead", attempts: 1, finished_at: "2027-01-02T00:00:00Z" };
const ATTEMPT = {
  attempt: 1,
  outcome: "failed",
  started_at: "2027-01-01T00:00:00Z",
  finished_at: "2027-01-01T00:00:01Z",
  exit_code: 1,
  error: "exit code 1",
  worker_id: "w",
  host: "h",
  output_bytes: 2,
};

Deno.test("readRecord() cuts an error that an older version has kept at any length", () => {
  const { job } = read({ ...DEAD, error: "x".repeat(5000) });
  assert.equal(job.error, errorText("x".repeat(5000)));
});

Deno.test("readRecord() gives back what jobToRecord() wrote", () => {
  fc.assert(
    fc.property(movedJob("a", ["p", "q"]), (moved) => {
      const record = JSON.parse(JSON.stringify(written(moved)));
      assert.deepEqual(read(record), moved);
      assert.deepEqual(JSON.parse(JSON.stringify(written(read(record)))), record);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("readRecord() takes what is missing of a new job from the defaults", () => {
  const { job, runs, waitsFor, attempts, output, stdin } = read({ command: "true" });
  assert.deepEqual(
    [job.id, job.state, job.maxRetries, job.timeout, job.cwd, job.attempts, runs],
    ["fresh", "pending", 3, 60_000, "/home/me", 0, 0],
  );
  assert.deepEqual([job.createdAt, job.updatedAt, job.runAt], [NOW, NOW, null]);
  assert.deepEqual([waitsFor, attempts, output, stdin], [[], [], [], null]);
});

Deno.test("readRecord() understands other spellings, and null as it was printed", () => {
  const { job } = read({
    Command: "true",
    "max-retries": 7,
    createdAt: "2027-01-01T00:00:00Z",
    timeout: null,
    cwd: null,
  });
  assert.deepEqual(
    [job.maxRetries, job.createdAt, job.timeout, job.cwd],
    [7, Date.UTC(2027, 0, 1), null, null],
  );
});

Deno.test("readRecord() works out the state of a new job", () => {
  const state = (keys: object) => {
    const { job: { state, runAt }, waitsFor } = read({ command: "true", ...keys });
    return [state, runAt, waitsFor];
  };
  assert.deepEqual(state({ delay: "1m" }), ["scheduled", NOW + 60_000, []]);
  assert.deepEqual(state({ run_at: "2027-01-15T09:00:00Z" }), ["scheduled", NOW + 3_600_000, []]);
  assert.deepEqual(state({ run_at: "2027-01-15T07:00:00Z" }), ["pending", null, []]);
  assert.deepEqual(state({ after: ["p", { id: "q", on: "any" }] }), ["blocked", null, ["p", "q"]]);
  assert.deepEqual(state({ after: ["p"], delay: 60 }), ["blocked", NOW + 60_000, ["p"]]);
  assert.deepEqual(state({ after: ["p"], waits_for: [] }), ["pending", null, []]);
  assert.deepEqual(state({ state: "held", after: ["p"] }), ["held", null, ["p"]]);
  // A printed job that has got past its parents.
  assert.deepEqual(state({ state: "pending", after: ["p"] }), ["pending", null, []]);
});

Deno.test("readRecord() settles a job that ran as if its worker were lost", () => {
  const running = {
    command: "true",
    state: "processing",
    attempts: 2,
    runs: 5,
    max_retries: 2,
    backoff_base: 3,
    backoff_jitter: 0,
    ...TIMES,
    worker_id: "w",
    attempt_log: [
      { ...ATTEMPT, attempt: 4 },
      { ...ATTEMPT, attempt: 5, outcome: null, finished_at: null, exit_code: null, error: null },
    ],
    output: [{ attempt: 5, stream: "stdout", time: "2027-01-02T00:00:00Z", text: "half" }],
  };
  const again = read(running);
  const { job } = again;
  assert.deepEqual(
    [job.state, job.attempts, job.runAt, job.finishedAt, job.error, job.updatedAt],
    ["failed", 2, NOW + 9000, null, "it ran when it was exported", NOW],
  );
  assert.deepEqual(
    again.attempts[0],
    read({
      ...DEAD,
      runs: 4,
      attempt_log: [
        { ...ATTEMPT, attempt: 4 },
      ],
    }).attempts[0],
  );
  const { outcome, finishedAt, error, outputBytes } = again.attempts[1]!;
  assert.deepEqual(
    [outcome, finishedAt, error, outputBytes],
    ["lost", NOW, "it ran when it was exported", 4],
  );
  const over = read({ ...running, max_retries: 1 }).job;
  assert.deepEqual([over.state, over.finishedAt, over.runAt], ["dead", NOW, null]);
  const cancelled = read({ ...running, cancel_requested: true });
  assert.deepEqual(
    [cancelled.job.state, cancelled.job.cancelRequested, cancelled.attempts[1]!.outcome],
    ["cancelled", false, "cancelled"],
  );
  // Without its log it can be settled all the same.
  const { attempt_log: _, output: __, ...bare } = running;
  assert.deepEqual([read(bare).job.state, read(bare).attempts], ["failed", []]);
});

Deno.test("readRecord() wants the values of env for a job that is yet to run", () => {
  const names = { command: "true", env: ["TOKEN", "LANG"] };
  refuses(names, /^"env" names TOKEN, LANG without values.*\{"TOKEN":"…"\}.*--drop-env$/);
  refuses({ ...names, state: "failed", attempts: 1, run_at: "2027-01-01T00:00:00Z" }, /--drop-env/);
  // It runs again, too.
  refuses({ ...names, state: "processing", attempts: 1 }, /--drop-env/);
  const dropped = readRecord(names, { ...SURROUNDINGS, dropEnv: true });
  assert.deepEqual([dropped.moved.env, dropped.lostEnv], [{}, ["TOKEN", "LANG"]]);
  const ended = readRecord({ ...DEAD, env: ["TOKEN"] }, SURROUNDINGS);
  assert.deepEqual([ended.moved.env, ended.lostEnv], [{}, ["TOKEN"]]);
  const given = readRecord({ command: "true", env: { TOKEN: "s" } }, SURROUNDINGS);
  assert.deepEqual(
    [given.moved.env, given.moved.job.envNames, given.lostEnv],
    [{ TOKEN: "s" }, ["TOKEN"], []],
  );
  refuses({ command: "true", env: ["1X"] }, /"env" has a name/);
  refuses({ command: "true", env: [1] }, /"env" must be an object of texts, or the names/);
  assert.deepEqual(read({ command: "true", env: [] }).env, {});
});

Deno.test("readRecord() refuses what no job can be", () => {
  const refused: readonly [object, RegExp][] = [
    [{ state: "scheduled" }, /"state" is scheduled, which needs "run_at"/],
    [{ state: "failed", attempts: 1 }, /"state" is failed, which needs "run_at"/],
    [{ state: "pending", run_at: "2028-01-01T00:00:00Z" }, /is pending, which has no "run_at"/],
    [{ ...DEAD, run_at: "2028-01-01T00:00:00Z" }, /is dead, which has no "run_at"/],
    [{ state: "completed", attempts: 1 }, /is completed, which needs "finished_at"/],
    [{ finished_at: "2027-01-01T00:00:00Z" }, /is pending, which has no "finished_at"/],
    [{ ...DEAD, attempts: 0 }, /is dead, which needs "attempts" of 1 or more/],
    [{ state: "processing" }, /is processing, which needs "attempts" of 1 or more/],
    [{ ...DEAD, attempts: 3, runs: 2 }, /"runs" is 2, fewer than "attempts", 3/],
    [{ cancelled_by: "p" }, /is pending, which has no "cancelled_by"/],
    [{ cancel_requested: true }, /is pending, which has no "cancel_requested"/],
    [{ schedule: "nightly" }, /"schedule" and "fire_time" belong together/],
    [{ state: "blocked" }, /is blocked, which needs parents/],
    [{ state: "blocked", after: ["p"], waits_for: [] }, /is blocked, which needs parents/],
    [{ after: ["p"], waits_for: ["q"] }, /"waits_for" names q, which is not in "after"/],
    [{ after: ["p"], waits_for: ["p", "p"] }, /"waits_for" names a job twice/],
    [{ state: "pending", after: ["p"], waits_for: ["p"] }, /is pending, which has no "waits_for"/],
    [{ ...DEAD, runs: 1, attempt_log: [{ ...ATTEMPT, attempt: 2 }] }, /attempt 2, but "runs" is 1/],
    [{ ...DEAD, attempt_log: [ATTEMPT, ATTEMPT] }, /attempt 1 after attempt 1/],
    [{ ...DEAD, attempt_log: [{ ...ATTEMPT, outcome: null }] }, /only one of "outcome"/],
    [
      { ...DEAD, attempt_log: [{ ...ATTEMPT, outcome: null, finished_at: null }] },
      /attempt 1, which has not ended/,
    ],
    [
      { ...DEAD, output: [{ attempt: 1, stream: "stdout", time: TIMES.created_at, text: "x" }] },
      /"output" is of attempt 1, which is not in "attempt_log"/,
    ],
    [
      {
        ...DEAD,
        attempt_log: [ATTEMPT],
        output: [1, 2].map(() => ({
          attempt: 1,
          stream: "stdout",
          time: TIMES.created_at,
          missing: 10 ** 15 / 2,
          text: "x",
        })),
      },
      /"output" goes on beyond 1000000000000000 bytes/,
    ],
    [
      {
        ...DEAD,
        attempt_log: [ATTEMPT],
        output: ["", "x"].map((text) => ({
          attempt: 1,
          stream: "stdout",
          time: TIMES.created_at,
          text,
        })),
      },
      /an empty piece before others/,
    ],
  ];
  for (const [keys, message] of refused) refuses({ command: "true", ...keys }, message);
});

Deno.test("readRecord() names the key, and the place within it, of a value that is wrong", () => {
  const piece = { attempt: 1, stream: "stdout", time: TIMES.created_at, text: "x" };
  const refused: readonly [object, RegExp][] = [
    [{ state: "done" }, /^"state" must be one of held, blocked, /],
    [{ Attempts: -1 }, /^"Attempts" must be an integer from 0 to 1000000000$/],
    [{ runs: Number.MAX_SAFE_INTEGER }, /^"runs" must be an integer from 0 to 1000000000$/],
    [{ exit_code: 2 ** 32 }, /^"exit_code" must be an integer of at most 32 bits$/],
    [
      { attempt_log: [{ ...ATTEMPT, output_bytes: Number.MAX_SAFE_INTEGER }] },
      /^"attempt_log" 1, "output_bytes" must be an integer from 0 to 1000000000000000$/,
    ],
    [{ output: [{ ...piece, missing: 10 ** 16 }] }, /^"output" 1, "missing" must be an integer/],
    [{ created_at: "yesterday" }, /^"created_at" must be a time/],
    [{ exit_code: "1" }, /^"exit_code" must be an integer of at most 32 bits$/],
    [{ error: 5 }, /^"error" must be a text$/],
    [{ error: "\ud800" }, /^"error" is not valid Unicode/],
    [{ worker_id: "a\0b" }, /^"worker_id" holds a NUL character$/],
    [{ schedule: "", fire_time: TIMES.created_at }, /^"schedule" is empty$/],
    [{ progress: { percent: 101 } }, /^"progress", "percent" must be a number from 0 to 100$/],
    [{ progress: 5 }, /^"progress" must be progress such as/],
    [{ waits_for: ["p", "-"] }, /^"waits_for" 2 must begin with a letter or digit/],
    [{ cancelled_by: "" }, /^"cancelled_by" must begin with a letter or digit/],
    [{ cancel_requested: "yes" }, /^"cancel_requested" must be true or false$/],
    [{ attempt_log: {} }, /^"attempt_log" must be a list of attempts$/],
    [{ attempt_log: [ATTEMPT, { ...ATTEMPT, attempt: 0 }] }, /^"attempt_log" 2, "attempt" must be/],
    [
      { attempt_log: [{ ...ATTEMPT, outcome: "won" }] },
      /^"attempt_log" 1, "outcome" must be one of/,
    ],
    [{ attempt_log: [{ ...ATTEMPT, more: 1 }] }, /^"attempt_log" 1, "more" must be an attempt as/],
    [{ attempt_log: [{ attempt: 1 }] }, /^"attempt_log" 1, "started_at" must be an attempt as/],
    [
      { output: [{ ...piece, stream: "stdin" }] },
      /^"output" 1, "stream" must be stdout or stderr$/,
    ],
    [
      { output: [{ ...piece, base64: "eA==" }] },
      /^"output" 1 must have one of "text" and "base64"/,
    ],
    [
      { output: [{ ...piece, text: undefined, base64: "*" }] },
      /^"output" 1, "base64" is not base64$/,
    ],
    [{ stat: "dead" }, /^unknown key "stat": did you mean "state"\?$/],
    [{ atempt_log: [] }, /^unknown key "atempt_log": did you mean "attempt_log"\?$/],
    [{ maxRetris: 1 }, /^unknown key "maxRetris": did you mean "max_retries"\?$/],
    [
      { started_at: TIMES.created_at, startedAt: TIMES.created_at },
      /are the same key: give it once/,
    ],
    [{ max_retries: 1, maxRetries: 1 }, /are the same key: give it once/],
    [{ priority: 5000 }, /^"priority" must be an integer from -1000 to 1000/],
    [JSON.parse('{"__proto__": {}}'), /^unknown key "__proto__"/],
  ];
  for (const [keys, message] of refused) refuses({ command: "true", ...keys }, message);
  refuses({ id: "a" }, /"command" is missing/);
  for (const record of [null, 5, "true", ["x"]]) {
    refuses(record, /must be a JSON object, one a line/);
  }
});

Deno.test("readRecord() throws nothing but SpecError, whatever it is given", () => {
  const key = fc.oneof(
    fc.constantFrom(...Object.keys(JSON.parse(JSON.stringify(written(sample()))))),
    fc.string({ unit: "binary" }),
  );
  const value = fc.oneof(
    fc.anything(),
    fc.constantFrom("dead", "held", TIMES.created_at, [ATTEMPT]),
  );
  fc.assert(
    fc.property(fc.dictionary(key, value), (keys) => {
      try {
        assert.ok(read({ command: "true", ...keys }).job.command);
      } catch (error) {
        if (!(error instanceof SpecError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

function sample(): MovedJob {
  return fc.sample(movedJob("a", ["p"]), { numRuns: 1, seed: 1 })[0]!;
}
