import assert from "node:assert/strict";
import { forEachProgram, queuectl } from "../helpers/cli.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { emptyProgram } from "./bundle.ts";
import { compile } from "./compile.ts";
import { CommandError } from "./command.ts";
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

Deno.test("compile() refuses a runtime of another Deno", async () => {
  await using dir = await tempDir();
  const program = await emptyProgram(dir.join("empty"));
  await assert.rejects(
    compile(program, dir.join("queuectl"), () => {}, await oldestRuntime()),
    CommandError,
  );
  await assert.rejects(Deno.stat(dir.join("queuectl")), Deno.errors.NotFound);
});
