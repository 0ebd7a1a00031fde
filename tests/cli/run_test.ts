import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Section } from "../../src/cli/app.ts";
import * as arg from "../../src/cli/args.ts";
import { defineCommand } from "../../src/cli/command.ts";
import * as flag from "../../src/cli/flags.ts";
import { ConflictError, UsageError } from "../../src/errors.ts";
import { type FakeOptions, FakeSink, runFake } from "./fake_system.ts";

const ECHO = defineCommand({
  flags: { count: flag.integer({ summary: "How many", short: "c" }) },
  args: { words: arg.any("WORD", "What to say") },
  rest: "CMD",
  examples: [],
  async run({ stdout, json, location, cwd, logLevel }, { flags, args, rest }) {
    await stdout.json({ ...flags, ...args, rest, json, location, cwd, logLevel });
  },
});

function failing(error: unknown) {
  return defineCommand({
    flags: {},
    args: { one: arg.optional("ONE", "A word") },
    examples: [],
    run: () => Promise.reject(error),
  });
}

const APP: readonly Section[] = [{
  title: "Test",
  members: [
    {
      name: "echo",
      aliases: ["say"],
      summary: "Say it",
      load: () => Promise.resolve({ command: ECHO }),
    },
    {
      name: "code",
      summary: "End with a code",
      load: () =>
        Promise.resolve({
          command: defineCommand({
            flags: {},
            args: {},
            examples: [],
            run: () => Promise.resolve(7),
          }),
        }),
    },
    {
      name: "clash",
      summary: "Fail as expected",
      load: () => Promise.resolve({ command: failing(new ConflictError("Taken: \x1b[2J")) }),
    },
    {
      name: "crash",
      summary: "Fail unexpectedly",
      load: () =>
        Promise.resolve({ command: failing(new Error("Oops", { cause: new Error("Why") })) }),
    },
    {
      name: "missing",
      summary: "Cannot be loaded",
      load: () => Promise.reject(new TypeError("Module not found")),
    },
    {
      name: "tree",
      summary: "Trees",
      bare: "list",
      entries: [
        { name: "list", summary: "List", load: () => Promise.resolve({ command: ECHO }) },
        { name: "plant", summary: "Plant", load: () => Promise.resolve({ command: ECHO }) },
      ],
    },
    {
      name: "stone",
      summary: "Stones",
      entries: [{ name: "turn", summary: "Turn", load: () => Promise.resolve({ command: ECHO }) }],
    },
  ],
}];

const run = (args: string[], options?: FakeOptions) => runFake(args, options, APP);

async function fails(args: string[], code: number, stderr: string): Promise<void> {
  const ended = await run(args);
  deepStrictEqual({ ...ended, opened: [] }, { code, stdout: "", stderr, opened: [] });
}

Deno.test("run() gives a command its input and its context", async () => {
  const expected = {
    count: 3,
    words: ["a", "-5"],
    rest: ["--json", "x"],
    json: true,
    location: "/srv/q.db",
    cwd: "/srv",
    logLevel: "debug",
  };
  for (
    const before of [
      ["--json", "--db", "q.db", "say", "-c3", "--log_level", "debug", "a", "-5"],
      ["echo", "a", "--db=q.db", "-5", "--log-level=DEBUG", "--count=3", "--json"],
    ]
  ) {
    const { code, stdout, stderr } = await run([...before, "--", "--json", "x"]);
    deepStrictEqual([code, stderr], [0, ""]);
    deepStrictEqual(JSON.parse(stdout), expected);
  }
});

Deno.test("run() passes on the exit code of a command", async () => {
  strictEqual((await run(["code"])).code, 7);
});

Deno.test("run() reads the bare name of a group as its list", async () => {
  for (const args of [["tree"], ["tree", "list"], ["--color=never", "tree", "--json=false"]]) {
    strictEqual(JSON.parse((await run(args)).stdout).count, undefined);
  }
  strictEqual(JSON.parse((await run(["tree", "--count", "3"])).stdout).count, 3);
});

Deno.test("run() shows the help of a group that needs a command, and fails", async () => {
  const bare = await run(["stone"]);
  deepStrictEqual([bare.code, bare.stdout], [2, ""]);
  match(bare.stderr, /^Stones\.\n\nUsage:\n {2}queuectl stone COMMAND/);
  const asked = await run(["stone", "--help"]);
  deepStrictEqual([asked.code, asked.stdout, asked.stderr], [0, bare.stderr, ""]);
  strictEqual((await run(["help", "stone"])).stdout, bare.stderr);
  match((await run(["help", "tree"])).stdout, /^Trees\./);
});

Deno.test("run() shows help also for a command line with mistakes", async () => {
  for (const wrong of [["--nope"], ["--count"], ["--count", "x"], ["-c", "1", "-c", "2"]]) {
    const { code, stdout } = await run(["echo", "--help", ...wrong]);
    deepStrictEqual([code, stdout.split("\n")[0]], [0, "Say it."], wrong.join(" "));
  }
  match((await run(["stone", "--nope", "--help"])).stdout, /^Stones\./);
  strictEqual((await run(["help", "echo", "--nope"])).code, 0);
  const value = await run(["code", "--log-format", "--help"]);
  strictEqual(value.code, 2);
});

Deno.test("run() shows the version", async () => {
  const config = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  const { version } = JSON.parse(config);
  for (const args of [["--version"], ["-V"], ["echo", "-V"], ["tree", "--version"]]) {
    deepStrictEqual((await run(args)).stdout, `queuectl ${version}\n`);
  }
  deepStrictEqual(JSON.parse((await run(["--version", "--json"])).stdout), { version });
});

Deno.test("run() refuses an unknown command and suggests one", async () => {
  await fails(
    ["ehco"],
    2,
    'queuectl: Unknown command "ehco", did you mean "echo"?\nSee "queuectl --help"\n',
  );
  await fails(
    ["turn"],
    2,
    'queuectl: Unknown command "turn", did you mean "stone turn"?\nSee "queuectl --help"\n',
  );
  await fails(
    ["tree", "plnt"],
    2,
    'queuectl: Unknown tree command "plnt", did you mean "plant"?\nSee "queuectl tree --help"\n',
  );
  for (const word of ["constructor", "__proto__", ""]) {
    await fails([word], 2, `queuectl: Unknown command "${word}"\nSee "queuectl --help"\n`);
  }
});

Deno.test("run() refuses flags that are not there", async () => {
  await fails(
    ["--count", "3", "echo"],
    2,
    "queuectl: Unknown flag --count; the flags of a command follow its name\n" +
      'See "queuectl --help"\n',
  );
  await fails(
    ["echo", "--coutn", "3"],
    2,
    'queuectl: Unknown flag --coutn, did you mean --count?\nSee "queuectl echo --help"\n',
  );
  await fails(
    ["echo", "ls", "-l"],
    2,
    'queuectl: Unknown flag -l; a command to run goes after --\nSee "queuectl echo --help"\n',
  );
  await fails(["stone", "-x"], 2, 'queuectl: Unknown flag -x\nSee "queuectl stone --help"\n');
  await fails(["tree", "-x"], 2, 'queuectl: Unknown flag -x\nSee "queuectl tree list --help"\n');
});

Deno.test("run() refuses words that no argument takes, those after -- as well", async () => {
  await fails(["code", "x"], 2, 'queuectl: Unexpected argument "x"\nSee "queuectl code --help"\n');
  await fails(
    ["clash", "--", "-x", "-y"],
    2,
    'queuectl: Unexpected argument "-y"\nSee "queuectl clash --help"\n',
  );
});

Deno.test("run() says in one sentence what goes wrong, escaped", async () => {
  await fails(["clash"], 4, "queuectl: Taken: \\x1b[2J\n");
  await fails(["echo", "-c", "x"], 2, 'queuectl: --count must be an integer, not "x"\n');
  await fails(["--db", "", "echo"], 2, "queuectl: --db must be a path or a URL, not empty\n");
  await fails(
    ["crash"],
    1,
    "queuectl: Unexpected failure: Oops\n" +
      "Run it again with --log-level debug to see where it happened\n",
  );
});

Deno.test("run() shows the stack with --log-level debug", async () => {
  const crash = await run(["crash", "--log-level", "debug"]);
  strictEqual(crash.code, 1);
  match(crash.stderr, /^queuectl: Unexpected failure: Oops\nError: Oops\n {4}at .*run_test\.ts/);
  match(crash.stderr, /\nCaused by:\nError: Why\n {4}at /);
  match((await run(["clash", "--log-level=debug"])).stderr, /\n {4}at /);
  match((await run(["--log-level=debug", "missing"])).stderr, /Module not found\nTypeError/);
});

Deno.test("run() turns an error that nobody caught into a sentence too", async () => {
  const uncaught = Promise.reject(new UsageError("Nobody caught me"));
  uncaught.catch(() => {});
  const forever = [{
    title: "",
    members: [{
      name: "wait",
      summary: "",
      load: () =>
        Promise.resolve({
          command: defineCommand({
            flags: {},
            args: {},
            examples: [],
            run: () => new Promise<void>(() => {}),
          }),
        }),
    }],
  }];
  const { code, stderr } = await runFake(["wait"], { uncaught }, forever);
  deepStrictEqual([code, stderr], [2, "queuectl: Nobody caught me\n"]);
});

Deno.test("run() ends quietly with 141 when nobody reads", async () => {
  const stdout = Object.assign(new FakeSink(), {
    write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
  });
  const { code, stderr } = await run(["echo"], { stdout });
  deepStrictEqual([code, stderr], [141, ""]);
});

Deno.test("run() answers any command line with an exit code and no stack", async () => {
  const word = fc.oneof(
    fc.constantFrom("echo", "tree", "stone", "help", "--help", "--", "-c", "--db", "--json", "-V"),
    fc.string(),
    fc.string({ unit: "binary" }).map((text) => `--${text}`),
  );
  await fc.assert(fc.asyncProperty(fc.array(word), async (args) => {
    const { code, stderr } = await run(args);
    strictEqual(code === 0 || code === 2, true, stderr);
    strictEqual(/^ {4}at /m.test(stderr), false, stderr);
    if (code === 2) match(stderr, /^(queuectl: |Stones\.)/);
  }));
});
