import assert from "node:assert/strict";
import { processInfo } from "../../src/worker/host.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { open, text } from "./executor_scene.ts";

Deno.test("An executor ends the tree, asks first, and says that it was its doing", async () => {
  await using it = await open();
  const token = it.begin(
    "trap 'echo bye; exit 4' TERM; setsid sh -c 'echo $$ >left; exec sleep 600' & echo $$ >shell; " +
      "while :; do sleep 1; done",
  );
  await it.pid("shell");
  const left = await it.pid("left");
  it.send({ type: "end", token, grace: 60_000, reason: "cancel" });
  const end = await it.ended(token);
  assert.deepEqual(end.result, { kind: "exit", code: 4 });
  assert.deepEqual(end.ending, { reason: "cancel" });
  assert.equal(text(it.chunks(token), "stdout"), "bye\n");
  assert.equal(processInfo(left)?.alive ?? false, false);
  assert.deepEqual((await it.run("true")).result, { kind: "exit", code: 0 }, "the slot goes on");
  assert.equal(it.said.filter((m) => m.type === "slot_ready").length, 1);
});

Deno.test("An executor uses SIGKILL after the grace, and of several ends the shorter one", async () => {
  await using it = await open();
  const token = it.begin("trap '' TERM; echo $$ >shell; while :; do sleep 1; done");
  await it.pid("shell");
  it.send({ type: "end", token, grace: 600_000, reason: "cancel" });
  it.send({ type: "end", token, grace: 50, reason: "cancel" });
  it.send({ type: "end", token, grace: 600_000, reason: "cancel" });
  const end = await it.ended(token);
  assert.deepEqual(end.result, { kind: "exit", code: 137 });
  assert.deepEqual(end.ending, { reason: "cancel" });
});

Deno.test("An executor reports an end when the whole tree has ended, not the command alone", async () => {
  await using it = await open();
  const token = it.begin(
    "sh -c 'trap : TERM; echo $$ >deaf; while :; do sleep 1; done' & echo $$ >shell; exec sleep 600",
  );
  const [deaf, shell] = [await it.pid("deaf"), await it.pid("shell")];
  it.send({ type: "end", token, grace: 600_000, reason: "cancel" });
  await waitFor(() => !(processInfo(shell)?.alive ?? false));
  it.send({ type: "end", token, grace: 50, reason: "cancel" });
  const end = await it.ended(token);
  assert.deepEqual(end.result, { kind: "exit", code: 143 });
  assert.equal(processInfo(deaf)?.alive ?? false, false);
});

Deno.test("An executor says of a command that had ended by itself that it was not its doing", async () => {
  await using it = await open();
  const launcher = it.launchers().get(0)!;
  const token = it.begin("echo $$ >shell; until [ -e go ]; do sleep 0.01; done; exit 6");
  const shell = await it.pid("shell");
  // A launcher that is stopped cannot report yet.
  Deno.kill(launcher.pid, "SIGSTOP");
  await waitFor(() => processInfo(launcher.pid)?.stopped);
  await Deno.writeTextFile(it.work.join("go"), "");
  await waitFor(() => !(processInfo(shell)?.alive ?? false));
  it.send({ type: "end", token, grace: 0, reason: "cancel" });
  const end = await it.ended(token);
  assert.deepEqual(end.result, { kind: "exit", code: 6 });
  assert.equal(end.ending, null);
});

Deno.test("An executor ends an attempt whose launcher is slow to start it", async () => {
  await using it = await open();
  // A launcher needs some milliseconds to read so much.
  const names = Array.from({ length: 10 }, (_, index) => [`BIG_${index}`, "'".repeat(30_000)]);
  const env = Object.fromEntries(names);
  for (let round = 0; round < 10; round++) {
    const attempt = it.start("exec sleep 600", { env });
    it.send({ type: "work", settled: [], start: [attempt] });
    it.send({ type: "end", token: attempt.token, grace: 60_000, reason: "cancel" });
    assert.deepEqual((await it.ended(attempt.token)).result, { kind: "exit", code: 143 });
  }
});

Deno.test("An executor ends an attempt that it has only just been told to start", async () => {
  await using it = await open();
  for (let round = 0; round < 50; round++) {
    const attempt = it.start("exec sleep 600");
    it.send({ type: "work", settled: [], start: [attempt] });
    it.send({
      type: "end",
      token: attempt.token,
      grace: round % 2 === 0 ? 0 : 60_000,
      reason: "cancel",
    });
    const end = await it.ended(attempt.token);
    assert.deepEqual(end.result, { kind: "exit", code: round % 2 === 0 ? 137 : 143 });
    it.send({ type: "work", settled: [attempt.token], start: [] });
  }
});

Deno.test("An executor takes an end for something that has ended, or never was, for nothing", async () => {
  await using it = await open();
  const end = await it.run("true");
  it.send({ type: "end", token: end.token, grace: 0, reason: "cancel" });
  it.send({ type: "end", token: "unknown", grace: 0, reason: "cancel" });
  assert.deepEqual((await it.run("exit 1")).result, { kind: "exit", code: 1 });
  assert.equal(it.reports().length, 2);
});
