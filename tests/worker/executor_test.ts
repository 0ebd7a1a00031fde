import assert from "node:assert/strict";
import { isAlive, processInfo } from "../../src/worker/host.ts";
import { findTree } from "../../src/worker/process_tree.ts";
import type {
  AttemptStart,
  FromExecutor,
  OutputChunk,
  ProcessRef,
  ToExecutor,
} from "../../src/worker/protocol.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";

type Ended = Extract<FromExecutor, { type: "ended" }>;

/** A real Web Worker with its slots, and what it has said. */
async function open(slots = 1) {
  const dir = await tempDir();
  const work = await tempDir();
  const module = new URL("../../src/worker/executor.ts", import.meta.url);
  const worker = new Worker(module, { type: "module" });
  const said: FromExecutor[] = [];
  const tokens: string[] = [];
  worker.onmessage = ({ data }: MessageEvent<FromExecutor>) => said.push(data);
  const send = (message: ToExecutor) => worker.postMessage(message);
  send({ type: "open", slots: Array.from({ length: slots }, (_, i) => i), spool: dir.path });

  /** The launchers as last announced. */
  function launchers(): Map<number, ProcessRef> {
    const ready = new Map<number, ProcessRef>();
    for (const m of said) if (m.type === "slot_ready") ready.set(m.slot, m.launcher);
    return ready;
  }
  await waitFor(() => launchers().size === slots);

  function start(command: string, options: Partial<AttemptStart> = {}): AttemptStart {
    const token = options.token ?? crypto.randomUUID();
    tokens.push(token);
    const env = { QUEUECTL_ATTEMPT_TOKEN: token, ...options.env };
    const { slot = 0, launcher = launchers().get(slot)! } = options;
    const given = { command, cwd: work.path, maxOutput: 1 << 20, ...options };
    return { ...given, slot, launcher, token, env };
  }
  const find = (token: string) =>
    said.find((m): m is Ended => m.type === "ended" && m.token === token);
  const ended = (token: string) => waitFor(() => find(token), { interval: 2, message: "an end" });

  return {
    said,
    send,
    start,
    find,
    ended,
    launchers,
    spool: dir.path,
    work,
    async run(command: string, options: Partial<AttemptStart> = {}): Promise<Ended> {
      const attempt = start(command, options);
      send({ type: "work", settled: [], start: [attempt] });
      const end = await ended(attempt.token);
      send({ type: "work", settled: [attempt.token], start: [] });
      return end;
    },
    begin(command: string, options: Partial<AttemptStart> = {}): string {
      const attempt = start(command, options);
      send({ type: "work", settled: [], start: [attempt] });
      return attempt.token;
    },
    /** What a store would have of an attempt's output. */
    chunks(token: string): OutputChunk[] {
      const kept = new Map<number, OutputChunk>();
      const all = said.flatMap((m) => m.type === "output" || m.type === "ended" ? m.chunks : []);
      for (const chunk of all.filter((chunk) => chunk.token === token)) {
        const { from, to } = chunk.dropped ?? { from: 0, to: 0 };
        for (const seq of [...kept.keys()]) if (seq >= from && seq < to) kept.delete(seq);
        kept.set(chunk.seq, chunk);
      }
      return [...kept.values()].sort((a, b) => a.seq - b.seq);
    },
    /** A pid that a command wrote into a file. */
    pid: (name: string) =>
      waitFor(async () => {
        const written = await Deno.readTextFile(work.join(name)).catch(() => "");
        return written.endsWith("\n") ? Number(written) : null;
      }, { message: `a pid in ${name}` }),
    async [Symbol.asyncDispose]() {
      const refs = [...launchers().values()];
      for (const process of findTree({ tokens, launchers: refs })) {
        Deno.kill(process.pid, "SIGKILL");
      }
      send({ type: "close", keepFiles: false });
      await waitFor(() => !refs.some(isAlive), { message: "the launchers to end" });
      worker.terminate();
      await dir[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
      const failures = said.filter((m) => m.type === "failed");
      assert.deepEqual(failures, []);
    },
  };
}

function text(chunks: readonly OutputChunk[], stream: "stdout" | "stderr"): string {
  const decoder = new TextDecoder();
  return chunks.filter((chunk) => chunk.stream === stream)
    .map(({ bytes }) => decoder.decode(bytes)).join("");
}

Deno.test("An executor runs commands and reports their end and their output", async () => {
  await using it = await open();
  const before = Date.now();
  const end = await it.run("echo out; echo err >&2; exit 3");
  assert.deepEqual(end.result, { kind: "exit", code: 3 });
  assert.equal(end.slot, 0);
  assert.equal(end.endedByUs, false);
  assert(
    before <= end.startedAt && end.startedAt <= end.finishedAt && end.finishedAt <= Date.now(),
  );
  assert.equal(text(end.chunks, "stdout"), "out\n");
  assert.equal(text(end.chunks, "stderr"), "err\n");
  assert.equal(end.outputBytes, 8);
});

Deno.test("An executor runs its slots side by side, 200 jobs in 4 slots", async () => {
  await using it = await open(4);
  const jobs = Array.from(
    { length: 200 },
    (_, i) => it.start(`echo ${i}; exit ${i}`, { slot: i % 4 }),
  );
  for (const first of jobs.slice(0, 4)) {
    it.send({ type: "work", settled: [], start: [first] });
  }
  for (const [index, job] of jobs.entries()) {
    const end = await it.ended(job.token);
    assert.deepEqual(end.result, { kind: "exit", code: index });
    assert.equal(text(end.chunks, "stdout"), `${index}\n`);
    const next = jobs[index + 4];
    it.send({ type: "work", settled: [job.token], start: next ? [next] : [] });
  }
});

Deno.test("An executor removes the spool files of what is settled, and no sooner", async () => {
  await using it = await open();
  const token = it.begin("echo x");
  await it.ended(token);
  const files = () => [...Deno.readDirSync(it.spool)].map((entry) => entry.name).sort();
  assert.deepEqual(files().filter((name) => name.startsWith(token)), [
    `${token}.err`,
    `${token}.out`,
  ]);
  it.send({ type: "work", settled: [token], start: [] });
  await waitFor(() => !files().some((name) => name.startsWith(token)));
});

Deno.test("An executor sends output while the command runs, and every byte once", async () => {
  await using it = await open();
  const token = it.begin(
    "echo one; until [ -e go ]; do sleep 0.01; done; echo two; sleep 0.01; echo three >&2",
  );
  await waitFor(() => text(it.chunks(token), "stdout") === "one\n");
  assert.equal(it.find(token), undefined);
  await Deno.writeTextFile(it.work.join("go"), "");
  const end = await it.ended(token);
  assert.equal(text(it.chunks(token), "stdout"), "one\ntwo\n");
  assert.equal(text(it.chunks(token), "stderr"), "three\n");
  assert.equal(end.outputBytes, 14);
});

Deno.test("An executor keeps the first and the last half of 10 MB", async () => {
  await using it = await open();
  const end = await it.run("head -c 10000000 /dev/zero | tr '\\0' x; echo end");
  const chunks = it.chunks(end.token);
  assert.equal(end.outputBytes, 10_000_004);
  assert.equal(text(chunks, "stdout").slice(-5), "xend\n");
  assert.equal(chunks.reduce((sum, chunk) => sum + chunk.missing, 0), 10_000_004 - (1 << 20));
});

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
  assert.equal(end.endedByUs, true);
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
  assert.equal(end.endedByUs, true);
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
  assert.equal(end.endedByUs, false);
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
  assert.equal(it.said.filter((m) => m.type === "ended").length, 2);
});

Deno.test("An executor replaces a launcher that was killed, and ends what it left running", async () => {
  await using it = await open();
  const first = it.launchers().get(0)!;
  const token = it.begin("trap '' TERM; setsid sh -c 'echo $$ >left; exec sleep 600'");
  const left = await it.pid("left");
  Deno.kill(first.pid, "SIGKILL");
  const end = await it.ended(token);
  assert.deepEqual(end.result, { kind: "launcher_died" });
  assert.equal(end.endedByUs, false);
  assert.equal(processInfo(left)?.alive ?? false, false);
  const second = await waitFor(() => {
    const ref = it.launchers().get(0)!;
    return ref.pid !== first.pid && ref;
  });
  const announced = it.said.findLastIndex((m) => m.type === "slot_ready");
  assert(it.said.indexOf(end) < announced, "the end is told before the new launcher");
  assert.deepEqual((await it.run("exit 2")).result, { kind: "exit", code: 2 });
  assert(isAlive(second));
});

Deno.test("An executor replaces an idle launcher, and loses no attempt by it", async () => {
  await using it = await open();
  assert.deepEqual((await it.run("true")).result, { kind: "exit", code: 0 });
  const first = it.launchers().get(0)!;
  Deno.kill(first.pid, "SIGKILL");
  await waitFor(() => it.launchers().get(0)!.pid !== first.pid);
  assert.deepEqual((await it.run("exit 2")).result, { kind: "exit", code: 2 });
});

Deno.test("An executor begins nothing with another launcher than the store has", async () => {
  await using it = await open();
  const [launcher] = it.launchers().values();
  for (const other of [{ pid: 1 }, { startTime: "0" }]) {
    const end = await it.run("touch ran", { launcher: { ...launcher!, ...other } });
    assert.equal(end.result.kind, "not_begun");
  }
  assert.deepEqual([...Deno.readDirSync(it.work.path)], []);
  assert.deepEqual((await it.run("true")).result, { kind: "exit", code: 0 });
});

Deno.test("An executor says why an attempt could not be started", async () => {
  await using it = await open();
  const end = await it.run("true", { cwd: "/no/such" });
  const error = "working directory /no/such does not exist";
  assert.deepEqual(end.result, { kind: "not_started", error });
  const token = crypto.randomUUID();
  await Deno.writeTextFile(`${it.spool}/${token}.out`, "in the way");
  const second = await it.run("true", { token });
  assert.equal(second.result.kind, "not_begun");
  assert.deepEqual((await it.run("true", { cwd: null })).result, { kind: "exit", code: 0 });
});

Deno.test("An executor says that it has failed rather than stay silent", async () => {
  await using it = await open();
  const failures = () => it.said.filter((m) => m.type === "failed").map(({ error }) => error);
  it.begin("true", { token: "../escape" });
  it.begin("true", { slot: 99 });
  await waitFor(() => failures().length === 2);
  assert.match(failures().join("\n"), /not an attempt token.*No slot 99 is open/s);
  it.said.splice(0, Infinity, ...it.said.filter((m) => m.type !== "failed"));
});

Deno.test("An executor that closes leaves no launcher and no file", async () => {
  await using it = await open(3);
  await it.run("true");
  const refs = [...it.launchers().values()];
  it.send({ type: "close", keepFiles: false });
  await waitFor(() => !refs.some(isAlive));
  await waitFor(() => [...Deno.readDirSync(it.spool)].length === 0);
});
