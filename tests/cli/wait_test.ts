import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { exitCodeOfJobs } from "../../src/cli/job_exit_code.ts";
import { OwnFailure } from "../../src/cli/own_failure.ts";
import { spawnQueuectl } from "../helpers/cli.ts";
import { Queue } from "./queue.ts";

Deno.test("wait ends with 0 when the job has completed", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("done", 0);
  await queue.add({ id: "job-1", maxRetries: 1, backoffBase: 1 });
  const wait = queue.start("wait", "done", "job-1");
  await wait.says("Job done completed");
  await queue.end(await queue.claim(), 5);
  queue.now += 1000;
  await queue.end(await queue.claim(), 0);
  const { code, stdout, stderr } = await wait.ended;
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "",
    stderr: "Job done completed\nJob job-1 completed\n",
  });
});

Deno.test("wait ends with the exit code of the first job in argument order that did not complete", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("three", 3);
  await queue.ran("fine", 0);
  await queue.add("five");
  const wait = queue.start("wait", "fine", "five", "three", "five");
  await wait.says("Job three is dead: exit code 3\n");
  await queue.end(await queue.claim(), 5);
  const { code, stdout, stderr } = await wait.ended;
  deepStrictEqual({ code, stdout }, { code: 5, stdout: "" });
  strictEqual(
    stderr,
    "Job fine completed\nJob three is dead: exit code 3\nJob five is dead: exit code 5\n",
  );
  strictEqual((await queue.cli("wait", "three", "five")).code, 3);
});

Deno.test("wait ends with 1 for a job without an exit code of its own", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("waiting");
  await queue.store.cancel("waiting");
  await queue.ran("lost", { kind: "lost", error: "its worker died" });
  const { code, stderr } = await queue.cli("wait", "waiting");
  deepStrictEqual([code, stderr], [1, "Job waiting is cancelled\n"]);
  strictEqual((await queue.cli("wait", "lost")).code, 1);
  await queue.add("parent", { id: "child", after: [{ id: "parent", on: "notok" }] });
  await queue.end(await queue.claim(), 0);
  strictEqual(
    (await queue.cli("wait", "child")).stderr,
    "Job child is cancelled: its parent parent completed\n",
  );
});

Deno.test("exitCodeOfJobs() is 0 only if all completed", () => {
  const job = (state: "completed" | "cancelled" | "dead", exitCode: number | null) => ({
    state,
    exitCode,
  });
  strictEqual(exitCodeOfJobs([job("completed", 0)]), 0);
  strictEqual(exitCodeOfJobs([job("completed", 0), job("cancelled", 0)]), 1);
  strictEqual(exitCodeOfJobs([job("cancelled", 143), job("dead", 2)]), 143);
  strictEqual(exitCodeOfJobs([job("dead", null), job("dead", 2)]), 1);
  // A shell sees the last byte only.
  strictEqual(exitCodeOfJobs([job("dead", 256)]), 1);
});

Deno.test("wait --json prints the job, or an array for several, and nothing else", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("one-1", 7);
  await queue.ran("two-2", 0);
  const one = await queue.cli("wait", "one-1", "--json");
  deepStrictEqual([one.code, one.stderr], [7, ""]);
  const all = JSON.parse((await queue.cli("list", "--json", "--sort", "created")).stdout);
  deepStrictEqual(JSON.parse(one.stdout), all[0]);
  const two = await queue.cli("wait", "--json", "one-", "two-");
  deepStrictEqual([two.code, JSON.parse(two.stdout)], [7, all]);
});

Deno.test("wait --timeout ends with 124 and says what has not ended", async () => {
  await using queue = await Queue.open();
  await queue.add("job-1", "job-2");
  const { code, stdout, stderr } = await queue.cli("wait", "job-1", "--timeout", "30ms");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 124,
    stdout: "",
    stderr: "queuectl: Job job-1 has not ended within 30ms: it is pending\n",
  });
  const both = await queue.cli("wait", "job-1", "job-2", "--timeout=0", "--json");
  strictEqual(both.code, 124);
  deepStrictEqual(JSON.parse(both.stdout).map(({ state }: { state: string }) => state), [
    "pending",
    "pending",
  ]);
  match(both.stderr, /^queuectl: 2 jobs have not ended within 0s$/m);
});

Deno.test("wait ends with 125 for what is no job's fault", async () => {
  await using queue = await Queue.open();
  await queue.add("job-1");
  // It does not wait for the first one.
  const unknown = await queue.cli("wait", "job-1", "nope");
  deepStrictEqual([unknown.code, unknown.stderr], [125, 'queuectl: There is no job "nope"\n']);
  const missing = await queue.cli("wait", "job-1", "--db", `${queue.directory}/missing.db`);
  strictEqual(missing.code, 125);
  match(missing.stderr, /^queuectl: There is no store at /);
  await queue.add("done");
  await queue.store.cancel("done");
  const wait = queue.start("wait", "done", "job-1");
  await wait.says("Job done is cancelled");
  await queue.store.remove("job-1", ["pending"]);
  const { code, stderr } = await wait.ended;
  deepStrictEqual([code, stderr], [
    125,
    "Job done is cancelled\nqueuectl: Job job-1 was deleted\n",
  ]);
  strictEqual(new OwnFailure("").exitCode, 125);
});

Deno.test("wait without an id is wrong usage", async () => {
  await using queue = await Queue.open();
  const { code, stderr } = await queue.cli("wait");
  strictEqual(code, 2);
  match(stderr, /Missing ID/);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`wait leaves with ${code} on ${signal}, and the job stays`, async () => {
    await using queue = await Queue.open();
    await queue.add("done", "job-1");
    await queue.store.cancel("done");
    await using wait = await spawnQueuectl(["wait", "done", "job-1"], { db: queue.path });
    await wait.line("Job done is cancelled", { stream: "stderr" });
    wait.kill(signal);
    const ended = await wait.ended();
    deepStrictEqual([ended.code, ended.signal, ended.stdout], [code, null, ""]);
    strictEqual(ended.stderr, "Job done is cancelled\nInterrupted; the job goes on\n");
    strictEqual((await queue.store.job("job-1"))?.state, "pending");
  });
}
