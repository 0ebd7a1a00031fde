/** What an executor does when its lease is not renewed: by itself, for its supervisor may hang. */

import assert from "node:assert/strict";
import { processInfo } from "../../src/worker/host.ts";
import { leaseClock, type LeaseEnd } from "../../src/worker/lease.ts";
import { open } from "./executor_scene.ts";

/** So many milliseconds from now. */
function inTime(left: number): LeaseEnd {
  const now = leaseClock();
  return { sinceBoot: now.sinceBoot! + left, own: now.own + left };
}

/** Nothing happens in this thread until the processes have ended, or ten seconds are over. */
function hangUntilDead(pids: readonly number[]): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  for (let looks = 0; looks < 200 && pids.some((pid) => processInfo(pid)?.alive); looks++) {
    Atomics.wait(nothing, 0, 0, 50);
  }
}

Deno.test("An executor whose supervisor hangs ends what it runs when the lease is over", async () => {
  await using it = await open();
  const token = it.begin(
    `trap '' TERM; echo $$ > ${it.work.join("shell")}; setsid sh -c 'trap "" TERM; ` +
      `echo $$ > ${it.work.join("child")}; sleep 300; sleep 300' & sleep 300; sleep 300`,
  );
  const tree = [await it.pid("shell"), await it.pid("child")];
  it.send({ type: "lease", end: inTime(300) });
  hangUntilDead(tree);
  assert.deepEqual(tree.map((pid) => processInfo(pid)?.alive ?? false), [false, false]);
  const { result, ending } = await it.ended(token);
  assert.deepEqual(result, { kind: "exit", code: 137 });
  assert.deepEqual(ending, { reason: "hand_back" });
  assert.equal(it.said.filter(({ type }) => type === "lease_over").length, 1);
});

Deno.test("An executor begins nothing once its lease is over, and again when it is renewed", async () => {
  await using it = await open();
  it.send({ type: "lease", end: inTime(-1) });
  const late = it.begin("true");
  assert.deepEqual((await it.ended(late)).result, { kind: "unclaimed" });
  const names = [...Deno.readDirSync(it.spool)].map(({ name }) => name);
  assert.ok(!names.some((name) => name.startsWith(late)), "no files");
  it.send({ type: "lease", end: inTime(60_000) });
  assert.deepEqual((await it.run("true")).result, { kind: "exit", code: 0 });
});

Deno.test("An executor lets nobody out of a line once its lease is over", async () => {
  await using it = await open();
  const [first, next] = [it.start("until [ -e go ]; do sleep 0.005; done"), it.start("exit 1")];
  it.send({ type: "work", settled: [], start: [first, next] });
  it.send({ type: "lease", end: inTime(-1) });
  await Deno.writeTextFile(it.work.join("go"), "");
  assert.deepEqual((await it.ended(next.token)).result, { kind: "unclaimed" });
});

Deno.test("An executor whose lease is renewed in time lets all run on", async () => {
  await using it = await open();
  it.send({ type: "lease", end: inTime(150) });
  const token = it.begin("until [ -e go ]; do sleep 0.01; done; sleep 0.3");
  it.send({ type: "lease", end: inTime(60_000) });
  await Deno.writeTextFile(it.work.join("go"), "");
  const { result, ending } = await it.ended(token);
  assert.deepEqual([result, ending], [{ kind: "exit", code: 0 }, null]);
});
