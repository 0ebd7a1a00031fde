import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { Argv, kebab } from "../../src/cli/argv.ts";
import * as flag from "../../src/cli/flags.ts";
import { GLOBAL_FLAGS } from "../../src/cli/globals.ts";
import { UsageError } from "../../src/errors.ts";
import { readText } from "../../src/readers.ts";

const FLAGS = {
  count: flag.integer({ summary: "", short: "c", min: -5, max: 1024 }),
  drain: flag.boolean({ summary: "", short: "d" }),
  follow: flag.boolean({ summary: "", short: "f" }),
  maxRetries: flag.integer({ summary: "", aliases: ["retries"] }),
  timeout: flag.duration({ summary: "", default: 1500 }),
  jitter: flag.number({ summary: "" }),
  ifExists: flag.choice(["fail", "return"], { summary: "", default: "fail" }),
  state: flag.list(readText, { summary: "", aliases: ["status"] }),
  tag: flag.many(readText, { summary: "" }),
  env: flag.pairs({ summary: "" }),
  id: flag.string({ summary: "" }),
};

function parse(...args: string[]) {
  const argv = new Argv(args);
  const words = argv.words(FLAGS);
  return { words, rest: argv.rest, flags: argv.values(FLAGS) };
}

function fails(args: string[], message: string | RegExp) {
  throws(() => parse(...args), (error) => {
    if (!(error instanceof UsageError)) throw error;
    if (typeof message === "string") strictEqual(error.message, message);
    return typeof message === "string" || message.test(error.message);
  });
}

Deno.test("Argv reads flags in every spelling", () => {
  for (
    const args of [
      ["--max-retries", "3"],
      ["--max-retries=3"],
      ["--max_retries=3"],
      ["--maxRetries", "3"],
      ["--MAX_RETRIES", "3"],
      ["--retries", "3"],
    ]
  ) strictEqual(parse(...args).flags.maxRetries, 3);
  for (const args of [["-c3"], ["-c", "3"], ["-c=3"], ["--count=3"], ["-dc3"], ["-fdc", "3"]]) {
    strictEqual(parse(...args).flags.count, 3);
  }
});

Deno.test("kebab() joins the spellings of a name", () => {
  for (const name of ["runAt", "run_at", "run-at", "RUN_AT", "Run-At"]) {
    strictEqual(kebab(name), "run-at");
  }
});

Deno.test("Argv takes any word as a flag's value", () => {
  strictEqual(parse("--id", "--drain").flags.id, "--drain");
  strictEqual(parse("--id", "-").flags.id, "-");
  strictEqual(parse("--id", "").flags.id, "");
  strictEqual(parse("--id=").flags.id, "");
  strictEqual(parse("--id=a=b\nc").flags.id, "a=b\nc");
  strictEqual(parse("--id=--").flags.id, "--");
  strictEqual(parse("--count", "-5").flags.count, -5);
  strictEqual(parse("-c-5").flags.count, -5);
});

Deno.test("Argv splits at the first --", () => {
  deepStrictEqual(parse("a", "--drain", "--", "b", "--", "--nothing").rest, [
    "b",
    "--",
    "--nothing",
  ]);
  deepStrictEqual(parse("--").rest, []);
  strictEqual(parse("a").rest, null);
  fails(["--id", "--", "x"], "--id needs a value");
});

Deno.test("Argv takes words that only resemble flags as words", () => {
  deepStrictEqual(parse("-", "-5", "-.5", "", "a-b", '{"a":"--b"}').words, [
    "-",
    "-5",
    "-.5",
    "",
    "a-b",
    '{"a":"--b"}',
  ]);
});

Deno.test("Argv gives a flag that is absent its default", () => {
  const { flags } = parse();
  deepStrictEqual({ ...flags }, {
    count: undefined,
    drain: false,
    follow: false,
    maxRetries: undefined,
    timeout: 1500,
    jitter: undefined,
    ifExists: "fail",
    state: [],
    tag: [],
    env: new Map(),
    id: undefined,
  });
});

Deno.test("Argv reads lists, repeated flags and pairs", () => {
  const { flags } = parse(
    ...["--state", "a, b", "--status=c", "--tag", "x,y", "--tag", "z"],
    ...["--env", "A=1=2", "--env=B=", "--env=__proto__=x"],
  );
  deepStrictEqual(flags.state, ["a", "b", "c"]);
  deepStrictEqual(flags.tag, ["x,y", "z"]);
  deepStrictEqual([...flags.env], [["A", "1=2"], ["B", ""], ["__proto__", "x"]]);
  fails(["--state", "a,,b"], "--state must not have an empty item");
  fails(["--env", "A"], '--env must be KEY=VALUE, not "A"');
  fails(["--env", "=A"], "--env must be KEY=VALUE, with a name before the =");
  fails(["--env", "A=1", "--env", "A=2"], '--env must not name "A" twice');
});

Deno.test("Argv refuses an unknown flag and names the nearest", () => {
  fails(["--coutn", "3"], "Unknown flag --coutn, did you mean --count?");
  fails(["-count", "3"], "Unknown flag -count, did you mean --count?");
  fails(["--max-retrys=3"], "Unknown flag --max-retrys, did you mean --max-retries?");
  fails(["--stats"], "Unknown flag --stats, did you mean --state?");
  fails(["-x"], "Unknown flag -x");
  fails(["-dx"], "Unknown flag -x");
  fails(["--constructor"], "Unknown flag --constructor");
  fails(["--__proto__"], "Unknown flag --__proto__");
  fails(["--toString"], "Unknown flag --toString");
  fails(["--a\x1b"], 'Unknown flag "--a\\u001b"');
  fails(["--=x"], "Unknown flag --");
});

Deno.test("Argv refuses a flag that is given twice", () => {
  fails(["--count", "1", "-c", "1"], "--count is given twice");
  fails(["--drain", "--drain=false"], "--drain is given twice");
  strictEqual(parse("--drain", "-d").flags.drain, true);
});

Deno.test("Argv refuses values that do not fit", () => {
  fails(["--count"], "--count needs a value");
  fails(["-c"], "-c needs a value");
  for (const text of ["", " ", "1.5", "Infinity", "0x10", "1e3", "NaN", "1025", "9".repeat(400)]) {
    fails(["--count", text], /^--count must be an integer from -5 to 1024, not "/);
  }
  for (const text of ["", "Infinity", "NaN", "0x1", "1e999", "1 2"]) {
    fails(["--jitter", text], /^--jitter must be a number, not "/);
  }
  fails(["--timeout", "5x"], /^--timeout must be a duration such as .*, not "5x"$/);
  fails(
    ["--if-exists", "retrun"],
    /^--if-exists must be one of fail, return, not "retrun", did you/,
  );
  fails(["--drain=maybe"], /^--drain must be one of true, false, not "maybe"/);
  strictEqual(parse("--drain=false").flags.drain, false);
  strictEqual(parse("-d=true").flags.drain, true);
});

Deno.test("Argv.next() stops at a flag that it does not know, and goes on with another table", () => {
  const argv = new Argv(["--json", "--count", "3", "x"]);
  deepStrictEqual(argv.next(GLOBAL_FLAGS), { kind: "unknown", flag: "--count" });
  deepStrictEqual(argv.words({ ...GLOBAL_FLAGS, ...FLAGS }), ["x"]);
  strictEqual(argv.values(GLOBAL_FLAGS).json, true);
  strictEqual(argv.values(FLAGS).count, 3);
});

/** Words that come near to something. */
const word = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("--", "-", "--count", "-c", "--env", "--drain", "--state=", "--id", "-dfc", "3"),
  fc.string().map((text) => `--${text}`),
  fc.string().map((text) => `-${text}`),
);

Deno.test("Argv either reads a command line or throws a UsageError", () => {
  fc.assert(fc.property(fc.array(word), (args) => {
    try {
      parse(...args);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }));
});

Deno.test("Argv leaves what follows -- alone", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (rest) => {
    deepStrictEqual(parse("--drain", "--", ...rest).rest, rest);
  }));
});

Deno.test("Argv gives back any value it was given", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    strictEqual(parse(`--id=${value}`).flags.id, value);
    if (value !== "--") strictEqual(parse("--id", value).flags.id, value);
  }));
});
