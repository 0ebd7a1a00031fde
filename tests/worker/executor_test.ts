import assert from "node:assert/strict";
import { isAlive, processInfo } from "../../src/worker/host.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { open, text } from "./executor_scene.ts";

Deno.test("An executor runs commands and reports their end and their output", async () => {
  await using it = await open();
  const before = Date.now();
  const end = await it.run("echo out; echo err >&2; exit 3");
  assert.deepEqual(end.result, { kind: "exit", code: 3 });
  assert.equal(end.slot, 0);
  assert.equal(end.ending, null);
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

Deno.test("An executor replaces a launcher that was killed, and ends what it left running", async () => {
  await using it = await open();
  const first = it.launchers().get(0)!;
  const token = it.begin("trap '' TERM; setsid sh -c 'echo $$ >left; exec sleep 600'");
  const left = await it.pid("left");
  Deno.kill(first.pid, "SIGKILL");
  const end = await it.ended(token);
  assert.deepEqual(end.result, { kind: "launcher_died" });
  assert.equal(end.ending, null);
  assert.equal(processInfo(left)?.alive ?? false, false);
  const second = await waitFor(() => {
    const ref = it.launchers().get(0)!;
    return ref.pid !== first.pid && ref;
  });
  const announced = it.said.findLastIndex((m) => m.type === "slot_ready");
  const told = it.said.findIndex((m) => m.type === "ended" && m.reports.includes(end));
  assert(told < announced, "the end is told before the new launcher");
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
  const all = failures().sort((a, b) => Number(b.includes("token")) - Number(a.includes("token")));
  assert.match(all.join("\n"), /not an attempt token.*No slot 99 is open/s);
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
