/** Workers that stand still. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow, isLiving } from "../flows/stage.ts";
import { assertNeverTwice, diaryJob, haltWorker, processesOf, readDiary } from "./scene.ts";

flow("a worker that hangs is ended after its lease, with what it ran", async (stage) => {
  await stage.ok("config", "set", "lease", "5s");
  const body = "if [ $QUEUECTL_ATTEMPT = 1 ]; then sleep 300; fi";
  await stage.enqueue(diaryJob(body), "--id", "job", "--backoff-base", "0.1");
  const hung = await stage.worker();
  await stage.untilLines("diary", 1);
  const lost = [...processesOf(stage, "job").keys()];
  await haltWorker(stage, hung.pid);
  const heir = await stage.worker();
  const { attempt_log: [first], attempts } = await stage.until("job", "completed", 60_000);
  assert.equal((await hung.ended()).signal, "SIGKILL");
  assert.deepEqual(lost.filter(isLiving), []);
  assert.equal(first?.outcome, "lost");
  assert.match(first?.error ?? "", /hung and was ended/);
  assert.equal(attempts, 2);
  assertNeverTwice(readDiary(stage));
  heir.kill();
  await stage.end(heir);
}, { stores: BOTH_STORES });

flow("a worker that stands still for less than its lease keeps its job", async (stage) => {
  await stage.ok("config", "set", "lease", "20s");
  await stage.enqueue(diaryJob("until test -e go; do sleep 0.05; done"), "--id", "job");
  const slow = await stage.worker();
  await stage.untilLines("diary", 1);
  await haltWorker(stage, slow.pid);
  const other = await stage.worker(["--count", "2"]);
  await stage.enqueue("true", "--id", "other");
  await stage.until("other", "completed");
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.untilLines("diary", 2);
  slow.kill("SIGCONT");
  const { attempts } = await stage.until("job", "completed");
  assert.equal(attempts, 1);
  other.kill();
  await stage.end(other);
});
