/** What becomes of attempts that run for longer than their timeout, whatever else happens then. */

import assert from "node:assert/strict";
import { flow, isLiving, type JobJson, type Stage } from "./stage.ts";
import { haltWorker } from "../crash/scene.ts";

/** Commands that make it hard, each with the number of processes that it notes in the file `pids`. */
const TREES: Readonly<Record<string, readonly [string, number]>> = {
  plain: ["echo $$ >> pids; exec sleep 300", 1],
  "ignoring SIGTERM": [
    "trap '' TERM; echo $$ >> pids; sh -c 'echo $$ >> pids; while :; do sleep 300; done'",
    2,
  ],
  "with grandchildren": [
    "echo $$ >> pids; sh -c 'echo $$ >> pids; sleep 300 & echo $! >> pids; sh -c " +
    '"echo \\$\\$ >> pids; sleep 300; :"; :\' & wait',
    4,
  ],
  "in a new session": [
    "echo $$ >> pids; setsid sh -c 'echo $$ >> pids; setsid sleep 300 & echo $! >> pids; wait' & " +
    "sleep 300",
    3,
  ],
};

function outcomes(job: JobJson) {
  return job.attempt_log.map(({ outcome, exit_code, error }) => ({ outcome, exit_code, error }));
}

/** All that a job has noted has ended. */
async function assertEnded(stage: Stage, count: number): Promise<void> {
  const pids = (await stage.untilLines("pids", count)).map(Number);
  assert.equal(pids.length, count);
  assert.deepEqual(pids.filter(isLiving), []);
}

for (const [title, [command, count]] of Object.entries(TREES)) {
  flow(`a timeout leaves no process of a command: ${title}`, async (stage) => {
    await stage.ok("config", "set", "kill_grace", "300ms");
    await stage.enqueue(command, "--id", "job", "--timeout", "1s", "-r", "0");
    await stage.enqueue("echo on", "--id", "next");
    await stage.worker();
    const job = await stage.until("job", "dead");
    await assertEnded(stage, count);
    const exit_code = title === "ignoring SIGTERM" ? 137 : 143;
    const error = "timed out after 1s";
    assert.deepEqual(outcomes(job), [{ outcome: "timed_out", exit_code, error }]);
    assert.deepEqual([job.error, job.exit_code], [error, exit_code]);
    await stage.until("next", "completed");
  }, { vias: ["source"] });
}

flow("a job that times out is retried and ends in the DLQ", async (stage) => {
  await stage.ok("config", "set", "default_timeout", "300ms");
  const flags = ["-r", "2", "--backoff-base", "0.1"];
  await stage.enqueue("echo $QUEUECTL_ATTEMPT; exec sleep 300", "--id", "job", ...flags);
  await stage.enqueue("sleep 0.6", "--id", "longer", "--timeout", "none", ...flags);
  const worker = await stage.run(["worker", "start", "--drain", "--count", "2"]);
  assert.equal(worker.code, 0);
  const job = await stage.job("job");
  const one = { outcome: "timed_out", exit_code: 143, error: "timed out after 300ms" };
  assert.deepEqual([job.state, outcomes(job)], ["dead", [one, one, one]]);
  assert.match(await stage.ok("dlq", "list"), /timed out after 300ms/);
  assert.match(worker.stderr, /job failed: timed out after 300ms; again in/);
  assert.match(worker.stderr, /job is dead: timed out after 300ms/);
  assert.equal(await stage.ok("logs", "job", "--attempt", "2"), "2\n");
  assert.equal((await stage.job("longer")).state, "completed");
});

flow(
  "an exit 0 after the SIGTERM of a timeout is a timeout, one in time is none",
  async (stage) => {
    const flags = ["--timeout", "500ms", "-r", "0"];
    await stage.enqueue(
      "trap 'exit 0' TERM; while :; do sleep 0.05; done",
      "--id",
      "late",
      ...flags,
    );
    await stage.enqueue("sleep 300 & echo $! > left; true", "--id", "in-time", ...flags);
    await stage.ok("worker", "start", "--drain", "--count", "2");
    const late = await stage.job("late");
    assert.deepEqual([late.state, outcomes(late)], ["dead", [
      { outcome: "timed_out", exit_code: 0, error: "timed out after 500ms" },
    ]]);
    assert.equal((await stage.job("in-time")).state, "completed");
    // What a job leaves behind when it ends by itself is none of the timeout's business.
    const left = Number(stage.read("left"));
    assert.ok(isLiving(left));
    Deno.kill(left);
  },
  { vias: ["source"] },
);

const ASKED = "trap 'echo asked >> asked' TERM; echo $$ >> pids; while :; do sleep 0.05; done";

flow("a cancel during the grace of a timeout decides", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "3s");
  await stage.enqueue(ASKED, "--id", "job", "--timeout", "200ms");
  await stage.worker();
  await stage.untilLines("asked");
  assert.equal((await stage.run(["cancel", "job"])).code, 0);
  const job = await stage.until("job", "cancelled");
  assert.deepEqual([job.error, job.attempt_log.length], ["cancelled", 1]);
  await assertEnded(stage, 1);
}, { vias: ["source"] });

flow(
  "a worker that is stopped during the grace of a timeout does not wait for it",
  async (stage) => {
    await stage.ok("config", "set", "kill_grace", "5m");
    await stage.enqueue(ASKED, "--id", "job", "--timeout", "200ms", "--backoff-base", "600");
    const worker = await stage.worker();
    await stage.untilLines("asked");
    for (const line of ["no new jobs", "handing it back"]) {
      worker.kill();
      await worker.line(line, { stream: "stderr" });
    }
    worker.kill();
    await stage.end(worker);
    await assertEnded(stage, 1);
    // It had timed out before anybody asked for its end.
    const job = await stage.job("job");
    assert.deepEqual([job.state, outcomes(job)], ["failed", [
      { outcome: "timed_out", exit_code: 137, error: "timed out after 200ms" },
    ]]);
  },
  { vias: ["source"] },
);

flow("a timeout counts from the start of the command, not while the job waits", async (stage) => {
  await stage.enqueue("sleep 1.2", "--id", "first");
  await stage.enqueue("true", "--id", "second", "--timeout", "1s", "-r", "0");
  await stage.ok("worker", "start", "--drain");
  assert.equal((await stage.job("second")).state, "completed");
}, { vias: ["source"] });

flow(
  "a worker that hangs over a timeout loses the attempt, which does not time out",
  async (stage) => {
    await stage.ok("config", "set", "lease", "5s");
    await stage.enqueue(
      "echo $$ >> pids; test $QUEUECTL_ATTEMPT = 2 || exec sleep 300",
      ...["--id", "job", "--timeout", "3s", "--backoff-base", "0.1"],
    );
    const hung = await stage.worker();
    await stage.untilLines("pids");
    await haltWorker(stage, hung.pid);
    await stage.worker();
    const job = await stage.until("job", "completed");
    assert.equal((await hung.ended()).signal, "SIGKILL");
    assert.deepEqual(job.attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
  },
  { vias: ["source"] },
);
