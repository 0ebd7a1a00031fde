import assert from "node:assert/strict";
import { V8_FLAGS } from "../../src/cli/own_command.ts";
import { forEachProgram, queuectl } from "../helpers/cli.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { emptyProgram } from "./bundle.ts";
import { compile } from "./compile.ts";
import { CommandError, run } from "./command.ts";
import { executable } from "./executable.ts";
import { REPOSITORY } from "./folders.ts";
import { oldestRuntime } from "./oldest_deno.ts";

const { version } = JSON.parse(
  await Deno.readTextFile(`${REPOSITORY}deno.json`),
);

forEachProgram((via) => {
  Deno.test(`queuectl --version is that of deno.json (${via})`, async () => {
    const { code, stdout, stderr } = await queuectl(["--version"], { via });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.equal(stdout.trim().split(" ").at(-1), version);
  });
});

Deno.test("queuectl --version works on the oldest Deno", async () => {
  const { code, stdout } = await queuectl(["--version"], { via: "oldest" });
  assert.equal(code, 0);
  assert.equal(stdout.trim().split(" ").at(-1), version);
});

Deno.test("compile() adds no more than 3 MB to the runtime", async () => {
  await using dir = await tempDir();
  await compile(
    await emptyProgram(dir.join("empty")),
    dir.join("queuectl"),
    () => {},
  );
  const [program, empty] = await Promise.all([
    Deno.stat(await executable()),
    Deno.stat(dir.join("queuectl")),
  ]);
  const added = program.size - empty.size;
  assert.ok(added <= 3_000_000, `It adds ${added} bytes`);
});

Deno.test("compile() gives V8 the flags that a run from source gets", async () => {
  await using dir = await tempDir();
  // What is kept for young objects is part of the limit.
  const text = 'console.log((await import("node:v8")).getHeapStatistics().heap_size_limit);';
  await Deno.writeTextFile(dir.join("main.js"), text);
  const path = dir.join("queuectl");
  await compile({ folder: dir.path, main: "main.js", include: [] }, path, () => {});
  const source = [Deno.execPath(), "run", "--no-config", "--no-lock"] as const;
  const limit = await run([path]);
  assert.equal(limit, await run([...source, V8_FLAGS, dir.join("main.js")]));
  assert.notEqual(limit, await run([...source, dir.join("main.js")]));
});

Deno.test("compile() refuses a runtime of another Deno", async () => {
  await using dir = await tempDir();
  const program = await emptyProgram(dir.join("empty"));
  await assert.rejects(
    compile(program, dir.join("queuectl"), () => {}, await oldestRuntime()),
    CommandError,
  );
  await assert.rejects(Deno.stat(dir.join("queuectl")), Deno.errors.NotFound);
});
