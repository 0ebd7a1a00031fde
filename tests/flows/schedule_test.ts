/** Schedules, fired by real workers. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

/** A job of a schedule as `list --json` prints it. */
interface FiredJob {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly schedule: string | null;
  readonly fire_time: string | null;
}

async function add(stage: Stage, name: string, ...words: readonly string[]): Promise<void> {
  const added = await stage.ok("schedule", "add", name, ...words);
  assert.match(added, new RegExp(`^Schedule ${name} fires next at .*\n$`));
}

async function jobsOf(stage: Stage, schedule: string): Promise<FiredJob[]> {
  const jobs = await stage.json<FiredJob[]>("list", "--sort", "created");
  return jobs.filter((job) => job.schedule === schedule);
}

/** Waits until a schedule has enqueued so many jobs. */
async function untilFired(stage: Stage, schedule: string, count: number): Promise<FiredJob[]> {
  return await waitFor(async () => {
    const jobs = await jobsOf(stage, schedule);
    return jobs.length >= count && jobs;
  }, { timeout: 60_000, interval: 200, message: () => `${count} jobs of ${schedule}` });
}

flow("three workers fire every second exactly once, also when one is killed", async (stage) => {
  const workers = await Promise.all(["a", "b", "c"].map((name) => stage.worker(["--name", name])));
  await add(stage, "tick", "--cron", "* * * * * *", "--", "echo $QUEUECTL_JOB_ID >> ran");
  await untilFired(stage, "tick", 4);
  workers[0]!.kill("SIGKILL");
  await workers[0]!.ended();
  const killedAt = (await jobsOf(stage, "tick")).length;
  await untilFired(stage, "tick", killedAt + 4);
  assert.equal(await stage.ok("schedule", "pause", "tick"), "Schedule tick is paused\n");
  const jobs = await waitFor(async () => {
    const jobs = await jobsOf(stage, "tick");
    return jobs.every(({ state }) => state === "completed") && jobs;
  }, { timeout: 60_000, message: () => "the end of all jobs" });

  const seconds = jobs.map(({ fire_time: time }) => Date.parse(time!) / 1000);
  const every = seconds.map((_, index) => seconds[0]! + index);
  assert.deepEqual(seconds, every, "no second is left out, and none comes twice");
  const first = jobs.filter(({ attempts }) => attempts === 1).map(({ id }) => id);
  const ran = stage.lines("ran");
  assert.deepEqual(ran.filter((id) => first.includes(id)).toSorted(), first.toSorted());
  assert.ok(first.length >= jobs.length - 1, "only what the killed worker ran may run again");

  assert.equal((await jobsOf(stage, "tick")).length, jobs.length, "paused, it fires nothing");
  const [schedule] = await stage.json<{ last_job: string; last_at: string }[]>("schedule");
  const last = jobs.at(-1)!;
  assert.partialDeepStrictEqual(schedule, {
    name: "tick",
    paused: true,
    next_at: null,
    last_job: last.id,
    last_at: last.fire_time,
  });
  await stage.ok("worker", "stop");
  for (const worker of workers.slice(1)) await stage.end(worker);
}, { vias: ["source", "executable", "oldest"], stores: BOTH_STORES });

flow("a job of a schedule runs where and as it was added, and says so", async (stage) => {
  await Deno.mkdir(stage.join("sub"));
  const command = 'echo "$NAME $(cat) $PWD" >> "$HOME/ran"';
  await Deno.writeTextFile(stage.join("sub/input"), "input");
  const args = ["schedule", "add", "every", "--cron", "* * * * * *", "--queue", "side"];
  const flags = ["--env", "NAME=s3cret", "--stdin-file", "input", "--overlap", "skip"];
  const added = await stage.run([...args, ...flags, "--command", command], {
    cwd: stage.join("sub"),
  });
  assert.equal(added.code, 0, added.stderr);
  const worker = await stage.worker(["--queue", "side", "--log-level", "info"]);
  await worker.line("Schedule every enqueued", { stream: "stderr" });
  const [line] = await stage.untilLines("ran");
  assert.equal(line, `s3cret input ${stage.join("sub")}`);
  const [job] = await untilFired(stage, "every", 1);
  assert.ok(job);
  assert.match(job.fire_time!, /:\d\d\.000Z$/);
  for (const words of [["schedule"], ["schedule", "--json"], ["show", job.id], ["list"]]) {
    assert.ok(!(await stage.ok(...words)).includes("s3cret"), words.join(" "));
  }
  assert.match(await stage.ok("schedule", "remove", "every"), /is removed; its jobs stay/);
  const left = (await jobsOf(stage, "every")).length;
  assert.ok(left >= 1);
  const { code, stderr } = await stage.run(["schedule", "next", "every"]);
  assert.deepEqual([code, stderr], [3, 'queuectl: There is no schedule "every"\n']);
});

flow("a worker that drains fires what is due, runs it, and ends", async (stage) => {
  await add(stage, "tick", "--cron", "* * * * * *", "--catch-up", "one", "--", "echo ran >> ran");
  const due = async () => {
    const [schedule] = await stage.json<{ next_at: string }[]>("schedule");
    return Date.parse(schedule!.next_at) <= Date.now();
  };
  await waitFor(due, { message: () => "a schedule that is due" });
  await stage.ok("worker", "start", "--drain");
  assert.ok(stage.lines("ran").length >= 1);
  const jobs = await jobsOf(stage, "tick");
  assert.ok(jobs.length >= 1 && jobs.every(({ state }) => state === "completed"));
});

flow(
  "a firing that overlaps or whose unique key is taken is skipped, and the worker says so",
  async (stage) => {
    await new Deno.Command("mkfifo", { args: [stage.join("open")] }).output();
    const worker = await stage.spawn(["worker", "start", "--count", "2", "--json"]);
    await worker.line("worker_ready");
    await stage.enqueue("true", "--id", "holder", "--unique-key", "one", "--hold");
    await add(stage, "slow", "--cron", "* * * * * *", "--overlap", "skip", "--", "cat open");
    await add(stage, "keyed", "--cron", "* * * * * *", "--unique-key", "one", "--", "true");
    const overlaps = JSON.parse(await worker.line("of an earlier firing has not ended"));
    assert.partialDeepStrictEqual(overlaps, {
      event: "schedule_fired",
      schedule: "slow",
      id: null,
    });
    const isTaken = JSON.parse(await worker.line('"the unique key one is held by job holder"'));
    assert.partialDeepStrictEqual(isTaken, {
      event: "schedule_fired",
      schedule: "keyed",
      id: null,
    });
    assert.equal((await jobsOf(stage, "slow")).length, 1);
    assert.equal((await jobsOf(stage, "keyed")).length, 0);
    await stage.ok("release", "holder");
    await untilFired(stage, "keyed", 1);
    await stage.ok("schedule", "remove", "slow", "keyed");
    await stage.ok("worker", "stop", "--now");
    await stage.end(worker);
  },
);

flow("schedule: bad input changes nothing and says what is wrong", async (stage) => {
  await add(stage, "there", "--cron", "@daily", "--", "true");
  const before = await stage.ok("schedule", "--json");
  for (
    const [words, expected, message] of [
      [["add", "x", "--cron", "@reboot", "--", "true"], 2, /the names are @hourly, @daily/],
      [["add", "x", "--cron", "* * * * * * *", "--", "true"], 2, /this has 7$/],
      [["add", "x", "--cron", "0 0 30 2 *", "--", "true"], 2, /it never fires$/],
      [["add", "x", "--cron", "@daily", "--tz", "Berlin", "--", "true"], 2, /"Europe\/Berlin"\?$/],
      [["add", "x", "--cron", "@daily", "--id", "x", "--", "true"], 2, /--id does not fit/],
      [["add", "there", "--cron", "@hourly", "--", "true"], 4, /--replace$/],
      [["add", "x", "--cron", "@daily"], 2, /No command given/],
      [["pause", "ther"], 3, /did you mean "there"\?$/],
      [["resume", "x"], 3, /There is no schedule "x"$/],
      [["remove"], 2, /Missing NAME$/],
    ] as const
  ) {
    const { code, stdout, stderr } = await stage.run(["schedule", ...words]);
    assert.deepEqual([code, stdout], [expected, ""], words.join(" "));
    assert.match(stderr.split("\n")[0]!, message);
  }
  assert.equal(await stage.ok("schedule", "--json"), before);
});
