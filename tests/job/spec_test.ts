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

Deno.test("parseSpec: keys of a later version are refused, never ignored", () => {
  const later = {
    timeout: 5,
    run_at: "2027-01-01T00:00:00Z",
    delay: "5s",
    unique_key: "k",
    after: ["a"],
    env: { A: "b" },
    stdin: "text",
    fatal_exit_codes: [3],
    runAt: 1,
    "unique-key": "k",
    timeout_seconds: 3,
  };
  for (const [key, value] of Object.entries(later)) {
    refuses(
      withCommand({ [key]: value }),
      new RegExp(`"${key}" does not work in this version yet`),
    );
    assert.deepEqual(parseSpec(withCommand({ [key]: null })), { command: "true" });
  }
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

const WRONG_VALUES: Record<string, readonly unknown[]> = {
  command: [5, true, [], {}, "", " \n\t"],
  id: [5, "", "-a", ".a", "a b", "ä", "a\n", "x".repeat(129), []],
  queue: [5, "", "-a", "a/b", "a:b", "a\n", "x".repeat(65)],
  priority: [1001, -1001, 0.5, "urgent", "5", "toString", true, NaN, Infinity, []],
  max_retries: [-1, 0.5, "3", 2 ** 53, NaN, Infinity, true],
  backoff_base: [-1, 1001, "2", NaN, Infinity],
  backoff_max: [-1, "soon", "", "1x", true, [], NaN, Infinity, 1e15, "1m1h"],
  backoff_jitter: [-0.1, 1.1, "1", NaN],
  cwd: [5, "", "a\0b", "\ud800", []],
  tags: ["x", [5], [""], ["a b"], ["a,b"], ["a\n"], ["a\0"], ["\udc00"], ["x".repeat(129)], {}, [
    [],
  ]],
};

for (const [key, values] of Object.entries(WRONG_VALUES)) {
  Deno.test(`parseSpec: "${key}" refuses what it cannot be, and is named`, () => {
    for (const value of values) {
      refuses({ command: "true", [key]: value }, new RegExp(`^"${key}" `));
    }
  });
}

Deno.test("parseSpec: the message names the key as it was written", () => {
  refuses(withCommand({ maxRetries: -1 }), /^"maxRetries" must be an integer of 0 or more$/);
});

Deno.test("parseSpec: priorities have names", () => {
  for (const [name, value] of [["low", -10], ["normal", 0], ["high", 10]] as const) {
    assert.equal(parseSpec(withCommand({ priority: name })).priority, value);
  }
});

Deno.test("parseSpec: the limits themselves are allowed", () => {
  const spec = parseSpec(withCommand({
    id: "x".repeat(128),
    queue: "x".repeat(64),
    priority: 1000,
    max_retries: Number.MAX_SAFE_INTEGER,
    backoff_base: 1000,
    backoff_max: 36_525 * 86_400,
    backoff_jitter: 0,
    tags: ["x".repeat(128), ...Array.from({ length: 99 }, (_, index) => `t${index}`)],
  }));
  assert.equal(spec.tags?.length, 100);
  const tags = Array.from({ length: 101 }, (_, index) => `t${index}`);
  refuses(withCommand({ tags }), /"tags" holds more than 100/);
});

Deno.test("parseSpec: a command may have 131,071 bytes of UTF-8 and no more", () => {
  const limit = 131_071;
  for (const letter of ["x", "é", "€", "😀"]) {
    const width = new TextEncoder().encode(letter).length;
    const fits = letter.repeat(Math.floor(limit / width)) + "x".repeat(limit % width);
    assert.equal(new TextEncoder().encode(fits).length, limit);
    assert.equal(parseSpec({ command: fits }).command, fits);
    refuses({ command: fits + "x" }, /"command" is longer than 131071 bytes/);
    refuses({ command: fits.replace(letter, letter + letter) }, /"command" is longer/);
  }
});

Deno.test("parseSpec: a command with NUL or half a character is refused", () => {
  refuses({ command: "echo \0" }, /"command" holds a NUL/);
  for (const half of ["\ud83d", "\ude00", "a\ude00\ud83d"]) {
    refuses({ command: `echo ${half}` }, /"command" is not valid Unicode/);
  }
  assert.equal(parseSpec("echo \u{1f600}").command, "echo \u{1f600}");
});

Deno.test("parseSpec: throws nothing but SpecError, whatever it is given", () => {
  const key = fc.oneof(
    fc.constantFrom(
      ...Object.keys(SPEC_FIELDS),
      "timeout",
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
  cwd: "/home/me",
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
    cwd: "/home/me",
    tags: [],
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
    cwd: "/",
    tags: ["x"],
  });
});

Deno.test("resolveSpec: a relative cwd starts from the directory of the defaults", () => {
  const cwd = (path: string, base: string | null = "/home/me") =>
    resolveSpec({ command: "true", cwd: path }, { ...DEFAULTS, cwd: base }, () => "x").cwd;
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
  assert.equal(resolveSpec({ command: "true" }, { ...DEFAULTS, cwd: null }, () => "x").cwd, null);
});
