/** Signals to a worker. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { flow, isLiving, type Stage } from "./stage.ts";

const UNTIL_GO = "echo begun >> begun; until test -e go; do sleep 0.05; done; echo done >> done";

const go = (stage: Stage) => Deno.writeTextFile(stage.join("go"), "");

/** A job that never ends, with processes beside it; their pids stand in the file `pids`. */
const ENDLESS = "sleep 300 & echo $! >> pids; setsid sleep 301 & echo $! >> pids; " +
  "echo $$ >> pids; sleep 302";

const pidsOf = (stage: Stage) => stage.lines("pids").map(Number);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  flow(`${signal}: what runs is finished, nothing is claimed, exit 0`, async (stage) => {
    await stage.enqueue(UNTIL_GO, "--id", "runs");
    const worker = await stage.worker();
    await stage.untilLines("begun");
    worker.kill(signal);
    await worker.line(/no new jobs, 1 running/, { stream: "stderr" });
    await stage.enqueue("echo wrong >> begun", "--id", "waits");
    const [{ state }] = await stage.json<[{ state: string }]>("worker", "list");
    assert.equal(state, "draining");
    await go(stage);
    await stage.end(worker);
    assert.equal((await stage.job("runs")).state, "completed");
    assert.equal((await stage.job("waits")).state, "pending");
    assert.deepEqual(stage.lines("done"), ["done"]);
  }, { vias: signal === "SIGTERM" ? ["source", "executable", "oldest"] : ["source"] });
}

flow("a second signal ends what runs and hands it back, uncounted", async (stage) => {
  await stage.enqueue(ENDLESS, "--id", "job", "-r", "0");
  const worker = await stage.worker(["--count", "2"]);
  await stage.untilLines("pids", 3);
  worker.kill("SIGINT");
  await worker.line("no new jobs", { stream: "stderr" });
  assert.ok(pidsOf(stage).every(isLiving));
  worker.kill("SIGTERM");
  await stage.end(worker);
  assert.deepEqual(pidsOf(stage).filter(isLiving), []);
  const { state, attempts, error, attempt_log } = await stage.job("job");
  assert.deepEqual({ state, attempts, error }, { state: "pending", attempts: 0, error: null });
  assert.deepEqual(attempt_log.map(({ outcome }) => outcome), ["handed_back"]);
  // The next worker runs it, as if for the first time.
  const next = await stage.worker();
  await stage.untilLines("pids", 6);
  assert.equal((await stage.job("job")).attempts, 1);
  next.kill("SIGINT");
  await next.line("no new jobs", { stream: "stderr" });
  next.kill("SIGINT");
  await stage.end(next);
  assert.deepEqual(pidsOf(stage).filter(isLiving), []);
}, { vias: ["source", "executable", "oldest"] });

flow("kill_grace ends a job that ignores SIGTERM, a third signal at once", async (stage) => {
  const stubborn = "trap 'echo asked >> asked' TERM; echo $$ >> pids; " +
    "while :; do sleep 0.05; done";
  await stage.enqueue(stubborn, "--id", "job");
  await stage.ok("config", "set", "kill_grace", "300ms");
  const first = await stage.worker();
  await stage.untilLines("pids", 1);
  first.kill();
  await first.line("no new jobs", { stream: "stderr" });
  first.kill();
  await stage.end(first);
  assert.deepEqual(stage.lines("asked"), ["asked"]);
  assert.deepEqual(pidsOf(stage).filter(isLiving), []);

  await stage.ok("config", "set", "kill_grace", "5m");
  const second = await stage.worker();
  await stage.untilLines("pids", 2);
  second.kill();
  await second.line("no new jobs", { stream: "stderr" });
  second.kill();
  await stage.untilLines("asked", 2);
  second.kill();
  await stage.end(second);
  assert.deepEqual(pidsOf(stage).filter(isLiving), []);
  assert.partialDeepStrictEqual(await stage.job("job"), { state: "pending", attempts: 0 });
});

flow("a job that exits 0 when it is asked to end is handed back all the same", async (stage) => {
  const polite = "trap 'exit 0' TERM; echo x >> begun; while :; do sleep 0.05; done";
  await stage.enqueue(polite, "--id", "job");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  await stage.ok("worker", "stop", "--now");
  await stage.end(worker);
  assert.equal((await stage.job("job")).state, "pending");
});

flow("Ctrl-C in the terminal reaches the worker but not its jobs", async (stage) => {
  const job = "trap 'echo INT >> got' INT; trap 'echo TERM >> got' TERM; " + UNTIL_GO;
  await stage.enqueue(job, "--id", "job");
  // setsid makes the worker lead a process group, as a shell in a terminal does.
  const worker = await stage.shell("exec setsid queuectl worker start");
  await worker.line("is ready", { stream: "stderr" });
  await stage.untilLines("begun");
  await stage.sh(`kill -INT -${worker.pid}`);
  await worker.line("no new jobs", { stream: "stderr" });
  await go(stage);
  await stage.end(worker);
  assert.equal(stage.read("got"), "");
  assert.equal((await stage.job("job")).state, "completed");
});

flow("jobs can be interrupted though their worker ignores signals", async (stage) => {
  // As `worker start &` in a script, where a shell has it ignore SIGINT; and under nohup.
  await stage.enqueue("kill -INT $$; sleep 5", "--id", "int", "-r", "0");
  await stage.enqueue("kill -HUP $$; sleep 5", "--id", "hup", "-r", "0");
  const script = "trap '' INT HUP QUIT; exec queuectl worker start --drain";
  assert.equal((await (await stage.shell(script)).ended()).code, 0);
  assert.equal((await stage.job("int")).error, "exit code 130 (SIGINT)");
  assert.equal((await stage.job("hup")).error, "exit code 129 (SIGHUP)");
});

flow("a detached worker outlives its terminal's process group", async (stage) => {
  const shell = await stage.shell("exec setsid sh -c 'queuectl worker start --detach; sleep 300'");
  await shell.line(/^worker-/, { stream: "stdout" });
  await stage.sh(`kill -HUP -${shell.pid}`);
  await shell.ended();
  await stage.enqueue("true", "--id", "job");
  await stage.until("job", "completed");
  await stage.ok("worker", "stop");
  await waitFor(() => stage.processes().size === 0);
});

flow("Ctrl-C typed into a real terminal, once and twice", async (stage) => {
  // `script` gives the worker a terminal, and types what it reads.
  const typed = (worker: string) =>
    `{ until test -s begun; do sleep 0.05; done; printf '\\003'; ` +
    `until test -e again; do sleep 0.05; done; printf '\\003'; ` +
    `until test -e over; do sleep 0.05; done; } | script -qec '${worker}' /dev/null`;
  await stage.enqueue(UNTIL_GO, "--id", "job");
  const worker = await stage.shell(typed("exec queuectl worker start"));
  await worker.line("no new jobs, 1 running");
  assert.equal((await stage.job("job")).state, "processing");
  await Deno.writeTextFile(stage.join("again"), "");
  await worker.line("Ending 1 running job");
  await worker.line("has stopped");
  await Deno.writeTextFile(stage.join("over"), "");
  await stage.end(worker);
  assert.equal((await stage.job("job")).state, "pending");
});

flow("a worker goes on though nobody reads its log", async (stage) => {
  for (let n = 0; n < 3; n++) await stage.enqueue("sleep 0.1; echo ran >> ran");
  await stage.sh("queuectl worker start --drain 2>&1 | head -n 1 >/dev/null");
  await stage.untilLines("ran", 3);
  await stage.isEmpty();
  // As some daemons start their children.
  await stage.enqueue("echo out; echo err >&2; cat", "--id", "closed");
  await stage.sh("queuectl worker start --drain <&- >&- 2>&-");
  assert.equal((await stage.job("closed")).state, "completed");
  assert.match(await stage.ok("logs", "closed", "--stdout"), /^out$/m);
});
