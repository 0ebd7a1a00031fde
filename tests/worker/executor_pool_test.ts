import assert from "node:assert/strict";
import type { FreeSlot } from "../../src/worker/attempt_start.ts";
import { ExecutorPool, type Orphan } from "../../src/worker/executor_pool.ts";
import { isAlive, listProcesses } from "../../src/worker/host.ts";
import { killHard } from "../../src/worker/process_tree.ts";
import type { AttemptReport } from "../../src/worker/protocol.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A real pool of so many slots, and what it has said. */
async function open(slots: number, threads: number) {
  const dir = await tempDir();
  const ended = new Map<string, AttemptReport>();
  const orphans: Orphan[] = [];
  const failures: string[] = [];
  const pool = new ExecutorPool({ threads, spool: dir.path }, {
    ready: () => {},
    slotFailed: (error) => failures.push(error),
    output: () => {},
    begun: () => {},
    ended: (report) => void ended.set(report.token, report),
    leaseOver: () => {},
    failed: (error, lost) => {
      failures.push(error);
      orphans.push(...lost);
    },
    broken: (error) => failures.push(error),
  });
  pool.resize(slots);
  const ready = () => waitFor(() => pool.isReady, { message: "every slot" });
  await ready();

  function plan(command: string, { slot, launcher }: FreeSlot, token: string): string {
    const env = { QUEUECTL_ATTEMPT_TOKEN: token };
    const limits = { stdin: null, maxOutput: 1000, timeout: null, killGrace: 0 };
    pool.start({ token, command, cwd: dir.path, slot, launcher, env, ...limits });
    return token;
  }
  function begin(command: string, slot = pool.free()[0]!): string {
    const token = plan(command, slot, crypto.randomUUID());
    pool.flush();
    return token;
  }
  return {
    pool,
    ready,
    begin,
    orphans,
    failures,
    dir: dir.path,
    /** Runs until `go` is there. */
    wait: (slot?: FreeSlot) => begin("until [ -e go ]; do sleep 0.01; done", slot),
    go: () => Deno.writeTextFile(dir.join("go"), ""),
    ended: (token: string) => waitFor(() => ended.get(token), { message: "an end" }),
    /** At the next flush the slot's executor fails: it cannot use such a token. */
    planFailure: (slot: FreeSlot) => plan("true", slot, "../escape"),
    /** The launchers of this pool. */
    launchers: () =>
      [...Deno.readDirSync(dir.path)].flatMap(({ name }) => {
        const [, pid, startTime] = /^launcher-(\d+)-(\d+)\.status$/.exec(name) ?? [];
        const ref = { pid: Number(pid), startTime: startTime! };
        return startTime !== undefined && isAlive(ref) ? [ref] : [];
      }),
    async [Symbol.asyncDispose]() {
      await pool.close(false);
      const launchers = [...listProcesses().values()].filter(({ parent }) => parent === Deno.pid);
      await killHard({ worker: null, launchers: orphans.map((o) => o.launcher), tokens: [] });
      assert.deepEqual(launchers.filter(isAlive), []);
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("ExecutorPool.places() has none behind a job that has run for a while", async () => {
  await using it = await open(2, 1);
  const [first, second] = it.pool.free();
  const long = it.wait(first);
  assert.deepEqual(it.pool.places(2).map(({ slot }) => slot), [0, 1, 0, 1]);
  await waitFor(() => it.pool.places(1).length === 1);
  assert.deepEqual(it.pool.places(2), [second, second], "a free slot has its line");
  await it.go();
  await it.ended(long);
  assert.equal(it.pool.places(1).length, 2);
});

Deno.test("ExecutorPool.resize() makes slots and lets free ones go", async () => {
  await using it = await open(1, 2);
  assert.deepEqual([it.pool.size, it.pool.free().length], [1, 1]);
  it.pool.resize(5);
  assert.deepEqual([it.pool.size, it.pool.isReady, it.pool.free().length], [5, false, 1]);
  await it.ready();
  const free = it.pool.free();
  assert.equal(free.length, 5);
  for (const slot of free) {
    const { result } = await it.ended(it.begin(`exit ${slot.slot}`, slot));
    assert.deepEqual(result, { kind: "exit", code: slot.slot });
  }
  it.pool.resize(2);
  assert.deepEqual([it.pool.size, it.pool.leaving, it.pool.free().length], [2, 0, 2]);
  await waitFor(() => it.launchers().length === 2);
  assert.deepEqual(it.failures, []);
});

Deno.test("ExecutorPool.resize() lets what runs finish, free slots go first", async () => {
  await using it = await open(4, 2);
  const [, ...busy] = it.pool.free();
  const tokens = busy.map((slot) => it.wait(slot));
  it.pool.resize(3);
  assert.deepEqual([it.pool.size, it.pool.leaving, it.pool.free().length], [3, 0, 0]);
  it.pool.resize(1);
  assert.deepEqual([it.pool.size, it.pool.leaving], [1, 2]);
  await it.go();
  for (const token of tokens) {
    assert.deepEqual((await it.ended(token)).result, { kind: "exit", code: 0 });
    it.pool.settled(token);
  }
  it.pool.flush();
  assert.deepEqual([it.pool.size, it.pool.leaving, it.pool.free().length], [1, 0, 1]);
  await waitFor(() => it.launchers().length === 1);
  const last = it.begin("exit 9");
  assert.deepEqual((await it.ended(last)).result, { kind: "exit", code: 9 });
});

Deno.test("ExecutorPool.resize() keeps a slot that was to go after its job", async () => {
  await using it = await open(2, 2);
  const tokens = it.pool.free().map((slot) => it.wait(slot));
  it.pool.resize(1);
  it.pool.resize(2);
  assert.deepEqual([it.pool.size, it.pool.leaving, it.pool.isReady], [2, 0, true]);
  await it.go();
  for (const token of tokens) await it.ended(token);
  assert.equal(it.pool.free().length, 2);
  assert.equal(it.launchers().length, 2);
});

Deno.test("ExecutorPool spreads slots over as many executors as there are threads", async () => {
  await using it = await open(1, 3);
  it.pool.resize(6);
  await it.ready();
  const [first] = it.pool.free();
  it.planFailure(first!);
  it.pool.flush();
  await waitFor(() => it.failures.length === 1);
  assert.equal(it.pool.free().length, 4, "an executor has two of six slots");
  await it.ready();
  assert.equal(it.pool.free().length, 6);
  it.pool.resize(1);
  it.pool.resize(6);
  await it.ready();
  assert.equal(it.pool.free().length, 6);
});

Deno.test("ExecutorPool reopens the slots of a failed executor that are still wanted", async () => {
  await using it = await open(6, 2);
  const slots = it.pool.free();
  const one = slots.filter(({ slot }) => slot % 2 === 0);
  const other = slots.filter(({ slot }) => slot % 2 === 1);
  const tokens = [...one.slice(1), ...other].map((slot) => it.wait(slot));
  it.planFailure(one[0]!);
  it.pool.resize(4);
  assert.deepEqual([it.pool.size, it.pool.leaving], [4, 2]);
  it.pool.flush();
  await waitFor(() => it.failures.length === 1);
  assert.equal(it.orphans.length, 3);
  assert.deepEqual([it.pool.size, it.pool.leaving], [4, 1], "what was to go is gone");
  // Of the two without an executor, one is not wanted any more, and a new one is.
  it.pool.resize(3);
  it.pool.resize(5);
  await it.go();
  await it.ready();
  const orphaned = new Set(it.orphans.map(({ token }) => token));
  for (const token of tokens.filter((token) => !orphaned.has(token))) await it.ended(token);
  assert.deepEqual([it.pool.size, it.pool.leaving, it.pool.free().length], [5, 0, 5]);
  for (const slot of it.pool.free()) {
    const { result } = await it.ended(it.begin("exit 4", slot));
    assert.deepEqual(result, { kind: "exit", code: 4 });
  }
});

Deno.test("ExecutorPool.close() takes along what is being made and what is leaving", async () => {
  const it = await open(4, 2);
  it.pool.resize(1);
  it.pool.resize(8);
  await it[Symbol.asyncDispose]();
  assert.deepEqual(it.failures, []);
});
