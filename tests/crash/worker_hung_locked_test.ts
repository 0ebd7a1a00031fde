/** Workers that stand still in the middle of a transaction, so that nobody else can write to the store. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, isLiving, type Stage } from "../flows/stage.ts";
import {
  assertNeverTwice,
  diaryJob,
  haltInTransaction,
  processesOf,
  readDiary,
  REFUSE_IF_LOST_LIVE,
} from "./scene.ts";

const BODY = `if [ $QUEUECTL_ATTEMPT = 1 ]; then sleep 300; else ${REFUSE_IF_LOST_LIVE}; fi`;

/** A worker that runs a job and ticks often, with a short lease; it is stopped later. */
async function victim(stage: Stage) {
  await stage.ok("config", "set", "lease", "5s");
  await stage.ok("config", "set", "poll_interval", "50ms");
  await stage.enqueue(diaryJob(BODY), "--id", "job", "--backoff-base", "0.1");
  const worker = await stage.worker();
  await stage.untilLines("diary", 1);
  const lost = [worker.pid, ...processesOf(stage, "job").keys()];
  await Deno.writeTextFile(stage.join("lost"), lost.join("\n"));
  return { worker, lost };
}

async function assertTakenOver(stage: Stage, lost: readonly number[]) {
  const { attempt_log, attempts } = await stage.until("job", "completed");
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
  // Of several rescuers, one may see only what another has done.
  assert.match(attempt_log[0]!.error ?? "", /(hung and was ended|died)$/);
  assert.equal(attempts, 2);
  assert.deepEqual(lost.filter(isLiving), []);
  assert.equal(stage.read("violations"), "");
  assertNeverTwice(readDiary(stage));
}

flow(
  "a worker that hangs in a transaction is ended by others, who do not take each other for hung",
  async (stage) => {
    const { worker, lost } = await victim(stage);
    const heirs = [await stage.worker(), await stage.worker()];
    await haltInTransaction(stage, worker.pid);
    await assertTakenOver(stage, lost);
    assert.equal((await worker.ended()).signal, "SIGKILL");
    const blamed: string[][] = [];
    for (const heir of heirs) {
      heir.kill();
      const { stderr } = await stage.end(heir);
      blamed.push(stderr.match(/\S+(?= on \S+ (has died|does not answer))/g) ?? []);
      assert.doesNotMatch(stderr, /given up/);
    }
    // One heir may have nothing left to see: the other has ended the worker and taken it off the list.
    assert.equal(new Set(blamed.flat()).size, 1, `${blamed}`);
    assert.ok(blamed.every((names) => names.length <= 1), `${blamed}`);
  },
  { vias: ["source"], stores: BOTH_STORES },
);

flow(
  "a worker that hangs in a transaction is ended by one that cron starts later",
  async (stage) => {
    const { worker, lost } = await victim(stage);
    await haltInTransaction(stage, worker.pid);
    const runs = [1, 2].map(() => stage.run(["worker", "start", "--drain", "--singleton"]));
    const ended = await Promise.all(runs);
    assert.deepEqual(ended.map(({ code }) => code), [0, 0], ended[0]!.stderr + ended[1]!.stderr);
    await assertTakenOver(stage, lost);
  },
  { vias: ["source"] },
);
