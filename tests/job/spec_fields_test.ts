import assert from "node:assert/strict";
import { parseSpec, SpecError } from "../../src/job/spec.ts";
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

/** For each key some of what it cannot be. */
const WRONG_VALUES: Record<string, readonly unknown[]> = {
  command: [5, true, [], {}, "", " \n\t"],
  id: [5, "", "-a", ".a", "a b", "ä", "a\n", "x".repeat(129), []],
  queue: [5, "", "-a", "a/b", "a:b", "a\n", "x".repeat(65)],
  priority: [1001, -1001, 0.5, "urgent", "5", "toString", true, NaN, Infinity, []],
  max_retries: [-1, 0.5, "3", 2 ** 53, NaN, Infinity, true],
  backoff_base: [-1, 1001, "2", NaN, Infinity],
  backoff_max: [-1, "soon", "", "1x", true, [], NaN, Infinity, 1e15, "1m1h"],
  backoff_jitter: [-0.1, 1.1, "1", NaN],
  timeout: [0, "0s", -1, "soon", "", "1x", true, [], NaN, Infinity, 1e15],
  run_at: [5, "", "soon", "2027-01-15", "2027-02-30T00:00:00Z", true, [], {}],
  delay: [-1, "soon", "", "none", true, [], NaN, Infinity, 1e15],
  unique_key: [5, "", "a\0b", "\ud800", "x".repeat(257), [], {}],
  after: [
    "a",
    5,
    {},
    [5],
    [null],
    [""],
    ["a b"],
    [["a"]],
    [{}],
    [{ on: "ok" }],
    [{ id: "a", on: "failed" }],
    [{ id: "a", on: null }],
    [{ id: "a b" }],
    [{ id: "a", when: "ok" }],
    ["a", "a"],
    ["a", { id: "a", on: "any" }],
    Array.from({ length: 1001 }, (_, index) => `p${index}`),
  ],
  env: [
    "A=b",
    5,
    { A: 5 },
    { A: null },
    { A: ["b"] },
    { A: "b\0" },
    { A: "\ud800" },
    { "": "b" },
    { "1A": "b" },
    { "A-B": "b" },
    { "A=B": "c" },
    { "A\n": "b" },
    { "Ä": "b" },
    { QUEUECTL_DB: "x" },
    { QUEUECTL_: "x" },
  ],
  stdin: [5, true, ["text"], {}, "\ud800"],
  fatal_exit_codes: [5, "5", ["5"], [0], [256], [-1], [1.5], [NaN], [true], [[1]], {}],
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
    timeout: 36_525 * 86_400,
    delay: 36_525 * 86_400,
    unique_key: "x".repeat(256),
    after: Array.from({ length: 1000 }, (_, index) => `p${index}`),
    fatal_exit_codes: [1, 255],
    tags: ["x".repeat(128), ...Array.from({ length: 99 }, (_, index) => `t${index}`)],
  }));
  assert.equal(spec.tags?.length, 100);
  assert.equal(spec.after?.length, 1000);
  assert.deepEqual(spec.fatal_exit_codes, [1, 255]);
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

Deno.test("SPEC_FIELDS: the test of wrong values leaves no key out", () => {
  assert.deepEqual(Object.keys(WRONG_VALUES).toSorted(), Object.keys(SPEC_FIELDS).toSorted());
});

Deno.test("parseSpec: nothing at all is a list, an object or a text like any other", () => {
  const spec = parseSpec(withCommand({ after: [], env: {}, stdin: "", fatal_exit_codes: [] }));
  assert.deepEqual(spec, {
    command: "true",
    after: [],
    env: {},
    stdin: "",
    fatal_exit_codes: [],
  });
});

Deno.test("parseSpec: timeout none says that there is none", () => {
  assert.equal(parseSpec(withCommand({ timeout: "none" })).timeout, null);
  // Null is absent, so that the config decides.
  assert.ok(!Object.hasOwn(parseSpec(withCommand({ timeout: null })), "timeout"));
});

Deno.test("parseSpec: a delay of nothing is now", () => {
  for (const delay of [0, "0", "0s"]) assert.equal(parseSpec(withCommand({ delay })).delay, 0);
});

Deno.test("parseSpec: a variable may have the bytes of an argument, and all together a megabyte", () => {
  const limit = 131_071;
  for (const letter of ["x", "é", "😀"]) {
    const room = limit - "A=".length;
    const width = new TextEncoder().encode(letter).length;
    const value = letter.repeat(Math.floor(room / width)) + "x".repeat(room % width);
    assert.equal(parseSpec(withCommand({ env: { A: value } })).env?.A, value);
    refuses(withCommand({ env: { A: value + "x" } }), /"env" has a variable that is longer than/);
    refuses(withCommand({ env: { AB: value } }), /"env" has a variable that is longer than/);
  }
  const many = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [`A${index}`, "x".repeat(120_000)]),
  );
  refuses(withCommand({ env: many }), /"env" is longer than 1048576 bytes in all/);
  delete many.A0;
  assert.equal(Object.keys(parseSpec(withCommand({ env: many })).env!).length, 8);
});

Deno.test("parseSpec: no variable is left out without a word, whatever its name", () => {
  assert.deepEqual(parseSpec(withCommand({ env: { toString: "b" } })).env, { toString: "b" });
  for (const name of ["constructor", "prototype", "__proto__"]) {
    const env = JSON.parse(`{"A": "a", "${name}": "b"}`);
    refuses(withCommand({ env }), new RegExp(`"env" has a variable ${name}, a name that cannot`));
  }
});

Deno.test("parseSpec: stdin may have 16 MiB of UTF-8 and no more", () => {
  const limit = 16 * 1024 * 1024;
  for (const letter of ["x", "é"]) {
    const text = letter.repeat(limit / new TextEncoder().encode(letter).length);
    assert.equal(parseSpec(withCommand({ stdin: text })).stdin, text);
    refuses(withCommand({ stdin: text + "x" }), /"stdin" is longer than 16777216 bytes/);
  }
});
