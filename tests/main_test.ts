import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { forEachProgram, queuectl, spawnQueuectl } from "./helpers/cli.ts";
import { start } from "./helpers/program.ts";
import { tempDir } from "./helpers/temp_dir.ts";

forEachProgram((via) => {
  Deno.test(`main (${via}) keeps data on stdout and the rest on stderr`, async () => {
    const help = await queuectl(["--help"], { via });
    deepStrictEqual([help.code, help.stderr], [0, ""]);
    match(help.stdout, /^queuectl runs shell commands/);
    const wrong = await queuectl(["config", "lst"], { via });
    deepStrictEqual([wrong.code, wrong.stdout], [2, ""]);
    match(wrong.stderr, /^queuectl: Unknown config command "lst", did you mean "list"\?\nSee /);
  });

  Deno.test(`main (${via}) keeps settings from one process to the next`, async () => {
    await using home = await tempDir();
    const missing = await queuectl(["config", "get", "backoff_base"], { via, home: home.path });
    deepStrictEqual([missing.code, missing.stdout], [5, ""]);
    match(missing.stderr, /^queuectl: .*queue\.db/);
    const set = await queuectl(["config", "set", "back-off-base", "3"], { via, home: home.path });
    strictEqual(set.code, 0, set.stderr);
    const get = await queuectl(["config", "get", "backoff_base"], { via, home: home.path });
    deepStrictEqual([get.code, get.stdout, get.stderr], [0, "3\n", ""]);
  });

  Deno.test(`main (${via}) writes no colours into a pipe, unless told to`, async () => {
    const plain = await queuectl(["nope"], { via });
    const color = await queuectl(["--color", "always", "nope"], { via });
    strictEqual(plain.stderr.includes("\x1b"), false);
    strictEqual(color.stderr.includes("\x1b["), true);
  });

  Deno.test(`main (${via}) ends quietly with 141 when its output is closed`, async () => {
    const { command: [program, ...args], env } = await start(via);
    // The reader has ended before the program starts.
    const script = 'exec 3> >(true); wait $!; "$@" --help >&3; echo $?';
    const { stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", script, "-", program, ...args],
      env,
    }).output();
    const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    deepStrictEqual(text, ["141\n", ""]);
  });
});

Deno.test("main says when its output cannot be written", async () => {
  const { command: [program, ...args], env } = await start("source");
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", '"$@" --help > /dev/full', "-", program, ...args],
    env,
  }).output();
  deepStrictEqual([code, new TextDecoder().decode(stderr)], [
    1,
    "queuectl: Cannot write the output: No space left on device (os error 28)\n",
  ]);
});

Deno.test("main has no home: it says what to set", async () => {
  await using program = await spawnQueuectl(["config"], {
    env: { HOME: "", XDG_DATA_HOME: "" },
  });
  const { code, stderr } = await program.ended();
  strictEqual(code, 2);
  match(stderr, /set HOME or QUEUECTL_DB, or give --db/);
});
