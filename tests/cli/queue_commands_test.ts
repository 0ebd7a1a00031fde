import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Queue } from "./queue.ts";

Deno.test("queue list shows each queue, what holds it back and its jobs", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add({ id: "m1", queue: "mail" }, { id: "m2", queue: "mail" }, "d1");
  await queue.claim();
  await queue.cli("queue", "set", "mail", "--limit", "2", "--rate", "10/1m");
  await queue.cli("queue", "pause", "default");
  for (const args of [["queue", "list"], ["queue"], ["queues", "ls"]]) {
    const { code, stdout, stderr } = await queue.cli(...args);
    deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
    strictEqual(
      stdout,
      `QUEUE    STATE   LIMIT   RATE  PENDING  PROCESSING  FAILED  COMPLETED  DEAD
default  paused                      1           0       0          0     0
mail     active      2  10/1m        1           1       0          0     0
`,
    );
  }
  const [first, second] = JSON.parse((await queue.cli("queue", "--json")).stdout);
  deepStrictEqual([first.name, first.paused, first.limit, first.rate, first.jobs.total], [
    ...["default", true, null, null, 1],
  ]);
  deepStrictEqual([second.name, second.paused, second.limit, second.rate, second.jobs.pending], [
    ...["mail", false, 2, "10/1m", 1],
  ]);
});

Deno.test("queue list has a column for every state in which there is a job", async () => {
  await using queue = await Queue.open();
  await queue.add("d1", { id: "h1", held: true });
  match((await queue.cli("queue")).stdout, /^QUEUE .* HELD +PENDING +PROCESSING/);
});

Deno.test("queue list of a store without queues says how there come to be any", async () => {
  await using queue = await Queue.open();
  const { code, stdout, stderr } = await queue.cli("queue");
  deepStrictEqual([code, stdout], [0, ""]);
  match(stderr, /^There are no queues yet; .*enqueue --queue/);
  strictEqual((await queue.cli("queue", "list", "--json")).stdout, "[]\n");
});

Deno.test("queue pause and resume: no job of the queue is claimed meanwhile", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add({ id: "m1", queue: "mail" }, { id: "n1", queue: "news" });
  const { code, stdout, stderr } = await queue.cli("queue", "pause", "mail", "news", "mail");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "Queue mail is paused\nQueue news is paused\n",
    stderr: "",
  });
  strictEqual((await queue.cli("queue", "pause", "mail")).code, 0);
  deepStrictEqual((await queue.tick({ free: [{ pid: 2 ** 30, startTime: "1" }] })).claimed, []);
  const resumed = await queue.cli("queue", "resume", "mail", "--json");
  strictEqual(resumed.stdout, '[{"name":"mail","ok":true,"error":null}]\n');
  strictEqual((await queue.claim()).jobId, "m1");
});

Deno.test("queue pause of a queue that is not there exits 3, and does the others", async () => {
  await using queue = await Queue.open();
  await queue.add({ id: "m1", queue: "mail" });
  const { code, stdout, stderr } = await queue.cli("queue", "pause", "mails", "mail");
  deepStrictEqual([code, stdout], [3, "Queue mail is paused\n"]);
  match(stderr, /^queuectl: There is no queue "mails", did you mean "mail"\?\n$/);
  strictEqual((await queue.cli("queue", "resume", "mails")).code, 3);
  strictEqual((await queue.cli("queue", "pause")).code, 2);
  deepStrictEqual((await queue.store.queues()).map((one) => one.queue), ["mail"]);
});

Deno.test("queue set sets what is given and keeps the rest", async () => {
  await using queue = await Queue.open();
  const lines = [];
  for (
    const flags of [
      ["--limit", "2"],
      ["--rate", "5/s"],
      ["--limit", "none"],
      ["--rate=NONE"],
    ]
  ) lines.push((await queue.cli("queue", "set", "mail", ...flags)).stdout);
  deepStrictEqual(lines, [
    "Queue mail: limit 2\n",
    "Queue mail: limit 2, rate 5/1s\n",
    "Queue mail: rate 5/1s\n",
    "Queue mail: no limits\n",
  ]);
  const { stdout } = await queue.cli("queue", "set", "mail", "--limit", "3", "--json");
  const { name, paused, limit, rate } = JSON.parse(stdout);
  deepStrictEqual({ name, paused, limit, rate }, {
    name: "mail",
    paused: false,
    limit: 3,
    rate: null,
  });
});

Deno.test("queue set refuses what cannot be meant, and makes no queue", async () => {
  await using queue = await Queue.open();
  for (
    const [args, reason] of [
      [["mail"], /Say what to set: give --limit or --rate/],
      [["mail", "--limit", "0"], /to stop a queue: queuectl queue pause mail$/m],
      [["mail", "--limit", "-1"], /--limit must be an integer/],
      [["mail", "--limit", "many"], /--limit must be an integer/],
      [["mail", "--rate", "fast"], /--rate must be a rate such as/],
      [["mail", "--rate", "0/s"], /--rate must begin with a number from 1/],
      [["a b", "--limit", "1"], /The name of a queue must begin/],
      [["--limit", "1"], /Missing QUEUE/],
    ] as const
  ) {
    const { code, stderr } = await queue.cli("queue", "set", ...args);
    strictEqual(code, 2, stderr);
    match(stderr, reason);
  }
  deepStrictEqual(await queue.store.queues(), []);
});

Deno.test("status shows a queue that is limited, also if it is the default or has no job", async () => {
  await using queue = await Queue.open();
  await queue.cli("queue", "set", "default", "--limit", "3");
  match((await queue.cli("status")).stdout, /^default( +0)+ {2}limit 3$/m);
});

Deno.test("status shows what holds queues back", async () => {
  await using queue = await Queue.open();
  await queue.add("d1", { id: "m1", queue: "mail" });
  await queue.cli("queue", "set", "mail", "--limit", "2");
  await queue.cli("queue", "pause", "mail");
  match(
    (await queue.cli("status")).stdout,
    /^QUEUE .* LIMITS\ndefault( +\d)+\nmail( +\d)+ {2}paused, limit 2$/m,
  );
  const { queues } = JSON.parse((await queue.cli("status", "--json")).stdout);
  deepStrictEqual(
    queues.map(({ name, paused, limit, rate }: Record<string, unknown>) => [
      ...[name, paused, limit, rate],
    ]),
    [["default", false, null, null], ["mail", true, 2, null]],
  );
});
