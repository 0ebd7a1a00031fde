/** Rescuers that are stopped or killed half-way, when all is killed and nothing is settled. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, isLiving } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { assertNeverTwice, diaryJob, halt, processesOf, readDiary } from "./scene.ts";

flow(
  "a rescuer that goes on after another one has done its work changes nothing",
  async (stage) => {
    const body = "if [ $QUEUECTL_ATTEMPT = 1 ]; then sleep 300 & sleep 301; else " +
      "until test -e go; do sleep 0.05; done; fi";
    await stage.enqueue(diaryJob(body), "--id", "job", "--backoff-base", "0.1");
    const victim = await stage.worker();
    await stage.untilLines("diary", 1);
    const lost = [...processesOf(stage, "job").keys()];
    const [stopped, killed] = [await stage.worker(), await stage.worker()];
    {
      // They see that it has died, and cannot settle what it ran.
      await using _held = await stage.holdJob("job");
      victim.kill("SIGKILL");
      for (const rescuer of [stopped, killed]) {
        await rescuer.line("has died: taking over", { stream: "stderr" });
      }
      await waitFor(() => !lost.some(isLiving));
      await halt(stopped.pid);
      killed.kill("SIGKILL");
      await killed.ended();
    }
    const [row] = await stage.ask("SELECT state, attempts FROM job");
    assert.deepEqual({ ...row }, { state: "processing", attempts: 1 });
    const heir = await stage.worker();
    await stage.untilLines("diary", 2);
    stopped.kill("SIGCONT");
    await stopped.line("its job had moved on", { stream: "stderr" });
    await Deno.writeTextFile(stage.join("go"), "");
    const { attempt_log } = await stage.until("job", "completed");
    assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
    const diary = readDiary(stage);
    assertNeverTwice(diary);
    assert.deepEqual(diary.map(({ what, attempt }) => `${what} ${attempt}`), [
      "begin 1",
      "begin 2",
      "end 2",
    ]);
    for (const worker of [stopped, heir]) {
      worker.kill();
      await stage.end(worker);
    }
  },
  { vias: ["source"], stores: BOTH_STORES },
);
