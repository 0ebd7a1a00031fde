import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Queue } from "./queue.ts";

Deno.test("retry gives a job a new life from each state that allows it", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("dead", 1);
  await queue.ran("completed", 0);
  await queue.ran({ id: "failed", maxRetries: 1, backoffBase: 100 }, 1);
  await queue.add("cancelled");
  await queue.store.cancel("cancelled");
  const ids = ["dead", "completed", "failed", "cancelled"];
  const { code, stdout, stderr } = await queue.cli("retry", ...ids);
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  strictEqual(stdout, ids.map((id) => `Job ${id} is pending again\n`).join(""));
  for (const id of ids) {
    const job = await queue.store.job(id);
    deepStrictEqual([job?.state, job?.attempts], ["pending", 0], id);
  }
  strictEqual((await queue.store.attempts("dead")).length, 1);
});

Deno.test("retry refuses a job that waits or runs", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("running");
  await queue.claim();
  await queue.add("pending");
  for (const id of ["running", "pending"]) {
    const { code, stdout, stderr } = await queue.cli("retry", id);
    deepStrictEqual({ code, stdout }, { code: 4, stdout: "" }, id);
    match(stderr, new RegExp(`^queuectl: Job ${id} is `));
  }
});

Deno.test("retry acts on each id by itself, and on each job once", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("job-1", 1);
  await queue.add("job-2");
  const { code, stdout, stderr } = await queue.cli(
    "retry",
    "job-2",
    "job-1",
    "nope",
    "ob-1",
    "--json",
  );
  deepStrictEqual({ code, stderr }, { code: 3, stderr: "" });
  deepStrictEqual(
    JSON.parse(stdout).map(({ id, ok }: { id: string; ok: boolean }) => [id, ok]),
    [["job-2", false], ["job-1", true], ["nope", false]],
  );
  strictEqual((await queue.store.job("job-1"))?.state, "pending");
});

Deno.test("retry without an id is wrong usage", async () => {
  await using queue = await Queue.open();
  const { code, stderr } = await queue.cli("retry");
  strictEqual(code, 2);
  match(stderr, /Missing ID/);
});

Deno.test("retry refuses a job whose unique key another one holds", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "old", uniqueKey: "k" }, 1);
  await queue.add({ id: "new", uniqueKey: "k" });
  const { code, stdout, stderr } = await queue.cli("retry", "old");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 4,
    stdout: "",
    stderr: "queuectl: Job old cannot run again before job new has ended, " +
      "which holds its unique key\n",
  });
  strictEqual((await queue.store.job("old"))?.state, "dead");
});
