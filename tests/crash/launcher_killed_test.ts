/** SIGKILL to launchers that run nothing. */

import assert from "node:assert/strict";
import { flow, killIfThere, type Stage } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { askStore, launchersOf, lockStore } from "./store_file.ts";

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
  const [stored] = askStore(
    stage,
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
  await stage.worker(["--queue", "default"]);
  await stage.enqueue("echo $PPID", "--id", "job", "-r", "0", "--queue", "parked");
  const before = await launcher(stage);
  {
    using lock = lockStore(stage);
    await ringAt(stage);
    // The tick has begun: with this launcher it waits for the lock.
    killIfThere(before);
    await launcher(stage, before);
    lock.commit("UPDATE job SET queue = 'default'");
  }
  await assertRanWhereStored(stage, "job");
}, { vias: ["source"] });

/** Wakes the worker; when it hangs up, it has heard. */
async function ringAt(stage: Stage): Promise<void> {
  const [socket] = [...Deno.readDirSync(`${stage.store}.d`)].filter(({ name }) =>
    name.endsWith(".sock")
  );
  using bell = await Deno.connect({ transport: "unix", path: `${stage.store}.d/${socket!.name}` });
  assert.equal(await bell.read(new Uint8Array(1)), null);
}
