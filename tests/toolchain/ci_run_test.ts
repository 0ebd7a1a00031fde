import assert from "node:assert/strict";
import { tempDir } from "../helpers/temp_dir.ts";
import { REPOSITORY } from "./folders.ts";

/** What `npx -y deno@VERSION task NAME` prints and exits with. */
interface Task {
  readonly prints: string;
  readonly code: number;
}

/** Runs `.ci/run` with an `npx` that only pretends, and returns its code and its last lines. */
async function ciRunEnd(tasks: { readonly test: Task; readonly check: Task }) {
  await using dir = await tempDir();
  const cases = Object.entries(tasks).map(([name, { prints, code }]) =>
    `"-y deno@2.9.6 task ${name}") printf '%b' '${prints}'; exit ${code} ;;`
  );
  const script = `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\nesac\nexit 99\n`;
  await Deno.writeTextFile(dir.join("npx"), script, { mode: 0o755 });
  const { code, stdout } = await new Deno.Command("bash", {
    args: [`${REPOSITORY}.ci/run`],
    cwd: dir.path,
    env: { PATH: `${dir.path}:${Deno.env.get("PATH")}` },
    stdin: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return { code, last: lines.at(-1), end: lines.slice(-6) };
}

/** The same, without the lines before the last. */
async function ciRun(tasks: Parameters<typeof ciRunEnd>[0]) {
  const { code, last } = await ciRunEnd(tasks);
  return { code, last };
}

const clean: Task = { prints: "Checked 3 files\\n", code: 0 };

Deno.test(".ci/run adds up the summaries of all runs, steps and colours aside", async () => {
  const prints = "a ... \\033[0m\\033[32mok\\033[0m (1ms)\\n" +
    "\\033[0m\\033[32mok\\033[0m | 12 passed (5 steps) | 0 failed (3ms)\\n" +
    "ok | 1 passed | 0 failed | 2 ignored | 0 measured | 4 filtered out (1s)\\n";
  assert.deepEqual(await ciRun({ test: { prints, code: 0 }, check: clean }), {
    code: 0,
    last: "13 passed, 0 failed, 2 skipped",
  });
});

Deno.test(".ci/run fails with a test that fails", async () => {
  const prints = "FAILED | 12 passed (1 step) | 3 failed (2 steps) (3ms)\\n";
  assert.deepEqual(await ciRun({ test: { prints, code: 1 }, check: clean }), {
    code: 1,
    last: "12 passed, 3 failed",
  });
});

Deno.test(".ci/run says at its end what failed, where the end of a log is all there is", async () => {
  const prints = "\\033[1m ERRORS \\033[0m\\n\\na => ./a_test.ts:1:1\\nerror: 0 !== 1\\n" +
    "FAILED | 12 passed | 1 failed (3ms)\\n";
  const { end } = await ciRunEnd({ test: { prints, code: 1 }, check: clean });
  assert.deepEqual(end, [
    " ERRORS ",
    "",
    "a => ./a_test.ts:1:1",
    "error: 0 !== 1",
    "",
    "12 passed, 1 failed",
  ]);
});

Deno.test(".ci/run fails with a check that fails", async () => {
  const test = { prints: "ok | 12 passed | 0 failed (3ms)\\n", code: 0 };
  assert.deepEqual(await ciRun({ test, check: { prints: "error: Found 1 problem\\n", code: 1 } }), {
    code: 1,
    last: "12 passed, 1 failed",
  });
});

Deno.test(".ci/run fails where the runner ends badly though no test failed", async () => {
  const test = { prints: "ok | 12 passed | 0 failed (3ms)\\nerror: panicked\\n", code: 101 };
  assert.deepEqual(await ciRun({ test, check: clean }), { code: 1, last: "12 passed, 1 failed" });
});

Deno.test(".ci/run fails without a summary", async () => {
  const test = { prints: "12 passed\\n", code: 0 };
  assert.deepEqual(await ciRun({ test, check: clean }), { code: 1, last: "0 passed, 1 failed" });
});

Deno.test(".ci/run fails where no test ran", async () => {
  const test = { prints: "ok | 0 passed | 0 failed | 3 ignored (3ms)\\n", code: 0 };
  assert.deepEqual(await ciRun({ test, check: clean }), {
    code: 1,
    last: "0 passed, 0 failed, 3 skipped",
  });
});
