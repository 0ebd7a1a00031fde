import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Queue } from "./queue.ts";

Deno.test("explain prints a sentence, what comes after it, and what to do", async () => {
  await using queue = await Queue.open();
  await queue.add({ id: "job-1", held: true, queue: "mail" });
  await queue.store.configureQueue("mail", { paused: true });
  const { code, stdout, stderr } = await queue.cli("explain", "job-");
  deepStrictEqual([code, stderr], [0, ""]);
  strictEqual(
    stdout,
    "Job job-1 is held: it waits for somebody to release it\n" +
      "Also: queue mail is paused\n" +
      "Also: no worker is running\n" +
      "To let it go: queuectl release job-1\n" +
      "To resume it: queuectl queue resume mail\n" +
      "To start one: queuectl worker start\n",
  );
});

Deno.test("explain --json has the reason, the words and the facts", async () => {
  await using queue = await Queue.open();
  await queue.join("w1", { slots: 1 });
  await queue.add("first");
  await queue.claim();
  queue.now += 60_000;
  await queue.add("second", "third");
  await queue.store.configureQueue("default", { limit: 5, rate: { count: 9, period: 1500 } });
  const { stdout } = await queue.cli("explain", "third", "--json");
  const { workers, ...rest } = JSON.parse(stdout);
  deepStrictEqual(workers.map(({ id, state }: { id: string; state: string }) => [id, state]), [
    ["w1", "running"],
  ]);
  deepStrictEqual(rest, {
    id: "third",
    state: "pending",
    reason: "slots_busy",
    text: "Job third is pending: the only slot is busy: first (for 1m)",
    hint: "To have more: queuectl worker scale 2 w1",
    also: [{ reason: "turn", text: "1 job of queue default comes before it", hint: null }],
    attempts: 0,
    max_retries: 0,
    run_at: null,
    started_at: null,
    finished_at: null,
    error: null,
    worker_id: null,
    progress: null,
    parents: [],
    queue: {
      name: "default",
      paused: false,
      limit: 5,
      rate: "9/1s500ms",
      rate_opens_in: 0,
      processing: 1,
      ahead: 1,
    },
    running: [{
      id: "first",
      queue: "default",
      worker_id: "w1",
      started_at: "2026-01-02T03:04:05.000Z",
    }],
  });
});

Deno.test("explain takes a worker whose process is gone, or whose heart stands still, for lost", async () => {
  await using queue = await Queue.open();
  await queue.join("w1", { gone: true });
  await queue.join("w2", { hostIdentity: "another" });
  await queue.add("a", "b");
  await queue.claim("w1");
  await queue.claim("w2");
  match((await queue.cli("explain", "a")).stdout, /worker w1 on .* is gone, another worker/);
  match((await queue.cli("explain", "b")).stdout, /attempt 1 of 1 has run for .* in worker w2/);
  await queue.join("w3");
  const heartbeat = (await queue.store.workers()).find(({ id }) => id === "w2")!.heartbeat;
  const observed = new Map([["w2", { heartbeat, unmovedFor: 30_000 }]]);
  await queue.tick({ worker: "w3", observed });
  match((await queue.cli("explain", "b")).stdout, /worker w2 on .* is gone/);
});

Deno.test("explain of a job that there is not is 3", async () => {
  await using queue = await Queue.open();
  await queue.add("job");
  const { code, stdout } = await queue.cli("explain", "nobody");
  deepStrictEqual([code, stdout], [3, ""]);
});
