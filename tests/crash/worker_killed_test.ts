/** SIGKILL to workers in the middle of their jobs, with the default settings. */

import assert from "node:assert/strict";
import {
  BOTH_STORES,
  flow,
  isLiving,
  killIfThere,
  secondsBetween,
  type Stage,
} from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import {
  assertNeverTwice,
  diaryJob,
  processesOf,
  readDiary,
  REFUSE_IF_LOST_LIVE,
} from "./scene.ts";

/** From the start of a new worker until the job has to be completed, milliseconds. */
const PROMISE = 60_000;

/** The first attempt never ends by itself; the second one looks for what is left of the first. */
const firstHangs = (tree: string) =>
  diaryJob(`if [ $QUEUECTL_ATTEMPT = 1 ]; then ${tree}; else ${REFUSE_IF_LOST_LIVE}; fi`);

const TREES: readonly (readonly [string, string, number])[] = [
  ["one that sleeps", "sleep 300", 2],
  ["one that was exec'ed", "exec sleep 300", 1],
  [
    "one with a tree",
    'sh -c "sleep 301 & sh -c \\"sleep 302; true\\"; true" & sleep 303 & sleep 304',
    6,
  ],
  [
    "one with processes of other sessions",
    "setsid sleep 300 & setsid sh -c 'sleep 301 & exec sleep 302' & (setsid sleep 303 &); sleep 304",
    6,
  ],
  [
    "one that ignores SIGTERM and SIGHUP",
    "trap '' TERM HUP; nohup sleep 300 >/dev/null 2>&1 & sleep 301",
    3,
  ],
];

/** Waits for the job's processes, so many at least, and writes their pids to the file `lost`. */
async function noteTree(stage: Stage, id: string, size: number): Promise<number[]> {
  const pids = await waitFor(() => {
    const tree = processesOf(stage, id);
    // A shell between fork and exec still bears the shell's name.
    const sleeping = [...tree.values()].filter((line) => /^(nohup )?sleep 30\d/.test(line)).length;
    return tree.size >= size && sleeping > 0 && [...tree.keys()];
  }, { message: () => `${size} processes: ${[...processesOf(stage, id).values()]}` });
  await Deno.writeTextFile(stage.join("lost"), pids.join("\n"));
  return pids;
}

async function assertRecovered(stage: Stage, id: string, lost: readonly number[]) {
  const job = await stage.until(id, ["completed", "dead"], PROMISE);
  assert.deepEqual(
    { state: job.state, attempts: job.attempts, error: job.error },
    { state: "completed", attempts: 2, error: null },
  );
  assert.deepEqual(job.attempt_log.map(({ outcome }) => outcome), ["lost", "completed"]);
  assert.match(job.attempt_log[0]!.error ?? "", /^its worker .* died$/);
  assert.deepEqual(lost.filter(isLiving), []);
  assert.equal(stage.read("violations"), "");
  const diary = readDiary(stage);
  assertNeverTwice(diary);
  assert.deepEqual(
    diary.filter((entry) => entry.id === id).map(({ what, attempt }) => `${what} ${attempt}`),
    ["begin 1", "begin 2", "end 2"],
  );
}

for (const [title, tree, size] of TREES) {
  flow(`a killed worker's job runs again, alone: ${title}`, async (stage) => {
    // All settings are the default ones, but a job's own backoff where that is not the point.
    const flags = size === 2 ? [] : ["--backoff-base", "0.1"];
    await stage.enqueue(firstHangs(tree), "--id", "job", ...flags);
    const victim = await stage.worker(["--count", "2"]);
    const lost = await noteTree(stage, "job", size);
    victim.kill("SIGKILL");
    await victim.ended();
    assert.ok(lost.some(isLiving), "the tree has outlived its worker");
    await stage.worker();
    await assertRecovered(stage, "job", lost);
  }, { vias: size === 6 ? ["source", "executable", "oldest"] : ["source", "executable"] });
}

flow("a detached worker that is killed loses nothing", async (stage) => {
  await stage.ok("worker", "start", "--detach", "--count", "2");
  await stage.enqueue(firstHangs("sleep 300 & sleep 301"), "--id", "job");
  const lost = await noteTree(stage, "job", 3);
  const [worker] = await stage.json<{ pid: number }[]>("worker", "list");
  killIfThere(worker!.pid);
  await waitFor(() => !isLiving(worker!.pid));
  await stage.ok("worker", "start", "--detach");
  await assertRecovered(stage, "job", lost);
  await stage.ok("worker", "stop");
});

flow("another worker that runs takes over from a killed one", async (stage) => {
  const victim = await stage.worker();
  await stage.enqueue(firstHangs("sleep 300"), "--id", "job", "--backoff-base", "0.1");
  const lost = await noteTree(stage, "job", 2);
  await stage.worker(["--count", "2"]);
  await stage.worker(["--count", "2"]);
  victim.kill("SIGKILL");
  await assertRecovered(stage, "job", lost);
}, { stores: BOTH_STORES });

flow("a job that ended after its worker's death is not run again", async (stage) => {
  const untilGo = "until test -e go; do sleep 0.05; done";
  await stage.enqueue(`${diaryJob(untilGo)}; echo kept`, "--id", "good");
  await stage.enqueue(`${diaryJob(untilGo)}; echo gone >&2; exit 3`, "--id", "bad", "-r", "0");
  const victim = await stage.worker(["--count", "2"]);
  await stage.untilLines("diary", 2);
  victim.kill("SIGKILL");
  await victim.ended();
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.isEmpty();
  await stage.ok("worker", "start", "--drain");
  const [good, bad] = await Promise.all([stage.job("good"), stage.job("bad")]);
  assert.deepEqual([good.state, good.attempts, good.exit_code], ["completed", 1, 0]);
  assert.deepEqual([bad.state, bad.attempts, bad.error], ["dead", 1, "exit code 3"]);
  assert.equal(await stage.ok("logs", "good"), "kept\n");
  assert.equal(await stage.ok("logs", "bad", "--stderr"), "gone\n");
  assert.equal(readDiary(stage).length, 4);
}, { stores: BOTH_STORES });

flow("what a lost attempt wrote is kept", async (stage) => {
  const body = "if [ $QUEUECTL_ATTEMPT = 1 ]; then echo first; sleep 300; else echo second; fi";
  await stage.enqueue(diaryJob(body), "--id", "job", "--backoff-base", "0.1");
  const victim = await stage.worker();
  await noteTree(stage, "job", 2);
  victim.kill("SIGKILL");
  await victim.ended();
  await stage.ok("worker", "start", "--drain");
  assert.equal(await stage.ok("logs", "job", "--attempt", "1"), "first\n");
  assert.equal(await stage.ok("logs", "job"), "second\n");
});

flow("a job that kills its worker, or its launcher, ends in the DLQ", async (stage) => {
  const worker = "$(cut -d ' ' -f 4 /proc/$PPID/stat)";
  await stage.enqueue(`echo x >> runs; kill -9 ${worker}; sleep 300`, "--id", "murder", "-r", "0");
  const victim = await stage.spawn(["worker", "start"]);
  assert.equal((await victim.ended()).signal, "SIGKILL");
  await stage.ok("worker", "start", "--drain");
  const { state, attempts, error } = await stage.job("murder");
  assert.deepEqual([state, attempts], ["dead", 1]);
  assert.match(error ?? "", /^its worker .* died$/);
  assert.deepEqual(stage.lines("runs"), ["x"]);

  await stage.enqueue("kill -9 $PPID; sleep 300", "--id", "orphan", "-r", "0");
  await stage.enqueue("echo on", "--id", "next");
  await stage.ok("worker", "start", "--drain");
  const orphan = await stage.job("orphan");
  assert.deepEqual([orphan.state, orphan.attempts, orphan.error], [
    "dead",
    1,
    "its launcher was killed",
  ]);
  assert.equal((await stage.job("next")).state, "completed");
});

flow("a lost attempt is followed by the backoff, as a failed one", async (stage) => {
  await stage.enqueue(firstHangs("sleep 300"), "--id", "job", "--backoff-base", "1.5");
  const victim = await stage.worker();
  await noteTree(stage, "job", 2);
  victim.kill("SIGKILL");
  await victim.ended();
  await stage.ok("worker", "start", "--drain");
  const { attempt_log: [first, second] } = await stage.job("job");
  const waited = secondsBetween(first?.finished_at, second?.started_at);
  assert.ok(waited >= 1.5 && waited < 30, `waited ${waited} s`);
});

flow(
  "worker after worker is killed: every job completes, none runs twice at once",
  async (stage) => {
    const body = "sh -c 'sleep 0.3 & setsid sleep 0.2 & sleep 0.1; wait'";
    const ids = Array.from({ length: 24 }, (_, n) => `job-${n}`);
    const jobs = ids.map((id) =>
      JSON.stringify({ id, command: diaryJob(body), max_retries: 20, backoff_base: 0 })
    );
    await stage.run(["enqueue"], { stdin: jobs.join("\n") });
    for (let killed = 0; killed < 5; killed++) {
      const victim = await stage.worker(["--count", "4"]);
      const begun = stage.lines("diary").length;
      await stage.untilLines("diary", begun + 2);
      victim.kill("SIGKILL");
    }
    const ended = await Promise.all(
      [1, 2].map(() => stage.run(["worker", "start", "--drain", "-c2"])),
    );
    assert.deepEqual(ended.map(({ code }) => code), [0, 0]);
    const list = await stage.json<{ id: string; state: string }[]>("list");
    assert.deepEqual(list.filter(({ state }) => state !== "completed"), []);
    const diary = readDiary(stage);
    assertNeverTwice(diary);
    const completed = diary.filter(({ what }) => what === "end").map(({ id }) => id);
    assert.deepEqual(new Set(completed), new Set(ids));
  },
  { stores: BOTH_STORES },
);
