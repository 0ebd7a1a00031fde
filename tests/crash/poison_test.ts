/** Jobs that take their worker with them end in the dead letter queue, and the queue goes on. */

import assert from "node:assert/strict";
import { flow, type JobJson, type Stage } from "../flows/stage.ts";
import { memoryGroup, processGroup } from "./control_group.ts";

/** As a service manager would: whatever ends it, the worker is started again, in a session of its own. */
const SERVICE = "until setsid -w queuectl worker start --drain --count 3 2>> log; do " +
  "echo >> restarts; done";

const FIND_WORKER = "W=$(cut -d ' ' -f 4 /proc/$PPID/stat); ";

const WORKER_DIED = /^its worker .* died$/;
/** Or one beside it was quicker. */
const LAUNCHER_KILLED = /^its (launcher was killed|worker .* died)$/;

/** Shell text that does away with what runs it, and what the error of each attempt is then. */
const MURDERS: Readonly<Record<string, readonly [string, RegExp]>> = {
  "worker": ["kill -9 $W", WORKER_DIED],
  "group": ["kill -9 -$(cut -d ' ' -f 5 /proc/$W/stat)", WORKER_DIED],
  "launcher": ["kill -9 $PPID", LAUNCHER_KILLED],
  "launcher-and-itself": ["kill -9 -$PPID", LAUNCHER_KILLED],
  "launcher-by-another-signal": ["kill -SEGV $PPID", LAUNCHER_KILLED],
};

/** How the attempts of a job ended. */
function errors({ attempt_log }: JobJson): string[] {
  return attempt_log.map(({ error }) => error ?? "");
}

async function enqueue(stage: Stage, jobs: readonly Readonly<Record<string, unknown>>[]) {
  const lines = jobs.map((job) => JSON.stringify({ backoff_base: 0.1, ...job }));
  assert.equal((await stage.run(["enqueue"], { stdin: lines.join("\n") })).code, 0);
}

flow("a job that kills what runs it ends in the DLQ, and takes nobody with it", async (stage) => {
  const poison = Object.entries(MURDERS).flatMap(([id, [murder]]) =>
    [0, 1].map((max_retries) => {
      const command = `${FIND_WORKER} echo last words; sleep 0.3; ${murder}; sleep 300`;
      return { id: `${id}-${max_retries}`, max_retries, command };
    })
  );
  // Beside a job that kills its worker any other one may be lost, too: it takes its retries.
  const good = Array.from({ length: 12 }, (_, n) => (
    { id: `good-${n}`, max_retries: 20, command: "sleep 0.1; echo $QUEUECTL_JOB_ID >> done" }
  ));
  await enqueue(stage, [...poison, ...good, { id: "safe", queue: "safe", command: "sleep 1" }]);
  const other = await stage.worker(["--queue", "safe"]);
  const service = await stage.shell(SERVICE);
  await stage.end(service);
  assert.equal((await stage.job("safe")).attempts, 1);
  assert.equal((await stage.json<unknown[]>("worker", "list")).length, 1, "it lives on");
  other.kill();
  await stage.end(other);
  assert.ok(stage.lines("restarts").length >= 2, "its workers were killed");
  assert.deepEqual(
    new Set((await stage.json<JobJson[]>("list", "--state", "completed")).map(({ id }) => id)),
    new Set([...good.map(({ id }) => id), "safe"]),
  );
  for (const { id, max_retries } of poison) {
    const job = await stage.job(id);
    assert.deepEqual([job.state, job.attempts], ["dead", max_retries + 1], id);
    const [, expected] = MURDERS[id.slice(0, -2)]!;
    for (const error of errors(job)) assert.match(error, expected, id);
  }
  const outputs = await stage.ask(
    "SELECT DISTINCT bytes FROM output WHERE stream = 'stdout'",
  );
  assert.deepEqual(outputs.map(({ bytes }) => new TextDecoder().decode(bytes as Uint8Array)), [
    "last words\n",
  ], "what they wrote is kept");
  // Either the next worker has noticed it, or the other one.
  const log = stage.read("log") + other.stderr;
  assert.match(log, /has died: taking over its jobs/);
  assert.match(log, /worker-0 is dead: its worker .* died/);
}, { vias: ["source"] });

/** Whether a group can be made; it says so where it cannot. */
function isAvailable(group: ReturnType<typeof memoryGroup>, what: string): boolean {
  group?.[Symbol.dispose]();
  if (group === null) console.warn(`Ignored here, since no control group can be made: ${what}`);
  return group !== null;
}

const MIB = 1024 * 1024;

flow("a job that eats the memory is ended, or its worker is: the queue goes on", async (stage) => {
  using group = memoryGroup(400 * MIB)!;
  const eat = "exec tail /dev/zero";
  await enqueue(stage, [
    { id: "glutton", max_retries: 1, command: eat },
    // The kernel takes whom it is told to take first.
    {
      id: "poison",
      max_retries: 1,
      command: `${FIND_WORKER} echo 1000 > /proc/$W/oom_score_adj; ${eat}`,
    },
    { id: "limited", max_retries: 0, command: "ulimit -v 100000; dd if=/dev/zero bs=1G count=1" },
    { id: "good", max_retries: 20, command: "echo good" },
  ]);
  await stage.end(await stage.shell(`echo $$ > ${group.procs}; ${SERVICE.replace("3", "1")}`));
  const jobs = await Promise.all(
    ["glutton", "poison", "limited", "good"].map((id) => stage.job(id)),
  );
  assert.deepEqual(jobs.map(({ state }) => state), ["dead", "dead", "dead", "completed"]);
  const killed = "exit code 137 (SIGKILL)";
  assert.deepEqual(errors(jobs[0]!), [killed, killed]);
  // It took the job, too, in the same moment or in the next: then that is how it ended.
  for (const error of errors(jobs[1]!)) {
    assert.match(error, /^(its worker .* died|exit code 137 \(SIGKILL\))$/);
  }
  assert.deepEqual(errors(jobs[2]!), ["exit code 1"]);
  assert.equal(stage.lines("restarts").length, 2);
}, {
  vias: ["source"],
  ignore: !isAvailable(memoryGroup(400 * MIB), "a job that eats the memory"),
});

flow("a full process table costs no attempt: what runs goes on, the rest waits", async (stage) => {
  using group = processGroup(1000)!;
  await enqueue(stage, [
    // Both without another process: in a moment there can be none.
    { id: "long", max_retries: 0, command: "mkfifo go; echo begun >> begun; read x < go" },
    {
      id: "choke",
      max_retries: 0,
      command: `until test -s begun; do :; done; echo 1 > ${group.limit}`,
    },
    ...[1, 2, 3].map((n) => ({ id: `next-${n}`, max_retries: 0, command: "echo on" })),
  ]);
  const worker = await stage.shell(
    `echo $$ > ${group.procs}; exec queuectl worker start --drain --count 2 --threads 1`,
  );
  await worker.line("could not begin: The slot's launcher could not start another process");
  await worker.line("A slot cannot start its launcher, and tries again");
  await Deno.writeTextFile(group.limit, "max");
  await Deno.writeTextFile(stage.join("go"), "on\n");
  const { stderr } = await stage.end(worker);
  const jobs = await stage.json<JobJson[]>("list");
  for (const job of jobs) assert.deepEqual([job.state, job.attempts], ["completed", 1], job.id);
  assert.equal(jobs.length, 5);
  assert.doesNotMatch(stderr, /executor/);
}, { vias: ["source"], ignore: !isAvailable(processGroup(1000), "a full process table") });
