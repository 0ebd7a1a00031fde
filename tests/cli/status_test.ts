import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Queue, START } from "./queue.ts";

const NONE = {
  held: 0,
  blocked: 0,
  scheduled: 0,
  pending: 0,
  processing: 0,
  failed: 0,
  completed: 0,
  dead: 0,
  cancelled: 0,
  total: 0,
};

const UNLIMITED = { paused: false, limit: null, rate: null };

Deno.test("status of a store that is not there names it, exits 5 and makes nothing", async () => {
  await using queue = await Queue.open();
  const missing = `${queue.directory}/missing.db`;
  const { code, stdout, stderr } = await queue.cli("status", "--db", missing);
  deepStrictEqual({ code, stdout }, { code: 5, stdout: "" });
  strictEqual(stderr.includes(missing), true);
  deepStrictEqual(
    [...Deno.readDirSync(queue.directory)].filter(({ name }) => /missing/.test(name)),
    [],
  );
});

Deno.test("status of an empty store says how to begin", async () => {
  await using queue = await Queue.open();
  const { code, stdout, stderr } = await queue.cli("status");
  strictEqual(code, 0);
  strictEqual(stdout.split("\n")[0], "0 workers, 0 slots (0 busy)");
  strictEqual(stderr, "There are no jobs yet; to add one: queuectl enqueue -- echo hello\n");
  deepStrictEqual(JSON.parse((await queue.cli("status", "--json")).stdout), {
    store: queue.location,
    jobs: NONE,
    queues: [],
    workers: [],
    oldest_pending_seconds: null,
  });
});

Deno.test("status counts jobs, queues and slots", async () => {
  await using queue = await Queue.open();
  await queue.join("w1", { slots: 3 });
  await queue.add("r1", "r2");
  await queue.claim();
  await queue.claim();
  queue.now = START + 10_000;
  await queue.add("p1", { id: "m1", queue: "mail" });
  queue.now = START + 73_500;
  const { code, stdout, stderr } = await queue.cli("status");
  strictEqual(code, 0);
  strictEqual(
    stdout,
    `1 worker, 3 slots (2 busy)

STATE       JOBS
pending        2
processing     2
failed         0
completed      0
dead           0
total          4

QUEUE    PENDING  PROCESSING  FAILED  COMPLETED  DEAD
default        1           2       0          0     0
mail           1           0       0          0     0

The oldest pending job has been waiting for 1m3s
`,
  );
  strictEqual(stderr, "");
});

Deno.test("status --json has every state, queue and worker", async () => {
  await using queue = await Queue.open();
  await queue.join("w1", { slots: 3, queues: ["mail"] });
  await queue.add("p1", { id: "m1", queue: "mail" });
  await queue.claim();
  queue.now = START + 1500;
  const { stdout } = await queue.cli("status", "--json");
  deepStrictEqual(JSON.parse(stdout), {
    store: queue.location,
    jobs: { ...NONE, pending: 1, processing: 1, total: 2 },
    queues: [
      { ...UNLIMITED, name: "default", jobs: { ...NONE, pending: 1, total: 1 } },
      { ...UNLIMITED, name: "mail", jobs: { ...NONE, processing: 1, total: 1 } },
    ],
    workers: [{
      id: "w1",
      host: Deno.hostname(),
      pid: Deno.pid,
      slots: 3,
      busy: 1,
      queues: ["mail"],
      state: "running",
      started_at: "2026-01-02T03:04:05.000Z",
      heartbeat_at: "2026-01-02T03:04:05.000Z",
    }],
    oldest_pending_seconds: 1.5,
  });
});

Deno.test("status does not count a worker whose process is gone, and says so", async () => {
  await using queue = await Queue.open();
  await queue.join("dead-1", { gone: true, slots: 4 });
  await queue.add("j1");
  await queue.claim("dead-1");
  const { stdout, stderr } = await queue.cli("status");
  strictEqual(stdout.split("\n")[0], "0 workers, 0 slots (0 busy)");
  strictEqual(
    stderr,
    "Worker dead-1 is gone; its 1 job is recovered when a worker runs\n" +
      "No worker is running; to start one: queuectl worker start\n",
  );
  const { workers } = JSON.parse((await queue.cli("status", "--json")).stdout);
  deepStrictEqual(workers.map(({ id, state }: { id: string; state: string }) => [id, state]), [
    ["dead-1", "lost"],
  ]);
  await queue.join("w1");
  match((await queue.cli("status")).stdout, /^1 worker, 2 slots \(0 busy\)$/m);
});

Deno.test("status takes the workers of other hosts at their word", async () => {
  await using queue = await Queue.open();
  await queue.join("far", { gone: true, hostIdentity: "another machine", host: "far.example" });
  match((await queue.cli("status")).stdout, /^1 worker, 2 slots \(0 busy\)$/m);
});

Deno.test("status says what to do about waiting and dead jobs", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("d1", 1);
  match(
    (await queue.cli("status")).stderr,
    /^1 job has failed for good; to see why: queuectl dlq list$/m,
  );
  await queue.ran("d2", 1);
  await queue.store.leave("w1");
  strictEqual(
    (await queue.cli("status")).stderr,
    "2 jobs have failed for good; to see why: queuectl dlq list\n",
  );
  await queue.add("p1");
  match(
    (await queue.cli("status")).stderr,
    /^No worker is running; to start one: queuectl worker start$/m,
  );
});

Deno.test("status says that a worker is draining", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.tick({ draining: true });
  match((await queue.cli("status")).stderr, /^1 worker claims no more jobs/m);
  strictEqual(
    JSON.parse((await queue.cli("status", "--json")).stdout).workers[0].state,
    "draining",
  );
});
