/** Workers remove jobs that ended long ago. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { flow, type Stage } from "./stage.ts";

const HOUR = 3_600_000;

/** Enqueues so many jobs of each kind, runs them, and lets them all have ended so long ago. */
async function endedJobs(stage: Stage, count: number, age: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, n) => [
    { id: `good-${n}`, command: "echo output" },
    { id: `bad-${n}`, command: "false", max_retries: 0 },
    { id: `gone-${n}`, command: "true", delay: "1h" },
  ]).flat();
  await stage.run(["enqueue"], { stdin: JSON.stringify(jobs) });
  await stage.ok("cancel", ...Array.from({ length: count }, (_, n) => `gone-${n}`));
  await stage.ok("worker", "start", "--drain", "--count", "4", "--drain-wait", "1s");
  await stage.ask("UPDATE job SET finished_at = finished_at - ?", age);
}

/** Makes so many jobs that ended when the epoch began. */
async function oldJobs(stage: Stage, count: number, state: (n: number) => string): Promise<void> {
  const jobs = Array.from(
    { length: count },
    (_, n) => ({ id: `${state(n)}-${n}`, command: "true" }),
  );
  await stage.run(["enqueue"], { stdin: JSON.stringify(jobs) });
  await stage.ask(
    "UPDATE job SET state = substr(id, 1, instr(id, '-') - 1), started_at = 0, finished_at = 0, " +
      "attempts = 1, runs = 1",
  );
}

const idsOf = async (stage: Stage) =>
  (await stage.json<{ id: string }[]>("list", "--limit", "0")).map(({ id }) => id).sort();

flow("jobs are kept after their end for as long as the config says", async (stage) => {
  await endedJobs(stage, 2, HOUR);
  await stage.enqueue("true", "--id", "young");
  await stage.ok("config", "set", "retention_completed", "30m");
  await stage.ok("config", "set", "retention_dead", "61m");
  await stage.worker();
  await stage.until("young", "completed");
  const kept = ["bad-0", "bad-1", "gone-0", "gone-1", "young"];
  await waitFor(async () => (await idsOf(stage)).length === kept.length);
  assert.deepEqual(await idsOf(stage), kept);
  for (const table of ["attempt", "output"]) {
    const sql = `SELECT 1 FROM ${table} WHERE job NOT IN (SELECT seq FROM job)`;
    assert.deepEqual(await stage.ask(sql), [], table);
  }
});

flow(
  "a worker with --drain removes what is old, also when it has nothing to run",
  async (stage) => {
    const states = ["completed", "cancelled", "dead"];
    await oldJobs(stage, 1500, (n) => states[n % 3]!);
    // Dead ones are kept for ever, unless somebody says otherwise.
    await stage.ok("worker", "start", "--drain");
    assert.equal((await idsOf(stage)).length, 500);
    await stage.ok("config", "set", "retention_dead", "1d");
    await stage.ok("worker", "start", "--drain");
    assert.deepEqual(await idsOf(stage), []);
  },
);

flow("what is old is removed batch by batch while jobs run", async (stage) => {
  await oldJobs(stage, 1700, () => "completed");
  const busy = Array.from({ length: 50 }, (_, n) => ({ id: `job-${n}`, command: "sleep 0.02" }));
  await stage.run(["enqueue"], { stdin: JSON.stringify(busy) });
  await stage.worker(["--count", "2"]);
  await waitFor(async () => {
    const [row] = await stage.ask("SELECT count(*) AS n FROM job");
    return row!.n === busy.length;
  }, { timeout: 30_000 });
  await waitFor(async () =>
    (await stage.json<unknown[]>("list", "--state", "completed")).length === busy.length
  );
}, { vias: ["source"] });
