import assert from "node:assert/strict";
import { processInfo } from "../../src/worker/host.ts";
import type { AttemptStart } from "../../src/worker/protocol.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { open, text } from "./executor_scene.ts";

const isLiving = (pid: number) => processInfo(pid)?.alive ?? false;

/** Ends a tree soon after it has begun. */
const SOON: Partial<AttemptStart> = { timeout: 300, killGrace: 50 };

Deno.test("An executor ends a command after its timeout, and says why", async () => {
  await using it = await open();
  const before = performance.now();
  const end = await it.run("echo begun; exec sleep 600", { ...SOON, killGrace: 600_000 });
  assert.ok(performance.now() - before >= 300);
  assert.deepEqual(end.result, { kind: "exit", code: 143 });
  assert.deepEqual(end.ending, { reason: "timeout", timeout: 300 });
  assert.equal(text(it.chunks(end.token), "stdout"), "begun\n");
  assert.deepEqual((await it.run("exit 2")).result, { kind: "exit", code: 2 }, "the slot goes on");
});

Deno.test("An executor ends the whole tree of a timeout, whatever it does against it", async () => {
  await using it = await open();
  const commands = {
    deaf: "trap '' TERM; echo $$ >a; sh -c 'echo $$ >b; while :; do sleep 1; done'; sleep 600",
    grandchildren: "sh -c 'sh -c \"echo \\$\\$ >b; sleep 600; :\"; :' & echo $$ >a; sleep 600; :",
    session: "setsid sh -c 'echo $$ >b; exec sleep 600' & echo $$ >a; sleep 600; :",
    stopped: "sh -c 'echo $$ >b; kill -STOP $$; sleep 600' & echo $$ >a; sleep 600; :",
  };
  for (const [name, command] of Object.entries(commands)) {
    const end = await it.run(command, SOON);
    assert.deepEqual(end.ending, { reason: "timeout", timeout: 300 }, name);
    for (const file of ["a", "b"]) {
      assert.equal(isLiving(await it.pid(file)), false, `${name} ${file}`);
      await Deno.remove(it.work.join(file));
    }
  }
});

Deno.test("An executor takes an exit 0 after its SIGTERM for a timeout, and one before for none", async () => {
  await using it = await open();
  const late = await it.run("trap 'exit 0' TERM; while :; do sleep 0.05; done", {
    ...SOON,
    killGrace: 600_000,
  });
  assert.deepEqual(late.result, { kind: "exit", code: 0 });
  assert.deepEqual(late.ending, { reason: "timeout", timeout: 300 });
  const early = await it.run("true", SOON);
  assert.deepEqual([early.result, early.ending], [{ kind: "exit", code: 0 }, null]);
});

Deno.test("An executor leaves alone what a command left behind that had ended before its timeout", async () => {
  await using it = await open();
  const launcher = it.launchers().get(0)!;
  const command =
    "sleep 600 & echo $! >left; echo $$ >shell; until [ -e go ]; do sleep 0.01; done; exit 0";
  const token = it.begin(command, { timeout: 700, killGrace: 600_000 });
  // A launcher that is stopped cannot report that the command has ended.
  const shell = await it.pid("shell");
  Deno.kill(launcher.pid, "SIGSTOP");
  await waitFor(() => processInfo(launcher.pid)?.stopped);
  await Deno.writeTextFile(it.work.join("go"), "");
  await waitFor(() => !isLiving(shell));
  const { result, ending } = await it.ended(token);
  assert.deepEqual([result, ending], [{ kind: "exit", code: 0 }, null]);
  assert.ok(isLiving(await it.pid("left")));
});

Deno.test("An executor that is asked for an end during a timeout's grace shortens that only", async () => {
  await using it = await open();
  for (const reason of ["cancel", "hand_back"] as const) {
    const token = it.begin("trap 'echo $$ >asked' TERM; while :; do sleep 0.05; done", {
      timeout: 100,
      killGrace: 600_000,
    });
    await it.pid("asked");
    it.send({ type: "end", token, grace: 20, reason });
    const end = await it.ended(token);
    assert.deepEqual(end.result, { kind: "exit", code: 137 });
    assert.deepEqual(end.ending, { reason: "timeout", timeout: 100 });
    it.send({ type: "work", settled: [token], start: [] });
    await Deno.remove(it.work.join("asked"));
  }
});

Deno.test("An executor whose attempt is cancelled before its timeout says so", async () => {
  await using it = await open();
  const token = it.begin("trap 'echo $$ >asked' TERM; while :; do sleep 0.05; done", {
    timeout: 600,
    killGrace: 10,
  });
  it.send({ type: "end", token, grace: 800, reason: "cancel" });
  const end = await it.ended(token);
  assert.deepEqual(end.ending, { reason: "cancel" });
});

Deno.test("An executor waits for a timeout of a month, and of a hundred years", async () => {
  await using it = await open();
  // setTimeout takes what is longer than 24.8 days for nothing.
  for (const timeout of [2 ** 31, 100 * 365 * 86_400_000]) {
    const end = await it.run("sleep 0.3; exit 7", { timeout, killGrace: 0 });
    assert.deepEqual([end.result, end.ending], [{ kind: "exit", code: 7 }, null]);
  }
});

Deno.test("An executor notes beside the spool why it ends an attempt, and removes that too", async () => {
  await using it = await open();
  const token = it.begin("trap 'echo $$ >asked' TERM; while :; do sleep 0.05; done", {
    timeout: 100,
    killGrace: 600_000,
  });
  await it.pid("asked");
  assert.equal(await Deno.readTextFile(`${it.spool}/${token}.end`), "timeout 100\n");
  it.send({ type: "end", token, grace: 0, reason: "hand_back" });
  await it.ended(token);
  it.send({ type: "work", settled: [token], start: [] });
  const own = () => [...Deno.readDirSync(it.spool)].filter(({ name }) => name.startsWith(token));
  await waitFor(() => own().length === 0);
});
