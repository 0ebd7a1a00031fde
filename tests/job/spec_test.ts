import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalKey, parseSpec, resolveSpec, SpecError } from "../../src/job/spec.ts";
import { SPEC_FIELDS } from "../../src/job/spec_fields.ts";

const refuses = (input: unknown, message: RegExp) =>
  assert.throws(
    () => parseSpec(input),
    (error: unknown) => {
      assert.ok(error instanceof SpecError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n|\.$/);
      return true;
    },
  );
/** A job with a command and what is given. */
const withCommand = (keys: object) => ({ command: "true", ...keys });

Deno.test("parseSpec: every key that works, in the domain's units", () => {
  const spec = parseSpec({
    command: "echo 'hi'\n",
    id: "A1._:@/-z",
    queue: "Mail.q_1-x",
    priority: -1000,
    max_retries: 0,
    backoff_base: 1.5,
    backoff_max: "1h30m",
    backoff_jitter: 1,
    timeout: "250ms",
    run_at: "2027-01-15T08:00:00Z",
    unique_key: "nightly",
    after: ["one", { id: "two", on: "any" }, { id: "three" }],
    env: { LANG: "C", _x1: "" },
    stdin: "a\0b",
    fatal_exit_codes: [64, 2, 64],
    cwd: "some/where",
    tags: ["b", "a", "b"],
  });
  assert.deepEqual(spec, {
    command: "echo 'hi'\n",
    id: "A1._:@/-z",
    queue: "Mail.q_1-x",
    priority: -1000,
    max_retries: 0,
    backoff_base: 1.5,
    backoff_max: 5_400_000,
    backoff_jitter: 1,
    timeout: 250,
    run_at: Date.UTC(2027, 0, 15, 8),
    unique_key: "nightly",
    after: [{ id: "one", on: "ok" }, { id: "two", on: "any" }, { id: "three", on: "ok" }],
    env: { LANG: "C", _x1: "" },
    stdin: "a\0b",
    fatal_exit_codes: [2, 64],
    cwd: "some/where",
    tags: ["b", "a"],
  });
});

Deno.test("parseSpec: a text is the command", () => {
  assert.deepEqual(parseSpec("echo hi"), { command: "echo hi" });
  refuses("", /"command" is empty/);
});

Deno.test("parseSpec: snake_case, kebab-case, camelCase and others are one key", () => {
  for (
    const key of [
      "max_retries",
      "max-retries",
      "maxRetries",
      "MaxRetries",
      "MAX_RETRIES",
      "Max-Retries",
    ]
  ) {
    assert.deepEqual(
      parseSpec(withCommand({ [key]: 4 })),
      { command: "true", max_retries: 4 },
      key,
    );
  }
  for (const key of ["command", "Command", "COMMAND", "cmd"]) {
    assert.deepEqual(parseSpec({ [key]: "true" }), { command: "true" }, key);
  }
});

Deno.test("canonicalKey: any spelling of a known key is that key", () => {
  const camel = (key: string) => key.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  const spellings = [
    (key: string) => key.replaceAll("_", "-"),
    camel,
    (key: string) => key.toUpperCase(),
  ];
  for (const key of [...Object.keys(SPEC_FIELDS), "run_at", "unique_key", "created_at"]) {
    for (const spell of spellings) assert.equal(canonicalKey(spell(key)), key);
  }
  assert.equal(canonicalKey("timeout_seconds"), "timeout");
  assert.equal(canonicalKey("delaySeconds"), "delay");
});

Deno.test("parseSpec: two spellings of one key are an error that names both", () => {
  refuses(withCommand({ maxRetries: 1, "max-retries": 1 }), /"maxRetries" and "max-retries"/);
  refuses({ command: "a", cmd: "a" }, /"command" and "cmd"/);
  refuses(withCommand({ maxRetries: null, max_retries: 1 }), /"maxRetries" and "max_retries"/);
  refuses(withCommand({ created_at: 1, createdAt: 1 }), /"created_at" and "createdAt"/);
});

Deno.test("parseSpec: run_at and delay at once are an error that names both", () => {
  const run_at = "2027-01-15T08:00:00Z";
  refuses(withCommand({ run_at, delay: 5 }), /"run_at" and "delay" both say when/);
  refuses(withCommand({ runAt: run_at, delay_seconds: 5 }), /"runAt" and "delay_seconds"/);
  assert.deepEqual(parseSpec(withCommand({ run_at: null, delay: 5 })).delay, 5000);
});

Deno.test("parseSpec: env as it is printed, names alone, is refused and says why", () => {
  refuses(withCommand({ env: ["LANG"] }), /"env" holds only names.*give the values too/);
});

Deno.test("parseSpec: null means absent", () => {
  const nulls = Object.fromEntries(Object.keys(SPEC_FIELDS).map((key) => [key, null]));
  assert.deepEqual(parseSpec({ ...nulls, command: "true" }), { command: "true" });
  refuses({ ...nulls }, /"command" is missing/);
});

Deno.test("parseSpec: an unknown key is named, with the nearest known one", () => {
  refuses(withCommand({ max_retires: 1 }), /unknown key "max_retires".*"max_retries"/);
  refuses(withCommand({ prioritty: 1 }), /unknown key "prioritty".*"priority"/);
  refuses({ comand: "true" }, /unknown key "comand".*"command"/);
  refuses(withCommand({ frobnicate: 1 }), /unknown key "frobnicate"$/);
  refuses(withCommand({ "": 1 }), /unknown key ""/);
  refuses(withCommand({ "new\nline": 1 }), /unknown key "new\\nline"/);
  // Null is no excuse: it is a slip all the same.
  refuses(withCommand({ max_retires: null }), /unknown key "max_retires".*"max_retries"/);
});

Deno.test("parseSpec: keys of Object.prototype are unknown keys", () => {
  for (
    const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "__defineGetter__"]
  ) {
    for (const value of ["null", "1", '{"command":"evil"}']) {
      refuses(JSON.parse(`{"command":"true","${key}":${value}}`), /unknown key/);
      refuses(JSON.parse(`{"${key}":${value}}`), /unknown key/);
    }
  }
  assert.equal(({} as Record<string, unknown>).command, undefined);
});

Deno.test("parseSpec: printed keys are accepted with the value of a new job", () => {
  const printed = {
    state: "pending",
    attempts: 0,
    exit_code: null,
    error: null,
    worker_id: null,
    created_at: "2027-01-15T08:00:00.000Z",
    updated_at: "whatever",
    started_at: null,
    finished_at: 7,
    attempt_log: [],
    schedule: null,
    fire_time: null,
    progress: null,
  };
  assert.deepEqual(parseSpec(withCommand(printed)), { command: "true" });
});

Deno.test("parseSpec: printed keys with another value cannot be chosen", () => {
  const chosen = {
    state: "dead",
    attempts: 1,
    exit_code: 0,
    error: "x",
    worker_id: "w",
    attempt_log: "x",
    exitCode: 0,
    schedule: "nightly",
    progress: { percent: 1, message: null },
  };
  for (const [key, value] of Object.entries(chosen)) {
    refuses(withCommand({ [key]: value }), new RegExp(`"${key}" cannot be chosen`));
  }
});

Deno.test("parseSpec: a job must be an object or a text", () => {
  for (const input of [null, undefined, 5, true, [], ["true"], () => {}, Symbol("x"), 5n]) {
    refuses(input, /must be a JSON object or a text/);
  }
});

Deno.test("parseSpec: the message names the key as it was written", () => {
  refuses(withCommand({ maxRetries: -1 }), /^"maxRetries" must be an integer of 0 or more$/);
});

Deno.test("parseSpec: throws nothing but SpecError, whatever it is given", () => {
  const key = fc.oneof(
    fc.constantFrom(
      ...Object.keys(SPEC_FIELDS),
      "state",
      "attempts",
      "attempt_log",
      "created_at",
      "maxRetries",
      "__proto__",
    ),
    fc.string({ unit: "binary" }),
  );
  const jobs = fc.dictionary(key, fc.anything({ withBigInt: true, withNullPrototype: true }));
  const inputs = fc.oneof(
    jobs,
    jobs.map((job) => ({ command: "true", ...job })),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
  );
  fc.assert(
    fc.property(inputs, (input) => {
      try {
        assert.ok(parseSpec(input).command);
      } catch (error) {
        if (!(error instanceof SpecError)) throw error;
        assert.ok(error.message.length < 300_000);
      }
    }),
    { numRuns: 1000 },
  );
});

const DEFAULTS = {
  maxRetries: 3,
  backoffBase: 2,
  backoffMax: 86_400_000,
  backoffJitter: 0.5,
  timeout: 60_000,
  cwd: "/home/me",
  base: "/home/me",
};

/** What a job has that the spec and the config leave alone. */
const PLAIN = {
  uniqueKey: null,
  after: [],
  tags: [],
  fatalExitCodes: [],
  schedule: null,
  fireTime: null,
  held: false,
  runAt: null,
  delay: null,
  env: {},
  stdin: null,
};

Deno.test("resolveSpec: takes what the spec leaves out from the config", () => {
  assert.deepEqual(resolveSpec({ command: "true" }, DEFAULTS, () => "fresh"), {
    id: "fresh",
    command: "true",
    queue: "default",
    priority: 0,
    maxRetries: 3,
    backoffBase: 2,
    backoffMax: 86_400_000,
    backoffJitter: 0.5,
    timeout: 60_000,
    cwd: "/home/me",
    ...PLAIN,
  });
});

Deno.test("resolveSpec: the spec wins, zero too, and an id is asked for only if there is none", () => {
  const spec = parseSpec({
    command: "true",
    id: "mine",
    queue: "q",
    priority: 5,
    max_retries: 0,
    backoff_base: 0,
    backoff_max: 0,
    backoff_jitter: 0,
    timeout: 1,
    unique_key: "k",
    after: ["p"],
    delay: 0,
    env: { A: "b" },
    stdin: "",
    fatal_exit_codes: [3],
    cwd: "/",
    tags: ["x"],
  });
  assert.deepEqual(resolveSpec(spec, DEFAULTS, () => assert.fail("asked for an id")), {
    id: "mine",
    command: "true",
    queue: "q",
    priority: 5,
    maxRetries: 0,
    backoffBase: 0,
    backoffMax: 0,
    backoffJitter: 0,
    timeout: 1000,
    ...PLAIN,
    uniqueKey: "k",
    after: [{ id: "p", on: "ok" }],
    delay: 0,
    env: { A: "b" },
    stdin: "",
    fatalExitCodes: [3],
    cwd: "/",
    tags: ["x"],
  });
});

Deno.test("resolveSpec: run_at is kept as it is, and timeout none is none", () => {
  const spec = parseSpec(withCommand({ run_at: "2027-01-15T08:00:00Z", timeout: "none" }));
  const { runAt, delay, timeout } = resolveSpec(spec, DEFAULTS, () => "x");
  assert.deepEqual([runAt, delay, timeout], [Date.UTC(2027, 0, 15, 8), null, null]);
});

Deno.test("resolveSpec: a relative cwd starts from the directory of the defaults", () => {
  const cwd = (path: string, base: string | null = "/home/me") =>
    resolveSpec({ command: "true", cwd: path }, { ...DEFAULTS, base }, () => "x").cwd;
  const expected: [string, string][] = [
    ["work", "/home/me/work"],
    ["./work/", "/home/me/work"],
    [".", "/home/me"],
    ["..", "/home"],
    ["../../../..", "/"],
    ["a//b/../c", "/home/me/a/c"],
    ["/tmp", "/tmp"],
    ["/tmp/../etc/.", "/etc"],
    ["/", "/"],
    ["with space", "/home/me/with space"],
    ["...", "/home/me/..."],
  ];
  for (const [path, absolute] of expected) assert.equal(cwd(path), absolute, path);
  assert.equal(cwd("/tmp", null), "/tmp");
});

Deno.test("resolveSpec: without a directory of its own a job may have none, and a relative one all the same", () => {
  const defaults = { ...DEFAULTS, cwd: null };
  assert.equal(resolveSpec({ command: "true" }, defaults, () => "x").cwd, null);
  assert.equal(resolveSpec({ command: "true", cwd: "a" }, defaults, () => "x").cwd, "/home/me/a");
});
