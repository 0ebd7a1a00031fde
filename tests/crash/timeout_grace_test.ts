/** SIGKILL to a worker that is ending an attempt itself. */

import assert from "node:assert/strict";
import { flow, isLiving, type Stage } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { hasStatus } from "./store_file.ts";

/** A script that notes that it was asked to end, and goes on. */
const DEAF = "trap 'echo asked >> asked' TERM; echo $$ >> pids; while :; do sleep 0.05; done";

/** Shell text that leaves the script behind, so that the end of the tree takes the whole grace. */
const HOLD_ON = "sh ./deaf & until test -s pids; do sleep 0.02; done";

/** Kills the worker, once it has asked what it runs to end, and lets another one clean up. */
async function killWhileEnding(
  stage: Stage,
  hasBegunToEnd: () => boolean,
  request?: readonly string[],
): Promise<void> {
  const victim = await stage.worker();
  await stage.untilLines("pids");
  if (request) await stage.spawn(request);
  await stage.untilLines("asked");
  await waitFor(hasBegunToEnd);
  victim.kill("SIGKILL");
  await victim.ended();
  const lost = stage.lines("pids").map(Number);
  assert.ok(lost.every(isLiving), "it has outlived its worker");
  await stage.ok("worker", "start", "--drain", "--drain-wait", "0");
  assert.deepEqual(lost.filter(isLiving), []);
}

async function assertAttempt(stage: Stage, state: string, attempt: Record<string, unknown>) {
  const job = await stage.job("job");
  assert.equal(job.state, state);
  assert.equal(job.attempt_log.length, 1);
  assert.partialDeepStrictEqual(job.attempt_log[0], attempt);
}

async function prepare(stage: Stage, command: string, ...flags: string[]): Promise<void> {
  await stage.ok("config", "set", "kill_grace", "5m");
  await Deno.writeTextFile(stage.join("deaf"), DEAF);
  await stage.enqueue(command, "--id", "job", ...flags);
}

flow(
  "an attempt whose worker is killed in the grace of its timeout is lost, and retried",
  async (stage) => {
    const command = `test $QUEUECTL_ATTEMPT = 2 && exit 0; ${DEAF}`;
    await prepare(stage, command, "--timeout", "500ms", "--backoff-base", "0.1");
    const victim = await stage.worker();
    await stage.untilLines("asked");
    victim.kill("SIGKILL");
    await victim.ended();
    const [pid] = stage.lines("pids").map(Number);
    assert.ok(isLiving(pid!));
    await stage.ok("worker", "start", "--drain");
    assert.equal(isLiving(pid!), false);
    const job = await stage.job("job");
    assert.deepEqual(job.attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
  },
);

const ENDS_WITH_0 = "trap 'exit 0' TERM; while :; do sleep 0.05; done";

for (const [last, code] of [["exec sleep 300", 143], [ENDS_WITH_0, 0]] as const) {
  flow(`code ${code} of a timeout's SIGTERM is a timeout, also for a rescuer`, async (stage) => {
    await prepare(stage, `${HOLD_ON}; ${last}`, "--timeout", "1s", "-r", "0");
    await killWhileEnding(stage, () => hasStatus(stage, code));
    const error = "timed out after 1s";
    await assertAttempt(stage, "dead", { outcome: "timed_out", exit_code: code, error });
  }, { vias: ["source"] });
}

flow("code 0 of a cancel's SIGTERM is a cancel, also for a rescuer", async (stage) => {
  await prepare(stage, `${HOLD_ON}; ${ENDS_WITH_0}`);
  await killWhileEnding(stage, () => hasStatus(stage, 0), ["cancel", "job"]);
  await assertAttempt(stage, "cancelled", { outcome: "cancelled", exit_code: 0 });
}, { vias: ["source"] });
