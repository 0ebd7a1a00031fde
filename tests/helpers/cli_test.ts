import assert from "node:assert/strict";
import { RunningProgram } from "./cli.ts";

/** A shell script in the place of queuectl. */
function shell(script: string, stdin?: string): RunningProgram {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", script],
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new RunningProgram(child, { args: ["-c", script], stdin });
}

Deno.test("RunningProgram.ended() returns code and output", async () => {
  await using program = shell("cat; echo problem >&2; exit 3", "a\n".repeat(100_000));
  const { code, signal, stdout, stderr, closed } = await program.ended();
  assert.deepEqual({ code, signal, stderr, closed }, {
    code: 3,
    signal: null,
    stderr: "problem\n",
    closed: true,
  });
  assert.equal(stdout, "a\n".repeat(100_000));
});

Deno.test("RunningProgram.ended() fails when the time is over, with the output", async () => {
  await using program = shell("echo begun; exec sleep 60");
  await program.line("begun");
  await assert.rejects(program.ended(50), /did not end in 50 ms\n--- stdout\nbegun/);
});

Deno.test("RunningProgram.ended() tells that the output is held open", async () => {
  await using program = shell("sleep 60 & echo $!");
  const { closed, stdout } = await program.ended();
  Deno.kill(Number(stdout), "SIGKILL");
  assert.equal(closed, false);
});

Deno.test("RunningProgram.line() finds lines of both streams, earlier ones too", async () => {
  await using program = shell("echo one; echo two >&2; exec sleep 60");
  const lines = await Promise.all([program.line("two"), program.line(/^o/, { stream: "stdout" })]);
  assert.deepEqual(lines, ["two", "one"]);
  assert.equal(await program.line("one"), "one");
  await assert.rejects(program.line("two", { stream: "stdout", timeout: 50 }), /in 50 ms/);
});

Deno.test("RunningProgram.line() fails when the program ends without the line", async () => {
  await using program = shell("echo half; exit 1");
  await assert.rejects(program.line("whole"), /ended without a line like whole/);
});

Deno.test("RunningProgram.kill() sends a signal, and none to a program that has ended", async () => {
  await using program = shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done");
  await program.line("ready");
  program.kill("SIGTERM");
  assert.equal((await program.ended()).code, 7);
  program.kill("SIGKILL");
});
