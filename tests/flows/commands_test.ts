/** The commands as people type them, through a shell. */

import assert from "node:assert/strict";
import { flow, type JobJson, type Stage } from "./stage.ts";

/** Types a command; it must succeed. */
async function type(stage: Stage, line: string): Promise<string> {
  const { code, stdout, stderr } = await (await stage.shell(line)).ended();
  assert.equal(code, 0, `${line}\n${stderr}`);
  return stdout;
}

flow("the commands of the brief, verbatim", async (stage) => {
  const enqueued = await type(
    stage,
    `queuectl enqueue '{"id":"job1","command":"echo Hello World"}'`,
  );
  assert.equal(enqueued, "job1\n");
  assert.equal(
    await type(stage, `echo '{"id":"S1","command":"exit 1"}' | queuectl enqueue`),
    "S1\n",
  );
  assert.equal((await stage.job("S1")).max_retries, 3);
  await type(stage, "queuectl config set max-retries 1");
  await type(stage, "queuectl config set back-off-base 3");
  assert.equal(await type(stage, "queuectl config get default_max_retries"), "1\n");
  assert.equal(await type(stage, "queuectl config get backoff_base"), "3\n");
  await type(stage, "queuectl config set backoff_base 2");
  await type(stage, "queuectl config set default_max_retries 3");
  assert.equal(await type(stage, "queuectl config get max_retries"), "3\n");
  assert.equal(await type(stage, "queuectl config get back-off-base"), "2\n");
  await type(stage, `queuectl enqueue '{"id":"doomed","command":"exit 7","max_retries":0}'`);
  await type(stage, `queuectl enqueue '{"id":"camel","command":"true","maxRetries":2}'`);
  assert.equal((await stage.job("camel")).max_retries, 2);

  const pending = await type(stage, "queuectl list --state pending");
  for (const id of ["job1", "S1", "doomed"]) assert.match(pending, new RegExp(`^${id}\\b`, "m"));

  const worker = await stage.shell("exec queuectl worker start --count 3");
  await worker.line("3 slots", { stream: "stderr" });
  await stage.until("job1", "completed");
  assert.equal(await type(stage, "queuectl logs job1"), "Hello World\n");
  await stage.until("doomed", "dead");
  await stage.until("S1", ["failed", "dead"]);
  assert.match(await type(stage, "queuectl status"), /^1 worker, 3 slots \(\d busy\)$/m);
  assert.match(await type(stage, "queuectl worker stop"), /^Stopped 1 worker$/m);
  assert.equal((await worker.ended()).code, 0);

  const dead = await type(stage, "queuectl dlq list");
  assert.match(dead, /^doomed\b/m);
  assert.doesNotMatch(dead, /^job1\b/m);
  await type(stage, "queuectl dlq retry doomed");
  const { state, attempts, attempt_log } = await stage.job("doomed");
  assert.deepEqual({ state, attempts, log: attempt_log.length }, {
    state: "pending",
    attempts: 0,
    log: 1,
  });
  assert.doesNotMatch(await type(stage, "queuectl dlq list"), /^doomed\b/m);
}, { vias: ["source", "executable", "oldest"] });

flow("list --state completed --json prints one JSON array and nothing else", async (stage) => {
  const list = ["list", "--state", "completed", "--json"];
  await stage.enqueue("false", "--max-retries", "0");
  const empty = await stage.run(list);
  assert.deepEqual(
    { code: empty.code, stdout: JSON.parse(empty.stdout), stderr: empty.stderr },
    { code: 0, stdout: [], stderr: "" },
  );
  const jobs = Array.from({ length: 120 }, (_, n) => `{"id":"n${n}","command":"true"}`);
  await stage.run(["enqueue"], { stdin: jobs.join("\n") });
  await stage.ok("worker", "start", "--drain", "--count", "8");
  const { code, stdout, stderr } = await stage.run(list);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const printed: JobJson[] = JSON.parse(stdout);
  assert.ok(Array.isArray(printed));
  // All of them: the table's limit is not for scripts. Newest first.
  assert.deepEqual(printed.map(({ id }) => id), jobs.map((_, n) => `n${119 - n}`));
  const keys = "id command queue state priority attempts max_retries timeout backoff_base run_at " +
    "created_at updated_at started_at finished_at exit_code error worker_id cwd tags unique_key after";
  for (const key of keys.split(" ")) assert.ok(key in printed[0]!, key);
});

flow("a pasted job is enqueued again under another id", async (stage) => {
  await stage.enqueue("echo again", "--id", "first", "--tag", "nightly", "--priority", "high");
  const line = `queuectl show first --json | queuectl enqueue - --id second`;
  assert.equal(await type(stage, line), "second\n");
  const [first, second] = await Promise.all([stage.job("first"), stage.job("second")]);
  const { id: _1, created_at: _2, updated_at: _3, ...rest } = second as unknown as Record<
    string,
    unknown
  >;
  assert.partialDeepStrictEqual(first, rest);
});
