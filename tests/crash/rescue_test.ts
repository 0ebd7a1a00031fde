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

flow("a job that ended is settled as such though its output cannot be read", async (stage) => {
  const job = "echo begun >> begun; until test -e go; do sleep 0.05; done";
  await stage.enqueue(job, "--id", "job", "-r", "0");
  const victim = await stage.worker();
  await stage.untilLines("begun");
  victim.kill("SIGKILL");
  await victim.ended();
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.isEmpty();
  const spool = `${stage.store}.d`;
  const [output] = [...Deno.readDirSync(spool)].filter(({ name }) => name.endsWith(".out"));
  await Deno.remove(`${spool}/${output!.name}`);
  await Deno.mkdir(`${spool}/${output!.name}`);
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, error } = await stage.job("job");
  assert.deepEqual({ state, attempts, error }, { state: "completed", attempts: 1, error: null });
}, { vias: ["source"] });
