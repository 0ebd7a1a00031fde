import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { writeJsonArray } from "../../src/cli/json_array.ts";
import { Output } from "../../src/cli/output.ts";
import { FakeSink } from "./fake_system.ts";
import { Queue, START } from "./queue.ts";

async function idsOf(queue: Queue, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await queue.cli("list", "--json", ...args);
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  return JSON.parse(stdout).map(({ id }: { id: string }) => id);
}

/** A completed, a dead, a running and a pending job, in two queues. */
async function mixedQueue(): Promise<Queue> {
  const queue = await Queue.open();
  await queue.join();
  await queue.ran("done", 0);
  await queue.ran({ id: "bad", tags: ["red", "blue"] }, 7);
  await queue.add({ id: "busy", queue: "mail" });
  await queue.claim();
  await queue.add({ id: "next", queue: "mail", tags: ["red"], maxRetries: 3 });
  return queue;
}

Deno.test("list shows the newest jobs first", async () => {
  await using queue = await mixedQueue();
  queue.now = START + 65_000;
  const { code, stdout, stderr } = await queue.cli("list");
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  strictEqual(
    stdout,
    `ID    STATE       QUEUE    ATTEMPTS  CREATED  COMMAND
next  pending     mail          0/4   1m ago  true
busy  processing  mail          1/1   1m ago  true
bad   dead        default       1/1   1m ago  true
done  completed   default       1/1   1m ago  true
`,
  );
  strictEqual((await queue.cli("ls")).stdout, stdout);
});

Deno.test("list filters and sorts", async () => {
  await using queue = await mixedQueue();
  deepStrictEqual(await idsOf(queue), ["next", "busy", "bad", "done"]);
  deepStrictEqual(await idsOf(queue, "--sort", "created"), ["done", "bad", "busy", "next"]);
  deepStrictEqual(await idsOf(queue, "--sort", "-created", "--limit", "1"), ["next"]);
  deepStrictEqual(await idsOf(queue, "--limit", "0"), ["next", "busy", "bad", "done"]);
  deepStrictEqual(await idsOf(queue, "--state", "pending,dead"), ["next", "bad"]);
  deepStrictEqual(await idsOf(queue, "--status", "pending", "--state", "DEAD"), ["next", "bad"]);
  deepStrictEqual(await idsOf(queue, "--queue", "mail", "--tag", "red"), ["next"]);
  deepStrictEqual(await idsOf(queue, "--tag", "blue"), ["bad"]);
  deepStrictEqual(await idsOf(queue, "--tag", "none"), []);
});

Deno.test("list --json prints one array of whole jobs and nothing else", async () => {
  await using queue = await mixedQueue();
  const { stdout, stderr } = await queue.cli("list", "--state", "completed", "--json");
  strictEqual(stderr, "");
  const [job, ...others] = JSON.parse(stdout);
  deepStrictEqual(others, []);
  deepStrictEqual(Object.keys(job).toSorted(), [
    "after",
    "attempts",
    "backoff_base",
    "backoff_jitter",
    "backoff_max",
    "command",
    "created_at",
    "cwd",
    "env",
    "error",
    "exit_code",
    "fatal_exit_codes",
    "finished_at",
    "fire_time",
    "id",
    "max_retries",
    "priority",
    "progress",
    "queue",
    "run_at",
    "schedule",
    "started_at",
    "state",
    "tags",
    "timeout",
    "unique_key",
    "updated_at",
    "worker_id",
  ]);
  strictEqual((await queue.cli("list", "--state", "held", "--json")).stdout, "[]\n");
});

Deno.test("list shows 100 jobs and says how many more there are; --json shows all", async () => {
  await using queue = await Queue.open();
  await queue.add(...Array.from({ length: 1250 }, (_, i) => `j${i}`));
  const { stdout, stderr } = await queue.cli("list");
  strictEqual(stdout.split("\n").length, 1 + 100 + 1);
  strictEqual(stderr, "1,150 more; --limit 0 shows all\n");
  strictEqual(
    (await queue.cli("list", "--limit", "3")).stderr,
    "1,247 more; --limit 0 shows all\n",
  );
  const all = await queue.cli("list", "--limit", "0");
  deepStrictEqual([all.stdout.split("\n").length, all.stderr], [1250 + 2, ""]);
  const exactly = await queue.cli("list", "--limit", "1250");
  deepStrictEqual([exactly.stdout.split("\n").length, exactly.stderr], [1250 + 2, ""]);
  strictEqual((await idsOf(queue)).length, 1250);
});

Deno.test("list escapes what users wrote, and cuts it on a terminal only", async () => {
  await using queue = await Queue.open();
  const command = `printf '\x1b[2J'\n${"x".repeat(200)}`;
  await queue.add({ id: "hostile", command });
  const { stdout } = await queue.cli("list");
  strictEqual(stdout.includes(`printf '\\x1b[2J'\\n${"x".repeat(200)}\n`), true);
  strictEqual(stdout.includes("\x1b"), false);
  const { stdout: shown } = await queue.onTerminal(80, "list");
  strictEqual(shown.split("\n").every((line) => line.length <= 80), true);
  match(shown, /…$/m);
  strictEqual(JSON.parse((await queue.cli("list", "--json")).stdout)[0].command, command);
});

Deno.test("list of nothing says why", async () => {
  await using queue = await Queue.open();
  const nothing = async (...args: string[]) => {
    const { code, stdout, stderr } = await queue.cli("list", ...args);
    deepStrictEqual({ code, stdout }, { code: 0, stdout: "" });
    return stderr;
  };
  strictEqual(
    await nothing(),
    "There are no jobs yet; to add one: queuectl enqueue -- echo hello\n",
  );
  await queue.join();
  await queue.ran({ id: "a", queue: "mail" }, 0);
  strictEqual(await nothing("--state", "failed"), "No job is failed\n");
  strictEqual(await nothing("--queue", "mial"), `There is no queue "mial", did you mean "mail"?\n`);
  strictEqual(await nothing("--queue", "mail", "--tag", "x"), "No job fits\n");
});

Deno.test("list --state failed that is empty points to the dead letter queue", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("a", 1);
  strictEqual(
    (await queue.cli("list", "--state", "failed")).stderr,
    "No job is failed\n" +
      "1 job has failed for good and is in the dead letter queue: queuectl dlq list\n",
  );
  await queue.ran("b", 1);
  match(
    (await queue.cli("list", "--state", "failed")).stderr,
    /^2 jobs have failed for good and are in the dead letter queue: queuectl dlq list$/m,
  );
});

Deno.test("list refuses what it does not know", async () => {
  await using queue = await Queue.open();
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await queue.cli("list", ...args);
    deepStrictEqual({ code, stdout }, { code: 2, stdout: "" });
    return stderr;
  };
  match(
    await refused("--state", "completd"),
    /--state must be one of held, .*did you mean "completed"/,
  );
  match(await refused("--limit", "-1"), /--limit must be an integer/);
  match(await refused("--sort", "size"), /--sort must be one of created, -created/);
  match(await refused("job1"), /Unexpected argument "job1"/);
});

Deno.test("writeJsonArray() writes what JSON.stringify() would", async () => {
  for (const columns of [null, 80]) {
    for (const items of [[], [1], [{ a: [1, { b: "x\ny" }] }, "z", []]]) {
      const sink = new FakeSink(columns);
      const output = new Output(sink, { color: false });
      await writeJsonArray(output, items);
      strictEqual(sink.text, `${JSON.stringify(items, null, columns === null ? 0 : 2)}\n`);
    }
  }
});

Deno.test("writeJsonArray() never holds much", async () => {
  let longest = 0;
  const sink = new FakeSink();
  const write = sink.write.bind(sink);
  sink.write = (bytes) => {
    longest = Math.max(longest, bytes.length);
    return write(bytes);
  };
  const items = Array.from({ length: 10_000 }, (_, i) => ({ i, text: "x".repeat(100) }));
  await writeJsonArray(new Output(sink, { color: false }), items);
  strictEqual(sink.text, `${JSON.stringify(items)}\n`);
  strictEqual(longest < 100_000, true, `${longest} bytes at once`);
});
