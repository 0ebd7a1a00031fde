/** `explain`: every cause, made for real; what it says to do is done, and helps. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

/** Runs until the file `go` is there. */
const UNTIL_GO = "echo up >> up; until test -e go; do sleep 0.05; done";

/** What `explain --json` prints. */
interface Explained {
  readonly reason: string;
  readonly text: string;
  readonly hint: string | null;
  readonly also: readonly { readonly reason: string }[];
}

/** Waits until a job is explained so. */
async function explained(
  stage: Stage,
  id: string,
  reason: string,
  text: RegExp,
): Promise<Explained> {
  let last: Explained | undefined;
  const found = await waitFor(async () => {
    last = await stage.json<Explained>("explain", id);
    return last.reason === reason && last;
  }, { message: () => `${id}: ${reason}, not ${JSON.stringify(last)}` });
  assert.match(found.text, text);
  const lines = (await stage.ok("explain", id)).split("\n");
  assert.match(lines[0]!, new RegExp(`^Job ${id} is `));
  return found;
}

/** Does what a hint says: `To resume it: queuectl queue resume mail`. */
async function follow(stage: Stage, { hint }: Explained): Promise<void> {
  const [, words] = /: queuectl (.*)$/.exec(hint ?? "") ?? [];
  await stage.ok(...words!.split(" "));
}

flow("explain: held, blocked, scheduled, backoff, paused; and each hint helps", async (stage) => {
  await stage.worker(["--count", "4"]);
  await stage.enqueue("true", "--id", "held", "--hold");
  const held = await explained(stage, "held", "held", /waits for somebody to release it$/);
  await follow(stage, held);
  await stage.until("held", "completed");

  await stage.enqueue("true", "--id", "parent", "--hold");
  await stage.enqueue("true", "--id", "child", "--after", "parent=any");
  const blocked = await explained(stage, "child", "blocked", /when parent \(held\) has ended$/);
  assert.equal(blocked.hint, "To see why parent has not: queuectl explain parent");
  await follow(stage, await explained(stage, "parent", "held", /./));
  await stage.until("child", "completed");

  await stage.enqueue("true", "--id", "later", "--delay", "1h");
  const later = await explained(stage, "later", "scheduled", /in (59m59s|1h|59m5\ds)$/);
  await follow(stage, later);
  await stage.until("later", "completed");

  await stage.enqueue("test -e ready", "--id", "again", "--backoff-base", "1000");
  const backoff = await explained(
    stage,
    "again",
    "backoff",
    /attempt 1 of 4 failed \(exit code 1\)/,
  );
  await Deno.writeTextFile(stage.join("ready"), "");
  await follow(stage, backoff);
  await stage.until("again", "completed");

  await stage.enqueue("true", "--id", "first", "--queue", "mail");
  await stage.until("first", "completed");
  await stage.ok("queue", "pause", "mail");
  await stage.enqueue("true", "--id", "paused", "--queue", "mail");
  const paused = await explained(stage, "paused", "queue_paused", /: queue mail is paused$/);
  await follow(stage, paused);
  await stage.until("paused", "completed");
}, { vias: ["source", "executable", "oldest"] });

flow("explain: no worker, a queue that is not served, workers that stop", async (stage) => {
  await stage.enqueue("true", "--id", "job", "--queue", "mail");
  const nobody = await explained(stage, "job", "no_worker", /: no worker is running$/);
  assert.equal(nobody.hint, "To start one: queuectl worker start");
  const lost = await stage.worker(["--queue", "mail", "--name", "lost", "--count", "1"]);
  await stage.until("job", "completed");
  lost.kill("SIGKILL");
  await lost.ended();
  await stage.enqueue("true", "--id", "job2", "--queue", "mail");
  await explained(stage, "job2", "no_worker", /./);

  const video = await stage.worker(["--queue", "video,audio"]);
  const other = await explained(stage, "job2", "queue_not_served", /mail, only audio and video$/);
  assert.equal(other.hint, "To start one: queuectl worker start --queue mail");
  await stage.enqueue(UNTIL_GO, "--id", "long", "--queue", "video");
  await stage.enqueue("true", "--id", "next", "--queue", "video");
  await stage.untilLines("up");
  video.kill("SIGINT");
  await video.line("no new jobs", { stream: "stderr" });
  await explained(stage, "next", "workers_stopping", /the only worker that serves queue video/);
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.end(video);
});

flow("explain: limit, rate, busy slots, the turn", async (stage) => {
  await stage.ok("queue", "set", "mail", "--limit", "1");
  await stage.ok("queue", "set", "slow", "--rate", "1/1h");
  const worker = await stage.worker(["--count", "3"]);
  await stage.enqueue(UNTIL_GO, "--id", "mail-1", "--queue", "mail");
  await stage.enqueue(UNTIL_GO, "--id", "slow-1", "--queue", "slow");
  await stage.untilLines("up", 2);
  await stage.enqueue(UNTIL_GO, "--id", "mail-2", "--queue", "mail");
  await stage.enqueue("true", "--id", "slow-2", "--queue", "slow");
  const limited = /queue mail runs 1 of at most 1 job: mail-1 \(for [\d.]+m?s\)$/;
  const limit = await explained(stage, "mail-2", "queue_at_limit", limited);
  const used = /queue slow has used up its rate of 1\/1h, which opens in (59m\d+s|1h)$/;
  await explained(stage, "slow-2", "rate_used_up", used);
  await follow(stage, limit);
  await stage.untilLines("up", 3);

  await stage.enqueue("echo ran", "--id", "mine");
  await stage.enqueue("echo ran", "--id", "yours");
  const busy = /all 3 slots are busy: mail-1 \(for [^)]*\), slow-1 \(for [^)]*\) and mail-2 \(for/;
  await explained(stage, "mine", "slots_busy", busy);
  const { also, hint } = await explained(stage, "yours", "slots_busy", busy);
  assert.deepEqual(also.map(({ reason }) => reason), ["turn"]);
  assert.match(hint!, /^To have more: queuectl worker scale 4 worker-/);
  await follow(stage, await explained(stage, "mine", "slots_busy", busy));
  await stage.until("yours", "completed");
  await Deno.writeTextFile(stage.join("go"), "");
  worker.kill("SIGINT");
  await stage.end(worker);
}, { vias: ["source", "executable", "oldest"] });

flow("explain: running, to be cancelled, lost with its worker", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "1h");
  const worker = await stage.worker(["--count", "2"]);
  await stage.enqueue(UNTIL_GO, "--id", "job");
  await stage.enqueue(`trap '' TERM; ${UNTIL_GO}`, "--id", "stubborn");
  await stage.untilLines("up", 2);
  const runs = /attempt 1 of 4 has run for [\d.]+m?s in worker worker-\S+ on \S+$/;
  const { hint } = await explained(stage, "job", "running", runs);
  assert.equal(hint, "To see its output: queuectl logs -f job");
  const cancel = await stage.spawn(["cancel", "stubborn"]);
  await explained(stage, "stubborn", "cancelling", /was asked to end it$/);
  worker.kill("SIGKILL");
  await worker.ended();
  await explained(stage, "job", "worker_lost", /is gone, the next worker takes it over$/);
  await cancel.ended();
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.ok("worker", "start", "--drain");
  await stage.until("job", "completed");
}, { stores: BOTH_STORES });

flow("explain: what has ended", async (stage) => {
  await stage.enqueue("true", "--id", "good");
  await stage.enqueue("exit 3", "--id", "bad", "-r", "0");
  await stage.enqueue("true", "--id", "orphan", "--after", "bad");
  await stage.enqueue("true", "--id", "gone", "--hold");
  await stage.ok("cancel", "gone");
  await stage.ok("worker", "start", "--drain");
  await explained(stage, "good", "completed", /attempt 1 ended with exit code 0, \S+ ago$/);
  const dead = await explained(
    stage,
    "bad",
    "dead",
    /attempt 1 of 1 failed \(exit code 3\), \S+ ago$/,
  );
  await explained(stage, "orphan", "cancelled", /\bbad\b/);
  await explained(stage, "gone", "cancelled", /somebody cancelled it, \S+ ago$/);
  await follow(stage, dead);
  assert.equal((await stage.job("bad")).state, "pending");
  assert.equal((await stage.run(["explain", "nobody"])).code, 3);
  assert.equal((await stage.run(["explain"])).code, 2);
  assert.equal((await stage.run(["explain", "good", "bad"])).code, 2);
});
