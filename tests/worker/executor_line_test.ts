import assert from "node:assert/strict";
import type { AttemptStart } from "../../src/worker/protocol.ts";
import { sleep } from "../../src/worker/sleep.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { open, text } from "./executor_scene.ts";

type Scene = Awaited<ReturnType<typeof open>>;

const UNCLAIMED = { kind: "unclaimed" };

/** Gives these commands to one slot, all at once; their attempts. */
function lineUp(it: Scene, ...commands: string[]): AttemptStart[] {
  const start = commands.map((command) => it.start(command));
  it.send({ type: "work", settled: [], start });
  return start;
}

Deno.test("An executor runs what is in the line of a slot one after the other, in order", async () => {
  await using it = await open();
  const out = it.work.join("out");
  const names = ["a", "b", "c", "d", "e"];
  let rest = names;
  while (rest.length > 0) {
    const starts = lineUp(it, ...rest.map((name) => `echo ${name} >>${out}; echo ${name}`));
    const ends = [];
    for (const { token } of starts) ends.push(await it.ended(token));
    const ran = ends.filter(({ result }) => result.kind !== "unclaimed");
    assert.ok(ran.length > 0, "the first one at least");
    for (const [i, { result, chunks }] of ran.entries()) {
      assert.deepEqual(result, { kind: "exit", code: 0 });
      assert.equal(text(chunks, "stdout"), `${rest[i]}\n`);
    }
    // On a machine that is busy the last ones may have waited too long; they are given again, as a worker does.
    rest = rest.slice(ran.length);
  }
  assert.equal(await Deno.readTextFile(out), "a\nb\nc\nd\ne\n");
});

Deno.test("An executor lets nobody wait behind a long job, and runs it to its end", async () => {
  await using it = await open();
  const [long, ...late] = lineUp(it, "until [ -e go ]; do sleep 0.01; done", "exit 1", "exit 2");
  for (const { token } of late) assert.deepEqual((await it.ended(token)).result, UNCLAIMED);
  assert.equal(it.find(long!.token), undefined);
  await Deno.writeTextFile(it.work.join("go"), "");
  assert.deepEqual((await it.ended(long!.token)).result, { kind: "exit", code: 0 });
  const names = [...Deno.readDirSync(it.spool)].map(({ name }) => name);
  assert.ok(!names.some((name) => late.some(({ token }) => name.startsWith(token))), "no files");
});

Deno.test("An executor gives back who waits too long before it tells of the end in front", async () => {
  await using it = await open();
  const [first] = lineUp(it, "sleep 0.17", "true");
  await sleep(60);
  lineUp(it, "true", "true");
  await it.ended(first!.token);
  const places = it.reports().map(({ result }) => result.kind);
  assert.ok(places.lastIndexOf("unclaimed") < places.indexOf("exit"), String(places));
});

Deno.test("An executor ends an attempt that waits before it begins", async () => {
  await using it = await open();
  const [, waiting] = lineUp(it, "sleep 0.08", "echo no >began", "true");
  it.send({ type: "end", token: waiting!.token, grace: 0, reason: "cancel" });
  assert.deepEqual((await it.ended(waiting!.token)).result, UNCLAIMED);
  await assert.rejects(Deno.stat(it.work.join("began")), Deno.errors.NotFound);
});

Deno.test("An executor clears the lines of slots, and lets go on what runs there", async () => {
  await using it = await open(2);
  const command = "until [ -e go ]; do sleep 0.01; done";
  const starts = [0, 0, 1, 1].map((slot) => it.start(command, { slot }));
  it.send({ type: "work", settled: [], start: starts });
  it.send({ type: "clear_lines", slots: [0] });
  assert.deepEqual((await it.ended(starts[1]!.token)).result, UNCLAIMED);
  await Deno.writeTextFile(it.work.join("go"), "");
  const end = await it.ended(starts[0]!.token);
  assert.deepEqual([end.result, end.ending], [{ kind: "exit", code: 0 }, null]);
  await it.ended(starts[3]!.token);
});

Deno.test("An executor gives back what waits behind a launcher that dies", async () => {
  await using it = await open();
  const [running, waiting] = lineUp(it, "echo $PPID >pid; sleep 300", "echo no >began");
  await it.pid("pid");
  Deno.kill(it.launchers().get(0)!.pid, "SIGKILL");
  assert.deepEqual((await it.ended(running!.token)).result, { kind: "launcher_died" });
  assert.deepEqual((await it.ended(waiting!.token)).result, UNCLAIMED);
  await waitFor(() => it.said.filter(({ type }) => type === "slot_ready").length === 2);
  await assert.rejects(Deno.stat(it.work.join("began")), Deno.errors.NotFound);
});
