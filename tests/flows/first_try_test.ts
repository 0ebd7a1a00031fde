/** What a newcomer does first, in one terminal. */

import assert from "node:assert/strict";
import { V8_FLAGS } from "../../src/cli/own_command.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow } from "./stage.ts";

const UNTIL_GO = "until test -e go; do sleep 0.05; done";

flow("a first try: start detached, enqueue, status, logs, stop", async (stage) => {
  const started = await stage.run(["worker", "start", "--count", "3", "--detach"]);
  assert.equal(started.code, 0, started.stderr);
  assert.match(started.stdout, /^[\w.-]+\n$/);
  assert.match(started.stderr, /queuectl status/);
  assert.match(started.stderr, /queuectl worker stop/);

  await stage.enqueue(`echo hello from one; ${UNTIL_GO}`, "--id", "one");
  await stage.enqueue(`echo hello from two; ${UNTIL_GO}`, "--id", "two");
  const busy = await waitFor(async () => {
    const text = await stage.ok("status");
    return text.includes("2 busy") && text;
  }, { message: "two busy slots" });
  assert.match(busy, /^1 worker, 3 slots \(2 busy\)$/m);
  await waitFor(async () => await stage.ok("logs", "one") === "hello from one\n", {
    message: "the output of a job that runs",
  });
  const [worker] = await stage.json<{ id: string; pid: number; slots: number; busy: number }[]>(
    "worker",
    "list",
  );
  assert.equal(`${worker?.id}\n`, started.stdout);
  if (stage.via === "source") {
    const words = await Deno.readTextFile(`/proc/${worker?.pid}/cmdline`);
    assert.ok(
      words.includes(V8_FLAGS),
      "the executable has the flags in it, a run from source not",
    );
  }
  assert.partialDeepStrictEqual(worker, { slots: 3, busy: 2 });

  const stopping = await stage.spawn(["worker", "stop"]);
  await stopping.line("Waiting for 2 running jobs", { stream: "stderr" });
  await Deno.writeTextFile(stage.join("go"), "");
  const { stdout } = await stage.end(stopping);
  assert.match(stdout, /^Stopped 1 worker$/m);
  await stage.isEmpty();
  assert.equal((await stage.job("one")).state, "completed");
  assert.equal((await stage.job("two")).state, "completed");
  assert.match(await stage.ok("status"), /^0 workers, 0 slots \(0 busy\)$/m);
}, { vias: ["source", "executable", "oldest"], stores: BOTH_STORES });

flow("list --state failed that is empty points to the DLQ", async (stage) => {
  await stage.enqueue("false", "--max-retries", "0");
  await stage.ok("worker", "start", "--drain");
  const { code, stderr } = await stage.run(["list", "--state", "failed"]);
  assert.equal(code, 0);
  assert.match(stderr, /queuectl dlq list/);
});

flow("worker stop and worker list say so when there is no worker", async (stage) => {
  await stage.enqueue("true");
  const stopped = await stage.run(["worker", "stop"]);
  assert.partialDeepStrictEqual(stopped, { code: 0, stdout: "No worker is running\n" });
  const listed = await stage.run(["worker", "list"]);
  assert.equal(listed.code, 0);
  assert.match(listed.stdout + listed.stderr, /No worker is running/);
  assert.deepEqual(await stage.json("worker", "list"), []);
});

flow("reading commands create no store, and name the missing one", async (stage) => {
  for (
    const command of [["list"], ["status"], ["show", "job1"], ["logs", "job1"], ["worker", "list"]]
  ) {
    const { code, stdout, stderr } = await stage.run(command);
    assert.deepEqual({ code, stdout }, { code: 5, stdout: "" }, command.join(" "));
    assert.ok(stderr.includes(`no store at ${stage.location} yet`), `${command}: ${stderr}`);
  }
  assert.deepEqual([...Deno.readDirSync(stage.home)].map(({ name }) => name), ["bin"]);
}, { stores: BOTH_STORES });

flow("on a terminal, enqueue says how to start a worker while there is none", async (stage) => {
  const enqueue = "script -qec 'queuectl enqueue -- true' /dev/null";
  assert.match(await stage.sh(enqueue), /^[0-9a-f-]{36}\r\n.*queuectl worker start\r\n$/);
  const worker = await stage.worker();
  assert.match(await stage.sh(enqueue), /^[0-9a-f-]{36}\r\n$/);
  worker.kill();
  await stage.end(worker);
  // With nothing to read, it does not wait for somebody to type.
  const { code, stdout } = await (await stage.shell("script -qec 'queuectl enqueue' /dev/null"))
    .ended();
  assert.equal(code, 2);
  assert.match(stdout, /No job given/);
});
