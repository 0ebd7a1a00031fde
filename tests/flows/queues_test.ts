/** Queues that are paused or limited, over all workers. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

interface QueueJson {
  readonly name: string;
  readonly paused: boolean;
  readonly limit: number | null;
  readonly rate: string | null;
}

flow("queue pause and resume, while workers run", async (stage) => {
  await stage.ok("config", "set", "poll_interval", "10m");
  await stage.enqueue("true", "--queue", "mail", "--id", "before");
  await stage.worker(["--count", "2"]);
  await stage.until("before", "completed");
  await stage.ok("queue", "pause", "mail");
  await stage.enqueue("true", "--queue", "mail", "--id", "paused");
  await stage.enqueue("true", "--id", "other");
  await stage.until("other", "completed");
  assert.equal((await stage.job("paused")).state, "pending");
  assert.match(await stage.ok("queue"), /^mail +paused/m);
  // It does not keep a worker that drains.
  await stage.ok("worker", "start", "--drain");
  assert.equal((await stage.job("paused")).state, "pending");
  await stage.ok("queue", "resume", "mail");
  await stage.until("paused", "completed");
}, { stores: BOTH_STORES });

/**
 * Notes how many of its kind live while it runs; then waits a little. One that was killed leaves its file, and its pid may
 * be another process's by then: it is told by the token in its environment.
 */
const COUNT = 'mkdir -p run; echo "$QUEUECTL_ATTEMPT_TOKEN" > run/$$; n=0; for f in run/*; do ' +
  'grep -qsaF "$(cat $f 2>/dev/null || echo gone)" /proc/${f#run/}/environ && n=$((n+1)); done; ' +
  "echo $n >> counts; sleep 0.2; rm run/$$";

async function enqueueMany(stage: Stage, count: number, command: string): Promise<void> {
  const specs = Array.from({ length: count }, () => ({ command, queue: "media" }));
  await stage.ok("enqueue", JSON.stringify(specs));
}

flow("a limit holds over all workers, also after one was killed", async (stage) => {
  await stage.ok("queue", "set", "media", "--limit", "2");
  await enqueueMany(stage, 16, COUNT);
  const [victim] = await Promise.all([
    stage.worker(["--count", "4", "--name", "victim"]),
    stage.worker(["--count", "4"]),
  ]);
  await stage.untilLines("counts", 4);
  victim.kill("SIGKILL");
  await victim.ended();
  await stage.worker(["--count", "4"]);
  await stage.ok("worker", "start", "--drain");
  const counts = stage.lines("counts").map(Number);
  assert.ok(counts.length >= 16);
  assert.equal(Math.max(...counts), 2);
  const { jobs } = await stage.json<{ jobs: { completed: number } }>("status");
  assert.equal(jobs.completed, 16);
  await stage.ok("queue", "set", "media", "--limit", "none");
  await enqueueMany(stage, 8, COUNT);
  await stage.ok("worker", "start", "--drain");
  assert.ok(Math.max(...stage.lines("counts").map(Number)) > 2);
}, { stores: BOTH_STORES });

flow("a rate holds in any window, over all workers", async (stage) => {
  await stage.ok("queue", "set", "media", "--rate", "5/s");
  const [media] = await stage.json<QueueJson[]>("queue");
  assert.equal(media?.rate, "5/1s");
  await enqueueMany(stage, 18, "true");
  await Promise.all([stage.worker(["--count", "4"]), stage.worker(["--count", "4"])]);
  await stage.ok("worker", "start", "--drain");
  const jobs = await stage.json<{ state: string; started_at: string }[]>("list");
  assert.deepEqual([...new Set(jobs.map(({ state }) => state))], ["completed"]);
  const begun = jobs.map(({ started_at }) => Date.parse(started_at)).toSorted((a, b) => a - b);
  for (const [i, sixth] of begun.slice(5).entries()) {
    assert.ok(sixth - begun[i]! >= 1000, `${begun.map((time) => time - begun[0]!)}`);
  }
}, { stores: BOTH_STORES });

flow("worker scale changes a running worker, from another terminal", async (stage) => {
  const job = "echo up >> up; until test -e go; do sleep 0.05; done";
  await enqueueMany(stage, 4, job);
  await stage.worker(["--name", "one"]);
  await stage.untilLines("up", 1);
  assert.match(await stage.ok("worker", "scale", "3"), /^one\S* has 3 slots\n$/);
  await stage.untilLines("up", 3);
  const down = await stage.spawn(["worker", "scale", "1", "one"]);
  await down.line("2 running jobs beyond that go on to the end", { stream: "stderr" });
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.end(down);
  await stage.ok("worker", "start", "--drain");
  const [worker] = await stage.json<{ slots: number }[]>("worker", "list");
  assert.equal(worker?.slots, 1);
  assert.equal((await stage.run(["worker", "scale", "0"])).code, 2);
});
