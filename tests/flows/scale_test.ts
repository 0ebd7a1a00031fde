/** Workers that get more or fewer slots while they work. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { launchersOf } from "../crash/store_file.ts";
import { flow, type Stage } from "./stage.ts";

interface WorkerJson {
  readonly id: string;
  readonly slots: number;
  readonly busy: number;
}

/** A job that says when it begins, and ends when there is a file with its id. */
const UNTIL_GO = "echo $QUEUECTL_JOB_ID >> begun; until test -e go-$QUEUECTL_JOB_ID -o -e go; do " +
  "sleep 0.05; done";

const go = (stage: Stage, id?: string) =>
  Deno.writeTextFile(stage.join(id === undefined ? "go" : `go-${id}`), "");

async function enqueue(stage: Stage, count: number, command: string): Promise<void> {
  const jobs = Array.from({ length: count }, (_, n) => ({ id: `job-${n}`, command }));
  const { code } = await stage.run(["enqueue"], { stdin: JSON.stringify(jobs) });
  assert.equal(code, 0);
}

async function workerOf(stage: Stage): Promise<WorkerJson> {
  const [worker] = await stage.json<WorkerJson[]>("worker", "list");
  return worker!;
}

/** How many Web Workers a process has: Deno names their threads. */
function executorsOf(pid: number): number {
  const tasks = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  return tasks.filter((task) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/task/${task}/comm`).startsWith("worker-");
    } catch {
      return false;
    }
  }).length;
}

async function assertAllCompleted(stage: Stage, count: number): Promise<void> {
  await waitFor(
    async () =>
      (await stage.json<unknown[]>("list", "--state", "completed", "--limit", "0")).length ===
        count,
    { timeout: 60_000, interval: 100, message: `${count} completed jobs` },
  );
}

flow("a worker that is scaled up under load runs more at once, and back again", async (stage) => {
  await enqueue(stage, 9, UNTIL_GO);
  const worker = await stage.worker();
  await stage.untilLines("begun");
  await stage.ok("worker", "scale", "5");
  assert.equal((await workerOf(stage)).slots, 5);
  await stage.untilLines("begun", 5);
  await worker.line("has 5 slots now", { stream: "stderr" });
  assert.equal((await workerOf(stage)).busy, 5);
  assert.equal(launchersOf(stage).length, 5);

  // All slots are busy: three of them go after their jobs, and nothing is claimed for them.
  await stage.ok("worker", "scale", "2");
  await worker.line("has 2 slots now, and 3 jobs more to finish", { stream: "stderr" });
  assert.partialDeepStrictEqual(await workerOf(stage), { slots: 2, busy: 5 });
  for (const id of stage.lines("begun")) await go(stage, id);
  await stage.untilLines("begun", 7);
  await waitFor(() => launchersOf(stage).length === 2);
  await waitFor(async () => (await workerOf(stage)).busy === 2);
  assert.equal(stage.lines("begun").length, 7);
  await go(stage);
  await assertAllCompleted(stage, 9);
});

flow(
  "a worker that is scaled down while it is idle lets launchers and threads go",
  async (stage) => {
    const worker = await stage.worker(["--count", "6", "--threads", "3"]);
    assert.equal(executorsOf(worker.pid), 3);
    await stage.ok("worker", "scale", "1");
    await waitFor(() => launchersOf(stage).length === 1);
    await waitFor(() => executorsOf(worker.pid) === 1);
    await stage.ok("worker", "scale", "6");
    await waitFor(() => launchersOf(stage).length === 6);
    assert.equal(executorsOf(worker.pid), 3);
    await stage.enqueue("true", "--id", "job");
    await stage.until("job", "completed");
    worker.kill();
    await stage.end(worker);
  },
  { vias: ["source"] },
);

flow("a worker that is scaled up and down again and again runs every job once", async (stage) => {
  await enqueue(stage, 300, "echo $QUEUECTL_JOB_ID >> ran; sleep 0.02");
  const worker = await stage.worker(["--count", "2"]);
  assert.equal(executorsOf(worker.pid), 1, "a second thread does not pay off for so few slots");
  for (const slots of [8, 1, 4, 16, 2, 6]) {
    await stage.ok("worker", "scale", String(slots));
    assert.equal((await workerOf(stage)).slots, slots);
  }
  await assertAllCompleted(stage, 300);
  assert.equal(new Set(stage.lines("ran")).size, 300);
  assert.equal(stage.lines("ran").length, 300);
  await waitFor(() => launchersOf(stage).length === 6);
  worker.kill();
  await stage.end(worker);
}, { vias: ["source"] });

flow("a worker that is scaled stops, drains and hands back as ever", async (stage) => {
  await enqueue(stage, 4, UNTIL_GO);
  const worker = await stage.worker(["--count", "4"]);
  await stage.untilLines("begun", 4);
  await stage.ok("worker", "scale", "1");
  worker.kill();
  await worker.line("no new jobs, 4 running", { stream: "stderr" });
  // Whoever stops takes no more slots.
  assert.equal((await stage.run(["worker", "scale", "9", (await workerOf(stage)).id])).code, 4);
  worker.kill();
  await worker.line("Ending 4 running jobs", { stream: "stderr" });
  await stage.end(worker);
  const jobs = await stage.json<{ state: string; attempts: number }[]>("list");
  assert.deepEqual(
    jobs.map(({ state, attempts }) => [state, attempts]),
    Array(4).fill(["pending", 0]),
  );

  const drain = await stage.worker(["--drain"]);
  await stage.untilLines("begun", 5);
  await stage.ok("worker", "scale", "3");
  await stage.untilLines("begun", 7);
  await go(stage);
  await stage.end(drain);
  await assertAllCompleted(stage, 4);
}, { vias: ["source"] });

flow(
  "jobs in slots that are to go can be cancelled, time out, and lose their launcher",
  async (stage) => {
    const flags = ["-r", "0", "--id"];
    await stage.enqueue("echo $$ >> begun; sleep 300", ...flags, "cancelled");
    await stage.enqueue("echo $$ >> begun; sleep 300", ...flags, "slow", "--timeout", "3s");
    await stage.enqueue(
      "echo $$ >> begun; until test -e go; do sleep 0.05; done; kill -9 $PPID; sleep 300",
      ...flags,
      "orphan",
    );
    await stage.enqueue(
      `echo $$ >> begun; until test -e go; do sleep 0.05; done`,
      ...flags,
      "kept",
    );
    await stage.worker(["--count", "4"]);
    await stage.untilLines("begun", 4);
    await stage.ok("worker", "scale", "1");
    await stage.ok("cancel", "cancelled");
    await go(stage);
    assert.equal((await stage.until("slow", "dead")).error, "timed out after 3s");
    assert.equal((await stage.until("orphan", "dead")).error, "its launcher was killed");
    await stage.until("kept", "completed");
    await stage.until("cancelled", "cancelled");
    await waitFor(() => launchersOf(stage).length === 1);
    await stage.enqueue("true", "--id", "next");
    await stage.until("next", "completed");
  },
  { vias: ["source"] },
);
