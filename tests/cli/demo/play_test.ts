import assert from "node:assert/strict";
import { Narrator } from "../../../src/cli/demo/narrator.ts";
import { play } from "../../../src/cli/demo/play.ts";
import { Scene } from "../../../src/cli/demo/scene.ts";
import type { Stage } from "../../../src/cli/demo/stage.ts";
import type { Step } from "../../../src/cli/demo/step.ts";
import { failureOf } from "../../../src/cli/demo/summary.ts";
import { isAlive, processRef } from "../../../src/worker/host.ts";
import type { ProcessRef } from "../../../src/worker/protocol.ts";

function step(name: string, playIt: (stage: Stage) => Promise<void>): Step {
  return { name, title: `The ${name} step`, play: playIt };
}

async function playAll(steps: readonly Step[], signal = new AbortController().signal) {
  await using scene = await Scene.make({ signal, keep: false });
  return { directory: scene.directory, results: await play(steps, scene, await Narrator.to(null)) };
}

Deno.test("play() stops at the first step that fails and says why", async () => {
  const { results, directory } = await playAll([
    step("good", (stage) => stage.verify(true, "One is one", "")),
    step("bad", (stage) => stage.verify(false, "One is two", "it is one")),
    step("later", () => Promise.reject(new Error("must not be played"))),
  ]);
  assert.deepEqual(results.map(({ ok, verified }) => [ok, verified]), [
    [true, ["One is one"]],
    [false, []],
    [null, []],
  ]);
  assert.equal(
    failureOf(results),
    'Step 2 (bad) failed: this should hold: "One is two", but it is one',
  );
  await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
});

Deno.test("play() counts a command that fails, and one that throws, as a failure", async () => {
  const shell = await playAll([
    step("shell", async (stage) => void await stage.shell("echo too bad >&2; exit 3")),
  ]);
  assert.equal(
    failureOf(shell.results),
    "Step 1 (shell) failed: echo too bad >&2; exit 3: ended with exit code 3: too bad",
  );
  const thrown = await playAll([
    step("oops", () => Promise.reject(new TypeError("no such thing"))),
  ]);
  assert.equal(failureOf(thrown.results), "Step 1 (oops) failed: no such thing");
});

Deno.test("play() ends what runs when the signal comes", async () => {
  const controller = new AbortController();
  const { results } = await playAll([
    step("long", async (stage) => {
      const ended = stage.shell("exec sleep 60");
      controller.abort();
      await ended;
    }),
    step("later", () => Promise.resolve()),
  ], controller.signal);
  assert.deepEqual(results.map(({ ok }) => ok), [false, null]);
});

Deno.test("Scene ends what was left in the background, and no other process", async () => {
  await using other = new Deno.Command("sleep", { args: ["60"] }).spawn();
  let left: ProcessRef | null = null;
  await playAll([
    step("background", async (stage) => {
      await stage.shell("setsid sleep 60 >/dev/null 2>&1 &");
      const { pids } = stage.scene;
      assert.equal(pids.length, 1);
      left = processRef(pids[0]!);
    }),
  ]);
  assert.equal(left === null || isAlive(left), false);
  assert.equal(isAlive(processRef(other.pid)!), true);
  other.kill("SIGKILL");
});
