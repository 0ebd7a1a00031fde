/** SIGKILL to workers that have claimed ahead: what only waited has had no attempt. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";

const JOBS = 600;
const SLOTS = 2;
const KILLS = 4;

flow("jobs in the line of a worker that is killed are not lost with it", async (stage) => {
  const jobs = Array.from({ length: JOBS }, (_, n) => `{"command":"echo ${n} >>ran"}`);
  await stage.run(["enqueue", "--max-retries", "0"], { stdin: jobs.join("\n") });
  let waited = 0;
  for (let killed = 0; killed < KILLS; killed++) {
    const victim = await stage.worker(["--count", `${SLOTS}`]);
    await stage.untilLines("ran", stage.lines("ran").length + 80);
    victim.kill("SIGKILL");
    await victim.ended();
    waited += (await stage.ask("SELECT 1 FROM job WHERE state = 'processing'")).length;
  }
  assert.ok(waited > KILLS * SLOTS, `${waited} were claimed at the kills: some had to wait`);
  await stage.ok("worker", "start", "--drain");
  const list = await stage.json<{ state: string; attempts: number; id: string }[]>(
    ...["list", "--limit", `${JOBS}`],
  );
  const dead = list.filter(({ state }) => state === "dead");
  assert.ok(dead.length <= KILLS * SLOTS, `${dead.length} were lost that had not begun`);
  const completed = list.filter(({ state }) => state === "completed");
  assert.deepEqual([completed.length + dead.length, list.length], [JOBS, JOBS]);
  assert.ok(list.every(({ attempts }) => attempts === 1));
  // Also those whose end the worker had not told yet.
  const ran = stage.lines("ran");
  assert.equal(new Set(ran).size, ran.length, "no job ran twice");
  assert.ok(ran.length >= completed.length);
  const log = "SELECT * FROM attempt";
  assert.equal((await stage.ask(log)).length, JOBS, "and none has more in its log");
}, { vias: ["source"], stores: BOTH_STORES });
