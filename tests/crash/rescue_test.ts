/** Rescues that do not find what they look for, and of what was there before a boot. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { hasStatus, statusFiles } from "./store_file.ts";

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
  const spool = stage.directory;
  const [output] = [...Deno.readDirSync(spool)].filter(({ name }) => name.endsWith(".out"));
  await Deno.remove(`${spool}/${output!.name}`);
  await Deno.mkdir(`${spool}/${output!.name}`);
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, error } = await stage.job("job");
  assert.deepEqual({ state, attempts, error }, { state: "completed", attempts: 1, error: null });
}, { vias: ["source"] });

flow(
  "after a boot, what had finished is finished, and the output of the rest is kept",
  async (stage) => {
    await stage.ok("config", "set", "lease", "5s");
    const wait = "until test -e go; do sleep 0.05; done";
    await stage.enqueue(`echo kept; echo begun >> begun; ${wait}`, "--id", "finished", "-r", "0");
    const job =
      "echo of $QUEUECTL_ATTEMPT; echo begun >> begun; test $QUEUECTL_ATTEMPT = 2 || sleep 300";
    await stage.enqueue(job, "--id", "cut", "--backoff-base", "0.1");
    const victim = await stage.worker(["--count", "2"]);
    await stage.untilLines("begun", 2);
    victim.kill("SIGKILL");
    await victim.ended();
    await Deno.writeTextFile(stage.join("go"), "");
    await waitFor(() => hasStatus(stage, 0));
    // A power cut leaves no process, and the boot gives the host another identity.
    await stage.clear();
    await stage.ask("UPDATE worker SET host_identity = 'before the boot'");
    await stage.ok("worker", "start", "--drain");
    const finished = await stage.job("finished");
    assert.deepEqual([finished.state, finished.attempts], ["completed", 1]);
    assert.equal(await stage.ok("logs", "finished"), "kept\n");
    const { attempt_log: [first, second] } = await stage.job("cut");
    assert.deepEqual([first?.outcome, second?.outcome], ["lost", "completed"]);
    assert.match(first?.error ?? "", /^the worker .* on .* did not answer any more$/);
    assert.equal(await stage.ok("logs", "cut", "--attempt", "1"), "of 1\n");
  },
  { vias: ["source"], stores: BOTH_STORES },
);
