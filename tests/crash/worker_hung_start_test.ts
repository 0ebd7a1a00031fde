/** A worker that stands still after it has claimed a job and before its command has begun. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, isLiving, type Stage } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { diaryJob, halt, haltWorker, readDiary, REFUSE_IF_LOST_LIVE } from "./scene.ts";
import { launchersOf } from "./store_file.ts";

const isClaimed = async (stage: Stage, id: string) =>
  (await stage.ask("SELECT 1 FROM job WHERE id = ? AND state = 'processing'", id)).length === 1;

/**
 * Lets a worker that is stopped go on in steps of less than it takes to begin a job, until it has claimed
 * this one. Its launcher is stopped, too, so that it does not begin what it may have been told already.
 */
async function stepToClaim(stage: Stage, pid: number, launcher: number, id: string): Promise<void> {
  await waitFor(async () => {
    await halt(launcher);
    Deno.kill(pid, "SIGCONT");
    await halt(pid);
    return isClaimed(stage, id);
  }, { interval: 0 });
}

flow(
  "a worker that hangs between claim and start is ended with its launcher, and neither begins later",
  async (stage) => {
    await stage.ok("config", "set", "lease", "5s");
    const worker = await stage.worker();
    const [launcher] = launchersOf(stage);
    const lost = [worker.pid, launcher!];
    await Deno.writeTextFile(stage.join("lost"), lost.join("\n"));
    await haltWorker(stage, worker.pid);
    await stage.enqueue(diaryJob(REFUSE_IF_LOST_LIVE), "--id", "job", "--backoff-base", "0.1");
    await stepToClaim(stage, worker.pid, launcher!, "job");
    assert.deepEqual(readDiary(stage), []);
    const heir = await stage.worker();
    const { attempt_log } = await stage.until("job", "completed");
    assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
    assert.match(attempt_log[0]!.error ?? "", /hung and was ended/);
    assert.deepEqual(lost.filter(isLiving), []);
    assert.equal(stage.read("violations"), "");
    heir.kill();
    await stage.end(heir);
    const diary = readDiary(stage).map(({ what, attempt }) => `${what} ${attempt}`);
    assert.deepEqual(diary, ["begin 2", "end 2"]);
  },
  { vias: ["source"], stores: BOTH_STORES },
);
