/** A worker whose store, or whose spool, cannot be used for a while. */

import assert from "node:assert/strict";
import type { RunningProgram } from "../helpers/cli.ts";
import { flow, type Stage } from "../flows/stage.ts";
import { canMount, fillDisk, tmpfs, writeProtect } from "./store_disk.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { heartbeatOf } from "./store_file.ts";

const UNTIL_GO = "echo begun >> begun; until test -e go; do sleep 0.05; done";

/** SQLite's page size. */
const PAGE = 4096;

/** How often a worker has said something. */
function times(worker: RunningProgram, pattern: RegExp): number {
  return worker.stderr.split("\n").filter((line) => pattern.test(line)).length;
}

async function assertRanOnce(stage: Stage, id: string): Promise<void> {
  const { attempts, attempt_log } = await stage.until(id, "completed");
  assert.deepEqual(
    { attempts, outcomes: attempt_log.map(({ outcome }) => outcome) },
    { attempts: 1, outcomes: ["completed"] },
  );
}

/** A worker with a job that runs until it may go. */
async function workerAtWork(stage: Stage): Promise<RunningProgram> {
  const worker = await stage.worker(["--count", "2"]);
  await stage.enqueue(UNTIL_GO, "--id", "job");
  await stage.untilLines("begun");
  return worker;
}

async function letGo(stage: Stage): Promise<void> {
  await Deno.writeTextFile(stage.join("go"), "");
}

flow("a worker keeps what ended while the disk was full, and goes on", async (stage) => {
  const directory = stage.store.slice(0, stage.store.lastIndexOf("/"));
  await Deno.mkdir(directory, { recursive: true });
  await using _disk = await tmpfs(directory, "2m");
  const worker = await workerAtWork(stage);
  // Its output has no room on the disk, which is its own failure.
  const flood = "until test -e go; do sleep 0.05; done; head -c 4000000 /dev/zero";
  await stage.enqueue(flood, "--id", "flood", "-r", "0");
  await worker.line("flood started", { stream: "stderr" });
  {
    using _full = fillDisk(directory);
    await letGo(stage);
    await worker.line(/is full.*running jobs go on/, { stream: "stderr" });
    const { code, stdout, stderr } = await stage.run(["enqueue", "--id", "refused", "--", "true"]);
    assert.deepEqual({ code, stdout }, { code: 5, stdout: "" }, stderr);
    assert.match(stderr, /is full/);
  }
  await worker.line("The store is back", { stream: "stderr" });
  await assertRanOnce(stage, "job");
  assert.equal((await stage.until("flood", "dead")).exit_code, 1);
  assert.equal((await stage.run(["show", "refused"])).code, 3);
  assert.equal(times(worker, /running jobs go on/), 1, worker.stderr);
  worker.kill();
  await stage.end(worker);
}, { vias: ["source"], ignore: !canMount });

flow("a worker goes on when its directory was away and is back", async (stage) => {
  const worker = await workerAtWork(stage);
  const directory = stage.store.slice(0, stage.store.lastIndexOf("/"));
  await Deno.rename(directory, stage.join("away"));
  await worker.line(/is not there any more.*running jobs go on/, { stream: "stderr" });
  await letGo(stage);
  await Deno.rename(stage.join("away"), directory);
  await worker.line("The store is back", { stream: "stderr" });
  await assertRanOnce(stage, "job");
  assert.equal(times(worker, /running jobs go on/), 1, worker.stderr);
}, { vias: ["source"] });

flow("a worker keeps what ended while a page was damaged, and says it once", async (stage) => {
  const worker = await workerAtWork(stage);
  // Out of the log, and out of the worker's cache.
  await stage.ask("PRAGMA wal_checkpoint(TRUNCATE)");
  await stage.ask("INSERT INTO setting VALUES ('x', '')");
  await stage.ask("DELETE FROM setting WHERE key = 'x'");
  await stage.ask("PRAGMA wal_checkpoint(TRUNCATE)");
  const [{ rootpage } = {}] = await stage.ask(
    "SELECT * FROM sqlite_schema WHERE name = 'migration'",
  );
  const at = (Number(rootpage) - 1) * PAGE;
  const page = exchange(stage.store, at, new Uint8Array(PAGE).fill(0xa5));
  await worker.line(/is damaged.*running jobs go on/, { stream: "stderr" });
  const { code } = await stage.run(["enqueue", "--", "true"]);
  assert.equal(code, 5);
  await letGo(stage);
  exchange(stage.store, at, page);
  await worker.line("The store is back", { stream: "stderr" });
  await assertRanOnce(stage, "job");
  assert.equal(times(worker, /running jobs go on/), 1, worker.stderr);
}, { vias: ["source"] });

for (const end of ["-wal", "-shm"]) {
  flow(`no job is lost when somebody removes the ${end} of a store in use`, async (stage) => {
    await stage.enqueue("true", "--id", "before", "--hold");
    const worker = await workerAtWork(stage);
    await Deno.remove(stage.store + end);
    // The worker may have it open still: then nobody else can use the store, or both may.
    const { stdout } = await stage.run(["enqueue", "--id", "after", "--hold", "--", "true"]);
    await worker.line("Somebody removed", { stream: "stderr" });
    const { stderr } = await stage.end(worker, 5);
    assert.match(stderr, /^queuectl: Somebody removed .*: start the worker again$/m);
    const ids = (await stage.json<{ id: string }[]>("list")).map(({ id }) => id).toSorted();
    const told = stdout === "" ? [] : ["after"];
    assert.deepEqual(ids, [...told, "before", "job"]);
    const [{ integrity_check } = {}] = await stage.ask("PRAGMA integrity_check");
    assert.equal(integrity_check, "ok");
    await letGo(stage);
    await stage.ok("worker", "start", "--drain");
    assert.equal((await stage.job("job")).state, "completed");
  }, { vias: ["source"] });
}

flow("a worker that may not write to its store ends with a sentence", async (stage) => {
  await stage.enqueue("true", "--id", "job");
  {
    await using _protected = await writeProtect(stage.store);
    for (const args of [[], ["--detach"]]) {
      const { code, stdout, stderr } = await stage.run(["worker", "start", ...args]);
      assert.deepEqual({ code, stdout }, { code: 5, stdout: "" }, stderr);
      assert.match(stderr, /^queuectl: .*The store \S+ cannot be written: it is read-only$/m);
      assert.doesNotMatch(stderr, / at |Unexpected/);
    }
  }
  await stage.ok("worker", "start", "--drain");
  await assertRanOnce(stage, "job");
}, { vias: ["source"], ignore: !canMount });

flow("a worker that can make no files for a job claims none until it can", async (stage) => {
  const worker = await workerAtWork(stage);
  await stage.enqueue("cat", "--id", "late", "--delay", "1s");
  const spool = stage.directory;
  await Deno.rename(spool, `${spool}.away`);
  await Deno.writeTextFile(spool, "");
  await worker.line("No jobs start until files can be made", { stream: "stderr" });
  await letGo(stage);
  await worker.line("job completed", { stream: "stderr" });
  // It has looked again at least once.
  const beats = (await heartbeatOf(stage, worker.pid))!;
  await waitFor(async () => (await heartbeatOf(stage, worker.pid))! >= beats + 3);
  await Deno.remove(spool);
  await Deno.rename(`${spool}.away`, spool);
  await worker.line("can be made again", { stream: "stderr" });
  await assertRanOnce(stage, "job");
  const { attempts, attempt_log } = await stage.until("late", "completed");
  const outcomes = attempt_log.map(({ outcome }) => outcome);
  assert.deepEqual({ attempts, outcomes }, { attempts: 1, outcomes: ["handed_back", "completed"] });
  assert.equal(times(worker, /No jobs start/), 1, worker.stderr);
}, { vias: ["source"] });

/** Writes bytes into a file past SQLite; returns what was there. */
function exchange(path: string, at: number, bytes: Uint8Array): Uint8Array {
  using file = Deno.openSync(path, { read: true, write: true });
  const before = new Uint8Array(bytes.length);
  file.seekSync(at, Deno.SeekMode.Start);
  file.readSync(before);
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(bytes);
  return before;
}
