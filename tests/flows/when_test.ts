/** When a job runs: by priority, not before a time, not before it is released, after others, once. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, isLiving, type JobJson, secondsBetween, type Stage } from "./stage.ts";

const say = (word: string) => `echo ${word} >> said`;

flow("jobs run by priority, equal ones in order of arrival", async (stage) => {
  const specs = [["normal-1"], ["low", "low"], ["high-1", 10], ["normal-2"], ["high-2", "high"], [
    "first",
    1000,
  ], ["last", -1000]].map(([word, priority = 0]) => ({ command: say(String(word)), priority }));
  await stage.ok("enqueue", JSON.stringify(specs));
  await stage.ok("worker", "start", "--count", "1", "--drain");
  assert.deepEqual(stage.lines("said"), [
    ...["first", "high-1", "high-2", "normal-1", "normal-2", "low", "last"],
  ]);
}, { stores: BOTH_STORES });

flow("--delay and --run-at: not before, and without waiting for a poll", async (stage) => {
  await stage.ok("config", "set", "poll_interval", "10m");
  await stage.worker();
  const at = new Date(Date.now() + 4000).toISOString();
  const enqueue = (...flags: readonly string[]) =>
    stage.json<JobJson>("enqueue", ...flags, "--command", "true");
  // As they were enqueued: where everything takes long, they run before one can look.
  const [delayed, timed] = await Promise.all([
    enqueue("--id", "delayed", "--delay", "2500ms"),
    enqueue("--id", "timed", "--run-at", at),
    enqueue("--id", "past", "--run-at", "2001-01-01T00:00:00Z"),
  ]);
  assert.equal(delayed.state, "scheduled");
  assert.equal(timed.run_at, at);
  assert.equal(secondsBetween(delayed.created_at, delayed.run_at), 2.5);
  assert.equal((await stage.until("past", "completed")).run_at, null);
  const done = await stage.until("delayed", "completed");
  assert.ok(secondsBetween(done.created_at, done.started_at) >= 2.5);
  assert.ok(secondsBetween(at, (await stage.until("timed", "completed")).started_at) >= 0);
}, { stores: BOTH_STORES });

flow("--hold and release", async (stage) => {
  await stage.enqueue(say("held"), "--id", "held-1", "--hold");
  await stage.enqueue(say("free"));
  await stage.ok("worker", "start", "--drain");
  assert.deepEqual(stage.lines("said"), ["free"]);
  assert.equal((await stage.job("held-1")).state, "held");
  await stage.worker();
  assert.equal(await stage.ok("release", "held"), "Job held-1 is released: it is pending\n");
  await stage.untilLines("said", 2);
  assert.equal((await stage.run(["release", "held-1"])).code, 4);
});

flow("edit of jobs that wait", async (stage) => {
  await stage.enqueue(say("wrong"), "--id", "one");
  await stage.enqueue(say("two"), "--id", "two");
  await stage.enqueue("exit 3", "--id", "three", "--max-retries", "0", "--backoff-base", "0");
  await stage.ok("edit", "two", "--priority", "high");
  await stage.ok("edit", "one", "--command", say("one"));
  await stage.ok("edit", "three", "--max-retries", "2");
  await stage.enqueue(say("later"), "--id", "later");
  await stage.ok("edit", "later", "--delay", "1d");
  await stage.ok("worker", "start", "--drain");
  assert.deepEqual(stage.lines("said"), ["two", "one"]);
  assert.equal((await stage.job("three")).attempts, 3);
  assert.equal((await stage.job("later")).state, "scheduled");
  await stage.worker();
  await stage.ok("edit", "later", "--delay", "0");
  await stage.until("later", "completed");
  assert.equal((await stage.run(["edit", "later", "--priority", "1"])).code, 4);
});

flow(
  "--after: a diamond in order, a broken chain cancelled, a cleaner in any case",
  async (stage) => {
    const specs = [
      { id: "end", command: say("end"), after: ["left", "right"] },
      { id: "left", command: say("side"), after: ["start"] },
      { id: "right", command: say("side"), after: ["start"] },
      { id: "start", command: say("start") },
      { id: "bad", command: "exit 1", max_retries: 0, after: ["end"] },
      { id: "never", command: say("never"), after: ["bad"] },
      { id: "nor", command: say("nor"), after: ["never"] },
    ];
    await stage.ok("enqueue", JSON.stringify(specs));
    await stage.enqueue(say("clean"), "--after", "bad=notok,never=any", "--id", "clean");
    await stage.worker(["--count", "4"]);
    await stage.until("clean", "completed");
    assert.deepEqual(stage.lines("said"), ["start", "side", "side", "end", "clean"]);
    const nor = await stage.until("nor", "cancelled");
    assert.equal(nor.error, "its parent never is cancelled");
    assert.equal((await stage.job("never")).error, "its parent bad is dead");
    assert.equal((await stage.run(["edit", "nor", "--priority", "1"])).code, 4);
    // A parent that has ended counts at once, and one that is retried is waited for again.
    await stage.enqueue(say("late"), "--after", "clean", "--id", "late");
    await stage.until("late", "completed");
    await stage.ok("retry", "bad");
    await stage.until("never", "cancelled");
  },
  { stores: BOTH_STORES },
);

flow("two processes that enqueue the same unique key: one wins", async (stage) => {
  const round = async (key: string) => {
    const rivals = await Promise.all(
      ["a", "b"].map((name) =>
        stage.run(["enqueue", "--id", `${key}-${name}`, "--unique-key", key, "--", "true"])
      ),
    );
    assert.deepEqual(rivals.map(({ code }) => code).toSorted(), [0, 4], key);
    const winner = rivals.find(({ code }) => code === 0)!;
    const loser = rivals.find(({ code }) => code === 4)!;
    assert.match(loser.stderr, new RegExp(`"${key}" is held by job ${winner.stdout.trim()},`));
  };
  for (let i = 0; i < 20; i += 2) await Promise.all([round(`k${i}`), round(`k${i + 1}`)]);
  assert.equal((await stage.json<JobJson[]>("list")).length, 20);
  const both = await Promise.all(
    [1, 2].map(() =>
      stage.run(["enqueue", "--unique-key", "r", "--if-exists", "return", "--", "true"])
    ),
  );
  assert.deepEqual(both.map(({ code }) => code), [0, 0]);
  assert.equal(both[0]!.stdout, both[1]!.stdout);
}, { stores: BOTH_STORES });

flow("--if-exists replace: the newest of many is the one that runs", async (stage) => {
  const replace = ["--unique-key", "k", "--if-exists", "replace"];
  for (const word of ["one", "two", "three"]) await stage.enqueue(say(word), ...replace);
  await stage.ok("worker", "start", "--drain");
  assert.deepEqual(stage.lines("said"), ["three"]);
  await stage.enqueue(say("four"), "--unique-key", "k");
}, { stores: BOTH_STORES });

/** When somebody asked for the end of a running job, milliseconds, as the store has it. */
async function requestedAt(stage: Stage): Promise<number> {
  await using reader = await stage.reader();
  return await waitFor(async () => {
    const [row] = await reader.ask("SELECT updated_at FROM job WHERE cancel_requested = 1");
    return row !== undefined && Number(row.updated_at);
  }, { interval: 2 });
}

flow("cancel ends the tree within a second of the request, and the grace", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "500ms");
  const stubborn = "trap '' TERM; echo $$ >> pids; while :; do sleep 0.05; done";
  await stage.enqueue(
    `(setsid sh -c "${stubborn.replaceAll("$", "\\$")}" &); ${stubborn}`,
    ...["--id", "job"],
  );
  await stage.worker();
  const pids = (await stage.untilLines("pids", 2)).map(Number);
  const cancel = await stage.spawn(["cancel", "job"]);
  const requested = await requestedAt(stage);
  await stage.end(cancel);
  assert.deepEqual(pids.filter(isLiving), []);
  const { finished_at, state, error } = await stage.job("job");
  assert.deepEqual([state, error], ["cancelled", "cancelled"]);
  const took = Date.parse(finished_at!) - requested;
  assert.ok(took >= 490 && took <= 1500, `${took} ms`);
}, { stores: BOTH_STORES });
