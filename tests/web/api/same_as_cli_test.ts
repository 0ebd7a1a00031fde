import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Queue } from "../../cli/queue.ts";
import { Contract } from "./contract.ts";

/** A store with a bit of everything. */
async function fill(queue: Queue): Promise<void> {
  await queue.join("w1");
  await queue.ran({ id: "dead1", maxRetries: 0, tags: ["x"], queue: "mail" }, 3, [
    "stderr",
    "no\n",
  ]);
  await queue.ran(
    { id: "done1", env: { A: "1" }, fatalExitCodes: [2] },
    0,
    ["stdout", "a\x1b[0m"],
    [
      "stdout",
      new Uint8Array([0xff, 0xe2]),
    ],
  );
  await queue.add(
    { id: "held1", held: true, uniqueKey: "k" },
    { id: "later1", delay: 60_000, timeout: 1500 },
    { id: "child1", after: [{ id: "held1", on: "any" }] },
    { id: "evil\u202e<script>".slice(0, 4), command: "echo '\u202e<script>\x1b[31m'" },
    "running1",
  );
  await queue.claim();
  await queue.store.configureQueue("mail", { paused: true, limit: 2 });
  await queue.cli("schedule", "add", "s", "--cron", "@daily", "--env", "S=1", "--", "true");
  await queue.join("w2", { gone: true });
}

/** What a request gives and what a command line prints. */
const PAIRS: readonly (readonly [path: string, args: readonly string[]])[] = [
  ["/status", ["status"]],
  ["/queues", ["queue", "list"]],
  ["/jobs/done1", ["show", "done1"]],
  ["/jobs/dead1", ["show", "dead1"]],
  ["/jobs/child1", ["show", "child1"]],
  ["/jobs/child1/explain", ["explain", "child1"]],
  ["/jobs/dead1/explain", ["explain", "dead1"]],
  ["/jobs/later1/explain", ["explain", "later1"]],
  ["/jobs/done1/output?format=json", ["logs", "done1"]],
  ["/jobs/dead1/output?format=json&stream=stderr", ["logs", "dead1", "--stderr"]],
];

Deno.test("the API answers what the command line prints with --json", async () => {
  await using api = await Contract.open();
  const { queue } = api;
  await fill(queue);
  for (const [path, args] of PAIRS) {
    const { stdout, stderr, code } = await queue.cli(...args, "--json");
    strictEqual(code, 0, stderr);
    deepStrictEqual(await api.want(200, "GET", path), JSON.parse(stdout), path);
    // To the byte: also what a terminal must not act on is escaped alike.
    const response = await api.dashboard.fetch(`/api${path}`);
    strictEqual(await response.text(), stdout, path);
  }
  const listed = JSON.parse((await queue.cli("list", "--json")).stdout);
  deepStrictEqual((await api.want(200, "GET", "/jobs")).jobs, listed);
  const oldest = JSON.parse((await queue.cli("dlq", "list", "--json")).stdout);
  deepStrictEqual((await api.want(200, "GET", "/jobs?state=dead")).jobs, oldest);
});

Deno.test("the API's lists are those of the command line, with what runs and what fires next", async () => {
  await using api = await Contract.open();
  await fill(api.queue);
  const printed = async (...args: string[]) =>
    JSON.parse((await api.queue.cli(...args, "--json")).stdout);
  const workers = await api.want(200, "GET", "/workers");
  deepStrictEqual(
    workers.map(({ jobs: _, ...worker }: Record<string, unknown>) => worker),
    await printed("worker", "list"),
  );
  const schedules = await api.want(200, "GET", "/schedules");
  deepStrictEqual(
    schedules.map(({ next: _, ...schedule }: Record<string, unknown>) => schedule),
    await printed("schedule", "list"),
  );
  const firings = await printed("schedule", "next", "s");
  deepStrictEqual(
    schedules[0].next,
    firings.map(({ fire_time }: Record<string, string>) => fire_time),
  );
});

/** What both refuse: the body of a request, or what is enqueued from standard input. */
const REFUSED: readonly string[] = [
  '{"command":7}',
  '{"command":"x","timeout":"soon"}',
  '{"comand":"x"}',
  '{"command":"x","id":"dead1"}',
  '{"command":"x","after":["nope"]}',
  '[{"command":"x"},{"command":"x","priority":"urgent"}]',
  '{"command":"x"}\n{"command":"x","id":"-"}',
  '{"command":"x"}\n{"command":',
  '[{"id":"a","command":"x","after":["a"]}]',
  '[{"id":"a","command":"x"},{"id":"a","command":"x"}]',
  "{",
];

Deno.test("the API refuses a job with the words of the command line", async () => {
  await using api = await Contract.open();
  await api.queue.add("dead1");
  const statuses: Record<number, number> = { 2: 400, 3: 404, 4: 409 };
  for (const text of REFUSED) {
    const { code, stderr } = await api.queue.fed(text, "enqueue");
    const { status, body } = await api.ask("POST", "/jobs", text);
    const said = stderr.trim().replace(/^queuectl: /, "").replace(/^error: /i, "");
    deepStrictEqual([status, body.error.exit_code], [statuses[code], code], text);
    strictEqual(said.endsWith(body.error.message), true, `${said} | ${body.error.message}`);
  }
  strictEqual((await api.queue.store.jobs({})).length, 1);
});

Deno.test("the API refuses what a job's state does not allow with the words of the command line", async () => {
  await using api = await Contract.open();
  const { queue } = api;
  await queue.join();
  await queue.ran("done1", 0);
  await queue.add("waits1");
  const pairs = [
    ["/jobs/waits1/retry", ["retry", "waits1"]],
    ["/jobs/done1/cancel", ["cancel", "done1"]],
    ["/jobs/done1/release", ["release", "done1"]],
  ] as const;
  for (const [path, args] of pairs) {
    const [{ error }] = JSON.parse((await queue.cli(...args, "--json")).stdout);
    await api.refused(409, ["POST", path], { message: error });
  }
});
