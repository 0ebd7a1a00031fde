import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Queue, START } from "./queue.ts";

async function stateOf(queue: Queue, id: string): Promise<string | undefined> {
  return (await queue.store.job(id))?.state;
}

Deno.test("release lets a held job go, each to where it belongs", async () => {
  await using queue = await Queue.open();
  await queue.add(
    "parent",
    { id: "ready", held: true },
    { id: "child", held: true, after: [{ id: "parent", on: "ok" }] },
    { id: "later", held: true, runAt: START + 60_000 },
  );
  const { code, stdout, stderr } = await queue.cli("release", "ready", "child", "later");
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  strictEqual(
    stdout,
    "Job ready is released: it is pending\n" +
      "Job child is released: it is blocked\n" +
      "Job later is released: it is scheduled\n",
  );
  strictEqual(await stateOf(queue, "ready"), "pending");
});

Deno.test("release refuses a job that is not held, and one that is not there", async () => {
  await using queue = await Queue.open();
  await queue.add("plain", { id: "held", held: true });
  const { code, stdout, stderr } = await queue.cli("release", "plain", "held");
  deepStrictEqual([code, stdout], [4, "Job held is released: it is pending\n"]);
  match(stderr, /^queuectl: Job plain is pending: only a job that is held can be released\n$/);
  const json = await queue.cli("release", "nobody", "--json");
  strictEqual(json.code, 3);
  match(json.stdout, /^\[\{"id":"nobody","ok":false,"error":".*nobody.*"\}\]\n$/);
  strictEqual((await queue.cli("release")).code, 2);
});

Deno.test("edit changes what is named and nothing else", async () => {
  await using queue = await Queue.open();
  await queue.add({ id: "job", maxRetries: 3, timeout: 5000, queue: "mail" });
  const before = (await queue.store.job("job"))!;
  queue.now = START + 1000;
  const { code, stdout, stderr } = await queue.cli("edit", "job", "--priority", "high");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "Changed. Job job is pending\n",
    stderr: "",
  });
  deepStrictEqual(await queue.store.job("job"), {
    ...before,
    priority: 10,
    updatedAt: START + 1000,
  });
  await queue.cli(
    ...["edit", "job", "--max-retries", "0", "--timeout", "none"],
    ...["--queue", "media", "--command", "echo new"],
  );
  deepStrictEqual(await queue.store.job("job"), {
    ...before,
    priority: 10,
    maxRetries: 0,
    timeout: null,
    queue: "media",
    command: "echo new",
    updatedAt: START + 1000,
  });
  await queue.cli("edit", "job", "--", "printf", "%s", "a b");
  strictEqual((await queue.store.job("job"))?.command, "printf %s 'a b'");
});

Deno.test("edit --run-at and --delay: scheduled, and pending again", async () => {
  await using queue = await Queue.open();
  await queue.add("job");
  const delayed = await queue.cli("edit", "job", "--delay", "5m");
  strictEqual(delayed.stdout, "Changed. Job job is scheduled; it is due in 5m\n");
  await queue.cli("edit", "job", "--run-at", "2030-01-01T00:00:00Z");
  strictEqual((await queue.store.job("job"))?.runAt, Date.UTC(2030, 0, 1));
  strictEqual(
    (await queue.cli("edit", "job", "--delay", "0")).stdout,
    "Changed. Job job is pending\n",
  );
});

Deno.test("edit acts on several jobs, and refuses one that runs or has ended", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("done", 0);
  await queue.add("runs");
  await queue.claim();
  await queue.add("waits");
  const { code, stdout } = await queue.cli(
    ...["edit", "done", "runs", "waits", "--priority", "5", "--json"],
  );
  strictEqual(code, 4);
  deepStrictEqual(JSON.parse(stdout), [
    { id: "done", ok: false, error: "Job done is completed: only a job that waits can be edited" },
    { id: "runs", ok: false, error: "Job runs is processing: only a job that waits can be edited" },
    { id: "waits", ok: true, error: null },
  ]);
});

Deno.test("edit refuses what cannot be meant, and changes nothing", async () => {
  await using queue = await Queue.open();
  await queue.add("job");
  const before = await queue.store.job("job");
  queue.now++;
  for (
    const [args, reason] of [
      [["job"], /Say what to change/],
      [[], /Missing ID/],
      [["job", "--delay", "1", "--run-at", "2030-01-01T00:00Z"], /--delay or --run-at, not both/],
      [["job", "--command", "a", "--", "b"], /Give the command once/],
      [["job", "--priority", "9", "--"], /No command is given after --/],
      [["job", "--command", " "], /--command is empty/],
      [["job", "--priority", "urgent"], /--priority must be an integer/],
      [["job", "--max-retries", "-1"], /--max-retries/],
      [["job", "--timeout", "0s"], /--timeout must be longer/],
      [["job", "--queue", "a b"], /--queue must begin/],
      [["job", "--run-at", "soon"], /--run-at must be a time/],
      [["job", "--id", "new"], /Unknown flag --id/],
    ] as const
  ) {
    const { code, stderr } = await queue.cli("edit", ...args);
    strictEqual(code, 2, stderr);
    match(stderr, reason);
  }
  strictEqual((await queue.cli("edit", "nobody", "--priority", "1")).code, 3);
  deepStrictEqual(await queue.store.job("job"), before);
});

Deno.test("delete deletes jobs that wait or have ended", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("dead", 1, ["stdout", "out"]);
  await queue.add("waits");
  const { code, stdout, stderr } = await queue.cli("delete", "dead", "waits");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "Job dead is deleted\nJob waits is deleted\n",
    stderr: "",
  });
  strictEqual(await queue.store.count({}), 0);
});

Deno.test("delete refuses a job that runs, and one for which others wait", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("runs");
  await queue.claim();
  await queue.add("parent", { id: "child", after: [{ id: "parent", on: "any" }] });
  const { code, stdout, stderr } = await queue.cli("rm", "runs", "parent");
  deepStrictEqual([code, stdout], [4, ""]);
  strictEqual(
    stderr,
    "queuectl: Job runs runs; to end it first: queuectl cancel runs\n" +
      "queuectl: Job parent cannot be deleted: 1 job waits for it\n",
  );
  strictEqual((await queue.cli("delete", "child", "parent", "nobody")).code, 3);
  deepStrictEqual((await queue.store.jobs({})).map(({ id }) => id), ["runs"]);
  strictEqual((await queue.cli("delete")).code, 2);
});

async function endedQueue(): Promise<Queue> {
  const queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "done", queue: "mail" }, 0);
  await queue.ran("dead", 1);
  queue.now = START + 3_600_000;
  await queue.ran("later", 0);
  await queue.add("cancelled", "waits");
  await queue.store.cancel("cancelled");
  return queue;
}

async function idsOf(queue: Queue): Promise<string[]> {
  return (await queue.store.jobs({ oldestFirst: true })).map(({ id }) => id);
}

Deno.test("prune deletes the jobs that fit all of its filters", async () => {
  for (
    const [args, left] of [
      [["--state", "completed"], ["dead", "cancelled", "waits"]],
      [["--state", "completed,cancelled"], ["dead", "waits"]],
      [["--older-than", "30m"], ["later", "cancelled", "waits"]],
      [["--queue", "mail"], ["dead", "later", "cancelled", "waits"]],
      [["--state", "dead", "--older-than", "2h"], ["done", "dead", "later", "cancelled", "waits"]],
    ] as const
  ) {
    await using queue = await endedQueue();
    const { code, stderr } = await queue.cli("prune", ...args);
    deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
    deepStrictEqual(await idsOf(queue), left, args.join(" "));
  }
});

Deno.test("prune says how many, and keeps what others wait for", async () => {
  await using queue = await endedQueue();
  await queue.add("parent", { id: "child", after: [{ id: "parent", on: "any" }] });
  strictEqual((await queue.cli("prune", "--state", "completed")).stdout, "2 jobs are deleted\n");
  strictEqual((await queue.cli("prune", "--state", "dead")).stdout, "1 job is deleted\n");
  strictEqual((await queue.cli("prune", "--state", "dead")).stdout, "No job fits\n");
  const json = await queue.cli("prune", "--older-than", "0", "--json");
  // What was cancelled at this very moment has not ended before it.
  strictEqual(json.stdout, '{"pruned":0}\n');
});

Deno.test("prune without a filter, or of jobs that have not ended, is wrong usage", async () => {
  await using queue = await endedQueue();
  for (
    const [args, reason] of [
      [[], /Say which jobs to delete: give --state, --older-than or --queue/],
      [
        ["--state", "pending"],
        /must be one of completed, dead, cancelled: a job that is pending has/,
      ],
      [["--state", "dead,failed"], /a job that is failed has not ended/],
      [["--state", "gone"], /--state must be one of/],
      [["--older-than", "old"], /--older-than must be a duration/],
      [["--queue", "a b"], /--queue must begin/],
    ] as const
  ) {
    const { code, stderr } = await queue.cli("prune", ...args);
    strictEqual(code, 2);
    match(stderr, reason);
  }
  strictEqual((await idsOf(queue)).length, 5);
});
