/** A worker that hangs, and observers each of which lives for less than its lease. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { assertNeverTwice, diaryJob, haltWorker, readDiary } from "./scene.ts";

flow(
  "workers that cron starts go on from what those before have seen of one that hangs",
  async (stage) => {
    await stage.ok("config", "set", "lease", "5s");
    const body = "if [ $QUEUECTL_ATTEMPT = 1 ]; then sleep 300; fi";
    await stage.enqueue(diaryJob(body), "--id", "job", "--queue", "main", "--backoff-base", "0.1");
    const hung = await stage.worker(["--queue", "main"]);
    await stage.untilLines("diary", 1);
    await haltWorker(stage, hung.pid);
    const seen = [0];
    for (let isLost = false; !isLost && seen.length < 20;) {
      await stage.enqueue("sleep 2", "--queue", "side");
      await stage.ok("worker", "start", "--drain", "--singleton", "--queue", "side");
      const [row] = await stage.ask("SELECT unmoved_for FROM worker WHERE pid = ?", hung.pid);
      isLost = row === undefined;
      if (row !== undefined) seen.push(Number(row.unmoved_for));
    }
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    assert.ok(seen.length >= 3, `the last one goes on from what two others have seen: ${seen}`);
    assert.equal((await hung.ended()).signal, "SIGKILL");
    await stage.ok("worker", "start", "--drain");
    const { state, attempt_log } = await stage.job("job");
    assert.equal(state, "completed");
    assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
    assertNeverTwice(readDiary(stage));
  },
  { vias: ["source"], stores: BOTH_STORES },
);
