/** SIGKILL to launchers that run nothing. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, killIfThere, type Stage } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { launchersOf } from "./store_file.ts";

/** The only launcher, once it is there and idle; never this one. */
function launcher(stage: Stage, but?: number): Promise<number> {
  return waitFor(() => {
    const pids = launchersOf(stage);
    return pids.length === 1 && pids[0] !== but && pids[0];
  });
}

/** A job that prints its parent's pid has one attempt that counts, and the store names that parent. */
async function assertRanWhereStored(stage: Stage, id: string): Promise<void> {
  const { state, attempts } = await stage.until(id, ["completed", "dead"]);
  assert.deepEqual({ state, attempts }, { state: "completed", attempts: 1 });
  const [stored] = await stage.ask(
    `SELECT launcher_pid AS pid FROM attempt JOIN job ON job.seq = attempt.job
      WHERE job.id = ? ORDER BY attempt DESC`,
    id,
  );
  assert.equal(await stage.ok("logs", id), `${stored?.pid}\n`);
}

flow("a killed idle launcher is replaced, and jobs run", async (stage) => {
  const worker = await stage.worker();
  for (const id of ["first", "second", "third"]) {
    killIfThere(await launcher(stage));
    await stage.enqueue("echo $PPID", "--id", id, "-r", "0");
    await assertRanWhereStored(stage, id);
  }
  assert.doesNotMatch(worker.stderr, /executor/);
}, { vias: ["source"] });

flow("a job that is claimed while its launcher is replaced runs where it says", async (stage) => {
  const worker = await stage.worker(["--queue", "default"]);
  await stage.enqueue("echo $PPID", "--id", "job", "-r", "0", "--queue", "parked");
  const before = await launcher(stage);
  {
    await using lock = await stage.lockStore();
    // The tick has begun: with this launcher it waits for the lock.
    await waitFor(() => stage.isNextToWrite(worker.pid));
    killIfThere(before);
    await launcher(stage, before);
    await lock.commit("UPDATE job SET queue = 'default'");
  }
  await assertRanWhereStored(stage, "job");
}, { vias: ["source"], stores: BOTH_STORES });
