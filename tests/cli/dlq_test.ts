import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Queue, START } from "./queue.ts";

/** Two dead jobs, one a minute younger than the other, and one that completed. */
async function deadQueue(): Promise<Queue> {
  const queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "dead-1", command: "false" }, 1);
  queue.now = START + 60_000;
  await queue.ran({ id: "dead-2", queue: "mail", command: "exit 7" }, 7);
  await queue.ran("done", 0);
  queue.now = START + 90_000;
  return queue;
}

async function statesOf(queue: Queue): Promise<Record<string, string>> {
  const jobs = await queue.store.jobs({ oldestFirst: true });
  return Object.fromEntries(jobs.map(({ id, state }) => [id, state]));
}

Deno.test("dlq list shows the dead jobs with their errors", async () => {
  await using queue = await deadQueue();
  const { code, stdout, stderr } = await queue.cli("dlq", "list");
  strictEqual(code, 0);
  strictEqual(
    stdout,
    `ID      QUEUE    ATTEMPTS    ENDED  ERROR        COMMAND
dead-2  mail          1/1  30s ago  exit code 7  exit 7
dead-1  default       1/1   1m ago  exit code 1  false
`,
  );
  strictEqual(stderr, "To see one: queuectl logs ID; to run it again: queuectl dlq retry ID\n");
  strictEqual((await queue.cli("dlq")).stdout, stdout);
  strictEqual(
    (await queue.cli("dlq", "--queue", "mail", "--json")).stdout.match(/"id"/g)?.length,
    1,
  );
  strictEqual(
    (await queue.cli("dlq", "list", "--json")).stdout,
    (await queue.cli("list", "--state", "dead", "--json")).stdout,
  );
});

Deno.test("dlq list of nothing says so", async () => {
  await using queue = await Queue.open();
  const { code, stdout, stderr } = await queue.cli("dlq", "list");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "",
    stderr: "The dead letter queue is empty\n",
  });
  strictEqual((await queue.cli("dlq", "list", "--json")).stdout, "[]\n");
});

Deno.test("dlq show shows dead jobs only", async () => {
  await using queue = await deadQueue();
  strictEqual(
    (await queue.cli("dlq", "show", "dead-1")).stdout,
    (await queue.cli("show", "dead-1")).stdout,
  );
  const { code, stdout, stderr } = await queue.cli("dlq", "show", "done");
  deepStrictEqual({ code, stdout }, { code: 4, stdout: "" });
  strictEqual(stderr, "queuectl: Job done is completed, not dead; to see it: queuectl show done\n");
  strictEqual((await queue.cli("dlq", "show", "nope")).code, 3);
});

Deno.test("dlq retry makes dead jobs pending, and refuses others", async () => {
  await using queue = await deadQueue();
  const { code, stdout, stderr } = await queue.cli("dlq", "retry", "dead-1", "done");
  deepStrictEqual({ code, stdout }, { code: 4, stdout: "Job dead-1 is pending again\n" });
  strictEqual(
    stderr,
    "queuectl: Job done is completed, not dead; to run it again: queuectl retry done\n",
  );
  deepStrictEqual(await statesOf(queue), {
    "dead-1": "pending",
    "dead-2": "dead",
    done: "completed",
  });
  strictEqual((await queue.cli("dlq", "retry", "--job-id", "dead-2")).code, 0);
  strictEqual((await queue.store.job("dead-2"))?.state, "pending");
  strictEqual((await queue.cli("dlq", "retry", "dead-2")).code, 4);
  strictEqual((await queue.cli("dlq", "retry", "nope", "done")).code, 3);
});

Deno.test("dlq retry --all retries all of them", async () => {
  await using queue = await deadQueue();
  const { code, stdout, stderr } = await queue.cli("dlq", "retry", "--all");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "2 jobs are pending again\n",
    stderr: "",
  });
  deepStrictEqual(await statesOf(queue), {
    "dead-1": "pending",
    "dead-2": "pending",
    done: "completed",
  });
  strictEqual((await queue.cli("dlq", "retry", "--all")).stdout, "No job is dead\n");
  strictEqual(
    (await queue.cli("dlq", "retry", "--all", "--json")).stdout,
    '{"retried":0,"skipped":0}\n',
  );
});

Deno.test("dlq purge deletes dead jobs, and refuses others", async () => {
  await using queue = await deadQueue();
  const { code, stdout, stderr } = await queue.cli("dlq", "purge", "dead-2", "done");
  deepStrictEqual({ code, stdout }, { code: 4, stdout: "Job dead-2 is purged\n" });
  strictEqual(stderr, "queuectl: Job done is completed, not dead\n");
  deepStrictEqual(await statesOf(queue), { "dead-1": "dead", done: "completed" });
});

Deno.test("dlq purge --older-than deletes those that ended before", async () => {
  await using queue = await deadQueue();
  const none = await queue.cli("dlq", "purge", "--older-than", "2m");
  deepStrictEqual([none.code, none.stdout], [0, "No job has been dead for so long\n"]);
  const { stdout } = await queue.cli("dlq", "purge", "--older-than", "1m", "--json");
  deepStrictEqual(JSON.parse(stdout), { purged: 1 });
  deepStrictEqual(await statesOf(queue), { "dead-2": "dead", done: "completed" });
});

Deno.test("dlq purge --all empties the dead letter queue", async () => {
  await using queue = await deadQueue();
  // As if the worker's clock were ahead of this one.
  queue.now = START - 60_000;
  strictEqual((await queue.cli("dlq", "purge", "--all")).stdout, "2 jobs are purged\n");
  deepStrictEqual(await statesOf(queue), { done: "completed" });
  strictEqual((await queue.cli("dlq", "purge", "--all")).stdout, "No job is dead\n");
});

Deno.test("dlq retry and purge want ids or a flag, and not both", async () => {
  await using queue = await deadQueue();
  for (
    const args of [
      ["retry"],
      ["retry", "dead-1", "--all"],
      ["purge"],
      ["purge", "dead-1", "--all"],
      ["purge", "--all", "--older-than", "1s"],
      ["purge", "--older-than", "x"],
    ]
  ) {
    const { code, stdout, stderr } = await queue.cli("dlq", ...args);
    deepStrictEqual({ code, stdout }, { code: 2, stdout: "" }, args.join(" "));
    match(stderr, /^queuectl: .*/);
  }
  deepStrictEqual(Object.values(await statesOf(queue)), ["dead", "dead", "completed"]);
});

Deno.test("dlq retry --all leaves jobs whose unique keys are taken, and says so", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "old", uniqueKey: "k" }, 1);
  await queue.ran({ id: "free", uniqueKey: "other" }, 1);
  await queue.add({ id: "new", uniqueKey: "k" });
  const first = await queue.cli("dlq", "retry", "--all");
  deepStrictEqual([first.code, first.stdout], [0, "1 job is pending again\n"]);
  strictEqual(first.stderr, "1 job is left: other jobs hold the unique keys\n");
  const second = await queue.cli("dlq", "retry", "--all");
  deepStrictEqual([second.code, second.stdout], [0, ""]);
  const json = await queue.cli("dlq", "retry", "--all", "--json");
  deepStrictEqual([json.stdout, json.stderr], ['{"retried":0,"skipped":1}\n', ""]);
});
