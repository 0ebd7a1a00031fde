import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { WorkerWatch } from "../../src/cli/worker_watch.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { Queue } from "./queue.ts";

Deno.test("cancel cancels a job that waits, once and again", async () => {
  await using queue = await Queue.open();
  await queue.add("job-1");
  const first = await queue.cli("cancel", "job-1");
  deepStrictEqual(first, { ...first, code: 0, stdout: "Job job-1 is cancelled\n", stderr: "" });
  strictEqual((await queue.store.job("job-1"))?.state, "cancelled");
  const again = await queue.cli("kill", "job-1");
  deepStrictEqual([again.code, again.stdout], [0, "Job job-1 was cancelled already\n"]);
});

Deno.test("cancel acts on each id by itself", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("done", 0);
  await queue.add("one-1", "two-2");
  const { code, stdout, stderr } = await queue.cli("cancel", "one-1", "done", "nope", "two-");
  strictEqual(code, 3);
  strictEqual(stdout, "Job one-1 is cancelled\nJob two-2 is cancelled\n");
  strictEqual(
    stderr,
    'queuectl: Job done is completed already\nqueuectl: There is no job "nope"\n',
  );
  strictEqual((await queue.cli("cancel", "one-1", "done")).code, 4);
});

Deno.test("cancel --json prints an array of id, ok and error", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("done", 0);
  await queue.add("one-1");
  const { code, stdout, stderr } = await queue.cli(
    "cancel",
    "one-",
    "nope",
    "done",
    "one-1",
    "--json",
  );
  deepStrictEqual({ code, stderr }, { code: 3, stderr: "" });
  deepStrictEqual(JSON.parse(stdout), [
    { id: "one-1", ok: true, error: null },
    { id: "nope", ok: false, error: 'There is no job "nope"' },
    { id: "done", ok: false, error: "Job done is completed already" },
  ]);
});

Deno.test("cancel of a running job waits until it has ended", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1");
  const claim = await queue.claim();
  const cancel = queue.start("cancel", "job-1");
  await cancel.says("Job job-1 runs; asked worker w1 to end it\n");
  deepStrictEqual((await queue.tick()).cancelled, [claim.token]);
  strictEqual(cancel.stdout, "");
  await queue.end(claim, { kind: "cancelled", exitCode: 143 });
  const { code, stdout } = await cancel.ended;
  deepStrictEqual({ code, stdout }, { code: 0, stdout: "Job job-1 is cancelled\n" });
});

Deno.test("cancel of a job that completes first is refused", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1");
  const claim = await queue.claim();
  const cancel = queue.start("cancel", "job-1");
  await cancel.says("asked worker w1");
  await queue.end(claim, 0);
  const { code, stdout, stderr } = await cancel.ended;
  deepStrictEqual({ code, stdout }, { code: 4, stdout: "" });
  match(stderr, /^queuectl: Job job-1 ended before it could be cancelled: it is completed$/m);
});

Deno.test("cancel of several running jobs asks for all before it waits", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1", "job-2");
  const claims = [await queue.claim(), await queue.claim()];
  const cancel = queue.start("cancel", "job-1", "job-2", "--json");
  await waitFor(async () => (await queue.tick()).cancelled.length === 2);
  for (const claim of claims) await queue.end(claim, { kind: "cancelled", exitCode: 143 });
  const { code, stdout, stderr } = await cancel.ended;
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  deepStrictEqual(JSON.parse(stdout), [
    { id: "job-1", ok: true, error: null },
    { id: "job-2", ok: true, error: null },
  ]);
});

Deno.test("cancel does not wait for a worker that is gone", async () => {
  await using queue = await Queue.open();
  await queue.join("w0", { gone: true });
  await queue.add("job-1");
  await queue.claim("w0");
  const { code, stdout, stderr } = await queue.cli("cancel", "job-1");
  deepStrictEqual({ code, stdout }, { code: 4, stdout: "" });
  strictEqual(
    stderr,
    "queuectl: Job job-1 is to be cancelled, but no worker is there to end it: " +
      "start one with queuectl worker start\n",
  );
  strictEqual((await queue.store.job("job-1"))?.cancelRequested, true);
});

Deno.test("cancel waits for another worker to clean up behind one that is gone", async () => {
  await using queue = await Queue.open();
  await queue.join("w0", { gone: true });
  await queue.add("job-1");
  const claim = await queue.claim("w0");
  await queue.join("w1");
  const cancel = queue.start("cancel", "job-1");
  await cancel.says("asked worker w0");
  await queue.end(claim, { kind: "lost", error: "its worker w0 died" });
  const { code, stdout } = await cancel.ended;
  deepStrictEqual({ code, stdout }, { code: 0, stdout: "Job job-1 is cancelled\n" });
});

Deno.test("WorkerWatch gives up workers that are gone or do not move", async () => {
  await using queue = await Queue.open();
  const watch = new WorkerWatch(30_000);
  const anyLives = async (now: number) => watch.anyLives(await queue.store.workers(), now);
  strictEqual(await anyLives(0), false);
  await queue.join("gone", { gone: true });
  strictEqual(await anyLives(0), false);
  await queue.join("w1", { gone: true, hostIdentity: "another machine" });
  strictEqual(await anyLives(1000), true);
  strictEqual(await anyLives(30_999), true);
  strictEqual(await anyLives(31_000), false);
  await queue.tick();
  strictEqual(await anyLives(32_000), true);
  strictEqual(await anyLives(62_000), false);
  await queue.join("a2");
  strictEqual(await anyLives(62_000), true);
  // The heart of w1 is watched although a2 lives, so it is not taken for new when a2 goes.
  await queue.tick();
  strictEqual(await anyLives(70_000), true);
  await queue.store.leave("a2");
  strictEqual(await anyLives(99_999), true);
  strictEqual(await anyLives(100_000), false);
});
