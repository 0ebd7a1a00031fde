/** Ways to stop a worker, and ways in which that could go wrong. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";
import { haltWorker } from "../crash/scene.ts";

const ENDLESS = "echo begun >> begun; exec sleep 60";

async function assertHandedBack(stage: Stage): Promise<void> {
  const { state, attempts, attempt_log } = await stage.job("job");
  assert.deepEqual({ state, attempts }, { state: "pending", attempts: 0 });
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["handed_back"]);
}

flow("worker stop returns after shutdown_grace, and the jobs are handed back", async (stage) => {
  await stage.ok("config", "set", "shutdown_grace", "1s");
  await stage.enqueue(ENDLESS, "--id", "job");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  await stage.ok("worker", "stop", "--timeout", "20s");
  await stage.end(worker);
  await assertHandedBack(stage);
}, { vias: ["source"] });

flow("a signal ends what runs in a worker that drains by worker stop", async (stage) => {
  await stage.enqueue(ENDLESS, "--id", "job");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  const stop = await stage.spawn(["worker", "stop"]);
  await worker.line("no new jobs, 1 running", { stream: "stderr" });
  worker.kill("SIGTERM");
  await stage.end(worker);
  await stage.end(stop);
  await assertHandedBack(stage);
}, { vias: ["source"] });

flow("a --grace of weeks lets the running jobs finish", async (stage) => {
  await stage.enqueue(
    "echo begun >> begun; until test -e go; do sleep 0.05; done",
    "--id",
    "job",
  );
  const worker = await stage.worker(["--grace", "30d"]);
  await stage.untilLines("begun");
  worker.kill();
  await worker.line("no new jobs, 1 running", { stream: "stderr" });
  assert.equal((await stage.job("job")).state, "processing");
  await Deno.writeTextFile(stage.join("go"), "");
  const { stderr } = await stage.end(worker);
  assert.doesNotMatch(stderr, /handing/);
  assert.equal((await stage.job("job")).state, "completed");
}, { vias: ["source"] });

flow("worker stop names a worker that does not answer, after its lease", async (stage) => {
  await stage.ok("config", "set", "lease", "5s");
  const worker = await stage.worker();
  const [{ id }] = await stage.json<[{ id: string }]>("worker", "list");
  await haltWorker(stage, worker.pid);
  const { code, stderr } = await stage.run(["worker", "stop"], { timeout: 15_000 });
  assert.equal(code, 4);
  assert.match(stderr, new RegExp(`^queuectl: ${id} hangs`, "m"));
  worker.kill("SIGCONT");
  await stage.end(worker);
}, { vias: ["source"], stores: BOTH_STORES });

flow("worker start --detach returns when all slots are ready", async (stage) => {
  interface Detached {
    readonly id: string;
    readonly log: string;
  }
  const { id, log } = await stage.json<Detached>("worker", "start", "--detach", "--count", "40");
  const launchers = [...stage.processes().values()].filter((line) => line.includes("launcher"));
  assert.equal(launchers.length, 40);
  // The log is written beside the work.
  await waitFor(async () => (await Deno.readTextFile(log)).includes(`${id} is ready: 40 slots`));
  await stage.enqueue("true", "--id", "job");
  await stage.until("job", "completed", 5000);
  await stage.ok("worker", "stop");
}, { vias: ["source"] });
