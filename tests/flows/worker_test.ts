/** The ways to start and to stop workers. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, isLiving, type Stage } from "./stage.ts";

const UNTIL_GO = "echo begun >> begun; until test -e go; do sleep 0.05; done";

const go = (stage: Stage) => Deno.writeTextFile(stage.join("go"), "");

interface WorkerJson {
  readonly id: string;
  readonly pid: number;
}

const workersOf = (stage: Stage) => stage.json<WorkerJson[]>("worker", "list");

flow(
  "--drain ends when nothing is left to run, retries that are due soon included",
  async (stage) => {
    await stage.ok("worker", "start", "--drain");
    assert.deepEqual(await stage.json("list"), []);
    await stage.enqueue("test $QUEUECTL_ATTEMPT = 3", "--id", "third", "--backoff-base", "0.3");
    // Due in a quarter of an hour: not waited for.
    await stage.enqueue("false", "--id", "later", "--backoff-base", "900");
    await stage.enqueue("true", "--id", "elsewhere", "--queue", "other");
    await stage.ok("worker", "start", "--drain", "--queue", "default");
    assert.partialDeepStrictEqual(await stage.job("third"), { state: "completed", attempts: 3 });
    assert.equal((await stage.job("later")).state, "failed");
    assert.equal((await stage.job("elsewhere")).state, "pending");
    await stage.ok("worker", "start", "--drain", "--drain-wait", "0");
    assert.equal((await stage.job("elsewhere")).state, "completed");
  },
  { stores: BOTH_STORES },
);

flow("--drain waits for a job that another worker runs", async (stage) => {
  await stage.enqueue(UNTIL_GO, "--id", "job");
  const other = await stage.worker();
  await stage.untilLines("begun");
  const drain = await stage.worker(["--drain"]);
  await stage.enqueue("true", "--id", "extra");
  await stage.until("extra", "completed");
  assert.ok(isLiving(drain.pid));
  await go(stage);
  await stage.end(drain);
  assert.equal((await stage.job("job")).state, "completed");
  other.kill();
  await stage.end(other);
});

flow("--singleton: the second one ends at once and silently", async (stage) => {
  const first = await stage.worker();
  const again = ["worker", "start", "--singleton"];
  for (const args of [again, [...again, "--drain"], [...again, "--detach"]]) {
    const { code, stdout, stderr } = await stage.run(args);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" }, args.join(" "));
  }
  assert.equal((await workersOf(stage)).length, 1);
  // Other queues are other work.
  const other = await stage.worker(["--singleton", "--queue", "mail"]);
  assert.equal((await workersOf(stage)).length, 2);
  other.kill();
  await stage.end(other);
  first.kill();
  await stage.end(first);
});

flow("--singleton takes over from a worker that is dead, or leaving", async (stage) => {
  await stage.enqueue(`test $QUEUECTL_ATTEMPT = 2 || { ${UNTIL_GO}; }`, "--backoff-base", "0.1");
  const dead = await stage.worker();
  await stage.untilLines("begun");
  dead.kill("SIGKILL");
  await dead.ended();
  const heir = await stage.worker(["--singleton"]);
  await waitFor(async () => (await stage.json<unknown[]>("list", "--state", "completed")).length);
  await waitFor(async () => (await workersOf(stage)).length === 1);

  await stage.enqueue(UNTIL_GO);
  await stage.untilLines("begun", 2);
  heir.kill();
  await heir.line("no new jobs", { stream: "stderr" });
  const next = await stage.worker(["--singleton"]);
  await go(stage);
  await stage.end(heir);
  next.kill();
  await stage.end(next);
});

flow("of many --singleton workers that start at once, exactly one stays", async (stage) => {
  const workers = await Promise.all(
    Array.from({ length: 5 }, () => stage.spawn(["worker", "start", "--singleton"])),
  );
  const living = () => workers.filter(({ pid }) => isLiving(pid)).length;
  await waitFor(() => living() === 1, { message: () => `one of ${living()}` });
  await stage.enqueue("true", "--id", "job");
  await stage.until("job", "completed");
  assert.equal((await workersOf(stage)).length, 1);
}, { stores: BOTH_STORES });

flow("worker stop --now ends the running jobs and hands them back", async (stage) => {
  await stage.enqueue("sleep 300 & echo $! >> pids; setsid sleep 300", "--id", "job");
  const worker = await stage.worker();
  await stage.untilLines("pids");
  const { code, stdout, stderr } = await stage.run(["worker", "stop", "--now"]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "Stopped 1 worker\n" });
  assert.match(stderr, /handing it back/);
  await stage.end(worker);
  assert.ok(!isLiving(Number(stage.read("pids"))));
  assert.partialDeepStrictEqual(await stage.job("job"), { state: "pending", attempts: 0 });
}, { stores: BOTH_STORES });

flow("worker stop --timeout says that they still run, and --now helps", async (stage) => {
  await stage.enqueue(UNTIL_GO, "--id", "job");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  const { code, stderr } = await stage.run(["worker", "stop", "--timeout", "100ms"]);
  assert.equal(code, 124);
  assert.match(stderr, /1 worker/);
  await worker.line("no new jobs", { stream: "stderr" });
  await stage.ok("worker", "stop", "--now");
  await stage.end(worker);
  assert.equal((await stage.job("job")).state, "pending");
});

flow("worker stop ID stops one and leaves the others", async (stage) => {
  const [left, gone] = [await stage.worker(["--name", "left"]), await stage.worker()];
  const ids = (await workersOf(stage)).map(({ id }) => id);
  const id = ids.find((id) => !id.startsWith("left"))!;
  await stage.ok("worker", "stop", id);
  await stage.end(gone);
  assert.deepEqual((await workersOf(stage)).map(({ pid }) => pid), [left.pid]);
  left.kill();
  await stage.end(left);
});

flow("--grace hands back what runs for longer after a stop", async (stage) => {
  await stage.enqueue("echo begun >> begun; exec sleep 300", "--id", "job");
  const worker = await stage.worker(["--grace", "200ms"]);
  await stage.untilLines("begun");
  worker.kill("SIGTERM");
  await stage.end(worker);
  assert.partialDeepStrictEqual(await stage.job("job"), { state: "pending", attempts: 0 });
});

flow(
  "a worker inside a job runs the other jobs, and its drain does not wait for itself",
  async (stage) => {
    const vars = "env | grep '^QUEUECTL_' | sort";
    await stage.enqueue(
      `echo begun >> begun; queuectl worker start --drain && ${vars}`,
      "--id",
      "outer",
    );
    const worker = await stage.shell("exec queuectl worker start");
    await stage.untilLines("begun");
    await stage.enqueue(vars, "--id", "inner");
    await stage.until("inner", "completed");
    const { error } = await stage.until("outer", ["completed", "failed"]);
    assert.equal(error, null);
    const [outer, inner] = [
      await stage.ok("logs", "outer", "--stdout"),
      await stage.ok("logs", "inner"),
    ];
    const names = (text: string) => text.match(/^\w+/gm);
    assert.deepEqual(names(inner), names(outer));
    assert.match(inner, /^QUEUECTL_JOB_ID=inner$/m);
    assert.match(outer, /^QUEUECTL_JOB_ID=outer$/m);
    const token = (text: string) => /^QUEUECTL_ATTEMPT_TOKEN=(.+)$/m.exec(text)?.[1];
    assert.notEqual(token(inner), token(outer));
    worker.kill();
    await stage.end(worker);
  },
);

flow("a detached worker starts without a PATH", async (stage) => {
  await stage.enqueue("true");
  const { code, stdout, stderr } = await stage.run(["worker", "start", "--detach"], {
    env: { PATH: "/nonexistent", HOME: stage.home },
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^worker-/);
  await stage.ok("worker", "stop");
});
