import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { JobFollower } from "../../src/cli/job_follower.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { newJob } from "../job/jobs.ts";
import { type Ended, Queue } from "./queue.ts";

const NO_RETRY = ["--max-retries", "0"];

function lines({ stdout }: Ended): Record<string, unknown>[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function openQueue(): Promise<Queue> {
  const queue = await Queue.open();
  await queue.join();
  return queue;
}

/** Waits until a job is pending, and begins it. */
async function claim(queue: Queue) {
  await waitFor(async () => await queue.store.count({ states: ["pending"] }) > 0);
  return await queue.claim();
}

Deno.test("run shows both streams to the byte, and ends as the job did", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", ...NO_RETRY, "--", "printf", "a b");
  const attempt = await claim(queue);
  strictEqual(attempt.job.command, "printf 'a b'");
  await queue.write(attempt, ["stdout", "one\n"], ["stderr", "two\n"]);
  await run.prints("one\n");
  await run.says("two\n");
  await queue.end(attempt, 3, ["stdout", Uint8Array.of(0, 255, 10)]);
  const { code, bytes, stderr } = await run.ended;
  strictEqual(code, 3);
  deepStrictEqual([...bytes], [...new TextEncoder().encode("one\n"), 0, 255, 10]);
  strictEqual(stderr, `two\nqueuectl: Job ${attempt.jobId} is dead: exit code 3\n`);
});

Deno.test("run says nothing of its own about a job that completes", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", "--", "x");
  await queue.end(await claim(queue), 0, ["stdout", "no newline"]);
  const { code, stdout, stderr } = await run.ended;
  deepStrictEqual({ code, stdout, stderr }, { code: 0, stdout: "no newline", stderr: "" });
});

Deno.test("run goes on over all attempts, and begins a note on a line of its own", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", "-r", "1", "--id", "job", "--", "x");
  await queue.end(await claim(queue), 5, ["stdout", "a"], ["stderr", "oh"]);
  await run.says("again in 2s\n");
  queue.now += 2000;
  await queue.tick();
  await queue.end(await claim(queue), 0, ["stdout", "b"]);
  const { code, stdout, stderr } = await run.ended;
  deepStrictEqual([code, stdout], [0, "ab"]);
  strictEqual(
    stderr,
    "oh\nqueuectl: Attempt 1: exit code 5; again in 2s\nqueuectl: Attempt 2 begins\n",
  );
});

Deno.test("run tells of an attempt that was handed back", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", "--id", "job", "--", "x");
  await queue.end(await claim(queue), { kind: "handed_back" });
  await run.says("queuectl: Attempt 1 was handed back\n");
  await queue.end(await claim(queue), 0);
  strictEqual((await run.ended).code, 0);
});

Deno.test("run tells how much of the output was not kept", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", "--", "x");
  const attempt = await claim(queue);
  await queue.write(attempt, ["stdout", "first"]);
  queue.skip(attempt, 1_000_000);
  await queue.end(attempt, 0, ["stdout", "last"]);
  const { stdout, stderr } = await run.ended;
  strictEqual(stdout, "firstlast");
  strictEqual(
    stderr,
    "queuectl: 1,000,000 bytes of the output are missing here; to keep more: " +
      "queuectl config set max_output SIZE\n",
  );
});

Deno.test("run --json prints the output as logs -f --json does, and the job as the last line", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", "--json", ...NO_RETRY, "--id", "job", "--", "x");
  await queue.end(await claim(queue), 7, ["stdout", "a\n"], ["stderr", Uint8Array.of(255)]);
  const ended = await run.ended;
  deepStrictEqual([ended.code, ended.stderr], [7, ""]);
  const printed = lines(ended);
  const logs = await queue.cli("logs", "-f", "job", "--json");
  deepStrictEqual(printed.slice(0, -1), lines(logs));
  deepStrictEqual(printed.at(-1), JSON.parse((await queue.cli("wait", "job", "--json")).stdout));
});

Deno.test("run ends with 1 for a job without an exit code of its own", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", "--id", "job", "--", "x");
  await waitFor(async () => await queue.store.job("job") !== null);
  await queue.store.cancel("job");
  const { code, stderr } = await run.ended;
  deepStrictEqual([code, stderr], [1, "queuectl: Job job is cancelled\n"]);
});

Deno.test("run --wait-timeout ends with 124, and the job goes on", async () => {
  await using queue = await openQueue();
  const { code, stderr } = await queue.cli(
    "run",
    "--wait-timeout",
    "50ms",
    "--id",
    "job",
    "--",
    "x",
  );
  strictEqual(code, 124);
  match(
    stderr,
    /Job job has not ended within 50ms: it is pending and goes on; to follow it: queuectl logs -f job\n$/,
  );
  strictEqual((await queue.store.job("job"))?.state, "pending");
  const json = await queue.cli("run", "--wait-timeout", "0", "--id", "job2", "--json", "--", "x");
  strictEqual(json.code, 124);
  strictEqual(lines(json).at(-1)?.state, "pending");
});

Deno.test("run --if-exists return follows the job that holds the key, from its latest attempt", async () => {
  await using queue = await openQueue();
  await queue.add({ id: "holder", uniqueKey: "k", maxRetries: 1 });
  await queue.end(await queue.claim(), 1, ["stdout", "old"]);
  queue.now += 2000;
  await queue.tick();
  const attempt = await claim(queue);
  await queue.write(attempt, ["stdout", "new "]);
  const run = queue.start("run", "--unique-key", "k", "--if-exists", "return", "--", "x");
  await run.prints("new ");
  await queue.end(attempt, 0, ["stdout", "too"]);
  const { code, stdout } = await run.ended;
  deepStrictEqual([code, stdout], [0, "new too"]);
  strictEqual(await queue.store.count({}), 1);
});

Deno.test("run takes one job as JSON, with flags in place of its keys", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", '{"command":"x","queue":"a"}', "--queue", "b", "--id", "job");
  const attempt = await claim(queue);
  deepStrictEqual([attempt.job.id, attempt.job.queue], ["job", "b"]);
  await queue.end(attempt, 0);
  strictEqual((await run.ended).code, 0);
});

Deno.test("run: a command line that is wrong is 2, what queuectl cannot do is 125; nothing is enqueued", async () => {
  await using queue = await openQueue();
  await queue.add({ id: "there", uniqueKey: "k" });
  const cases: [code: number, says: RegExp, ...args: string[]][] = [
    [2, /No job given, try: queuectl run -- echo hello\n/],
    [2, /Not JSON. To run it: queuectl run -- make test\n/, "make", "test"],
    [2, /Give one job, not 2; for several: queuectl enqueue/, '[{"command":"a"},{"command":"b"}]'],
    [2, /Give one job, not 0/, "[]"],
    [2, /queue must begin/, "--queue", "a b", "--", "x"],
    [2, /--wait-timeout must be a duration/, "--wait-timeout", "soon", "--", "x"],
    [2, /Invalid job: .*bogus/, '{"command":"x","bogus":1}'],
    [2, /See "queuectl run --help"/, "--bogus", "--", "x"],
    [125, /id there exists/, "--id", "there", "--", "x"],
    [125, /unique key "k" is held by job there/, "--unique-key", "k", "--", "x"],
    [125, /no job nobody|nobody/i, "--after", "nobody", "--", "x"],
  ];
  for (const [code, says, ...args] of cases) {
    const ended = await queue.cli("run", ...args);
    deepStrictEqual([ended.code, ended.stdout], [code, ""], `${args.join(" ")}: ${ended.stderr}`);
    match(ended.stderr, says);
  }
  strictEqual(await queue.store.count({}), 1);
});

Deno.test("run: a job that is deleted under it is a failure of queuectl", async () => {
  await using queue = await openQueue();
  const run = queue.start("run", "--id", "job", "--hold", "--", "x");
  await waitFor(async () => (await queue.store.job("job"))?.state === "held");
  await queue.store.remove("job", ["held"]);
  const { code, stderr } = await run.ended;
  deepStrictEqual([code, stderr], [125, "queuectl: Job job was deleted\n"]);
});

Deno.test("JobFollower says nothing of an attempt that ends its job between the two reads", async () => {
  await using queue = await openQueue();
  const { store } = queue;
  await store.enqueue([newJob("job")]);
  const attempt = await queue.claim();
  const before = await store.job("job");
  await queue.end(attempt, 0);
  const reads = [before, await store.job("job")];
  const torn = Object.assign(Object.create(store), {
    job: () => Promise.resolve(reads.shift() ?? null),
    attempts: () => store.attempts("job"),
    output: () => Promise.resolve([]),
  });
  const notes: string[] = [];
  const printer = { print: drain, end: () => Promise.resolve(), isEmpty: true };
  const note = (text: string) => Promise.resolve(void notes.push(text));
  const follower = new JobFollower(torn, 1, { id: "job", printer, note, now: () => 0 });
  strictEqual((await follower.look()).state, "processing");
  deepStrictEqual(notes, []);
});

async function drain(pieces: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pieces);
}
