/** Rescues that do not find what they look for. */

import assert from "node:assert/strict";
import { flow } from "../flows/stage.ts";
import { statusFiles } from "./store_file.ts";

flow("a job comes back though its launcher's status cannot be read", async (stage) => {
  const job = "echo begun >> begun; test $QUEUECTL_ATTEMPT = 2 || sleep 300";
  await stage.enqueue(job, "--id", "job", "--backoff-base", "0.1");
  const victim = await stage.worker();
  await stage.untilLines("begun");
  victim.kill("SIGKILL");
  await victim.ended();
  const [path] = statusFiles(stage);
  await Deno.remove(path!);
  await Deno.mkdir(path!);
  const heir = await stage.worker();
  const { attempts, attempt_log } = await stage.until("job", "completed", 20_000);
  assert.equal(attempts, 2);
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
  assert.match(attempt_log[0]!.error ?? "", /^its worker .* died$/);
  assert.ok(heir.stderr.split("\n").length < 10, heir.stderr);
}, { vias: ["source"] });
