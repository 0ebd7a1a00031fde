import assert from "node:assert/strict";
import { V8_FLAGS } from "../../src/cli/own_command.ts";
import { REPOSITORY } from "./folders.ts";
import { tempDir } from "../helpers/temp_dir.ts";

interface Config {
  readonly imports: Readonly<Record<string, string>>;
  readonly compilerOptions: unknown;
  readonly fmt: unknown;
  readonly lint: unknown;
  readonly nodeModulesDir: string;
  readonly lock: { readonly frozen: boolean };
}

interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, unknown>>;
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(REPOSITORY + path));
}

/** The entries of `all` that `part` has too. */
function pick<T>(
  all: Readonly<Record<string, T>>,
  part: object,
): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in part));
}

Deno.test("tests/deno.json has the imports and the rules of deno.json", async () => {
  const [program, tests] = await Promise.all([
    json<Config>("deno.json"),
    json<Config>("tests/deno.json"),
  ]);
  assert.deepEqual(pick(tests.imports, program.imports), program.imports);
  for (const key of ["compilerOptions", "fmt", "lint", "nodeModulesDir"] as const) {
    assert.deepEqual(tests[key], program[key], key);
  }
  assert.deepEqual([program.lock.frozen, tests.lock.frozen], [true, true]);
});

Deno.test("tests/deno.lock has the packages of deno.lock, which has no test-only one", async () => {
  const [program, tests] = await Promise.all([
    json<Lock>("deno.lock"),
    json<Lock>("tests/deno.lock"),
  ]);
  assert.deepEqual(
    pick(tests.specifiers, program.specifiers),
    program.specifiers,
  );
  assert.deepEqual(pick(tests.npm, program.npm), program.npm);
  assert.equal("fast-check" in program.specifiers, false);
  assert.equal(
    Object.keys(program.npm).some((name) => name.startsWith("fast-check@")),
    false,
  );
});

Deno.test("imports are exact versions from the npm registry", async () => {
  for (const path of ["deno.json", "tests/deno.json"]) {
    const { imports } = await json<Config>(path);
    for (const [name, specifier] of Object.entries(imports)) {
      assert.equal(
        specifier.replace(/@\d+\.\d+\.\d+$/, ""),
        `npm:${name}`,
        path,
      );
    }
  }
});

Deno.test("who starts queuectl from source is told to give V8 its flags", async () => {
  const { tasks } = await json<{ tasks: Record<string, { command: string }> }>("deno.json");
  const readme = await Deno.readTextFile(`${REPOSITORY}README.md`);
  const starts = [tasks.queuectl?.command, tasks.demo?.command, readme]
    .map((text) => text?.match(/deno run --allow-all (\S+)/g));
  assert.deepEqual(starts, [1, 2, 3].map(() => [`deno run --allow-all ${V8_FLAGS}`]));
});

Deno.test("task queuectl passes arguments, stdin and the directory of the caller on", async () => {
  await using copy = await tempDir();
  await using caller = await tempDir();
  for (const name of ["deno.json", "deno.lock"]) {
    await Deno.copyFile(REPOSITORY + name, copy.join(name));
  }
  await Deno.writeTextFile(
    copy.join("main.ts"),
    `const stdin = await new Response(Deno.stdin.readable).text();
     console.log(JSON.stringify({ args: Deno.args, cwd: Deno.cwd(), stdin }));`,
  );
  const args = [
    "enqueue",
    "--",
    "a b",
    `"q"`,
    "it's",
    "$HOME",
    "\\x",
    "",
    "*",
    "a;b",
    "ü\nnew",
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "task",
      "--quiet",
      "--config",
      copy.join("deno.json"),
      "queuectl",
      ...args,
    ],
    cwd: caller.path,
    // The task that runs the tests has set its own.
    env: { INIT_CWD: caller.path },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("two\nlines"));
  await writer.close();
  const { stdout, code } = await child.output();
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
    args,
    cwd: caller.path,
    stdin: "two\nlines",
  });
});
