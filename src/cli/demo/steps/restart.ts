/**
 * Everything ends and begins anew.
 *
 * @module
 */

import type { JobJson } from "../../../job/json.ts";
import { completedJobs, readJobs } from "../jobs.ts";
import type { Stage } from "../stage.ts";
import type { Step } from "../step.ts";

/** Enqueued before, run afterwards. */
const WAITING = ["later-1", "later-2"];
/** Jobs of the steps before, whose output is compared. */
const LOGGED = ["flaky", "report"];

/** Shows that the store keeps what it was given. */
export const RESTART: Step = {
  name: "restart",
  title: "Find everything again after a restart",
  async play(stage) {
    await stage.say("Two jobs come in while no worker runs.");
    for (const id of WAITING) {
      await stage.queuectl(["enqueue", "--id", id, "--", `echo ${id} is done`]);
    }
    const before = await remembered(stage);
    await verifyNothingRuns(stage);
    await stage.say("Whatever comes now has only the file to go by.");
    await verifyIntegrity(stage);
    const after = await remembered(stage);
    await stage.verify(
      JSON.stringify(after) === JSON.stringify(before),
      `All ${before.jobs.length} jobs are there, with their states, times and output`,
      "some have changed",
    );
    await stage.queuectl(["worker", "start", "--drain"]);
    const jobs: JobJson[] = await completedJobs(stage, WAITING);
    const outputs = await Promise.all(WAITING.map((id) => stage.readText(["logs", id])));
    await stage.verify(
      jobs.length === 2 && outputs.join("") === "later-1 is done\nlater-2 is done\n",
      "The jobs that had waited completed",
      `they wrote ${JSON.stringify(outputs)}`,
    );
    await stage.queuectl(["status"], { head: 20, tail: 0 });
  },
};

/** What must be the same before and after. */
async function remembered(stage: Stage): Promise<{ jobs: JobJson[]; logs: string[] }> {
  const jobs = await readJobs(stage);
  return {
    jobs,
    logs: await Promise.all(LOGGED.map((id) => stage.readText(["logs", id]))),
  };
}

async function verifyNothingRuns(stage: Stage): Promise<void> {
  // A launcher may take a moment to see that its worker has gone.
  await stage.until("no process is left", () => stage.scene.pids.length === 0);
  await stage.verify(true, "No process works on the store, as after a reboot", "");
}

/** Nobody else has the file open, so that it may be opened here. */
async function verifyIntegrity(stage: Stage): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(stage.scene.store);
  const rows = database.prepare("PRAGMA integrity_check").all();
  const broken = database.prepare("PRAGMA foreign_key_check").all();
  database.close();
  const found = JSON.stringify([...rows, ...broken]);
  await stage.verify(
    rows.length === 1 && Object.values(rows[0]!)[0] === "ok" && broken.length === 0,
    "SQLite finds the file whole (PRAGMA integrity_check)",
    `it finds ${found}`,
  );
}
