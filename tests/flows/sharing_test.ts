/** Several workers on one store. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "./stage.ts";

const IDS = Array.from({ length: 200 }, (_, n) => `job-${n}`);

flow("200 jobs, three workers with two slots each: every id exactly once", async (stage) => {
  const job = (id: string) => JSON.stringify({ id, command: 'echo "$QUEUECTL_JOB_ID" >> ran' });
  const workers = await Promise.all([1, 2, 3].map(() => stage.worker(["--count", "2"])));
  await Promise.all([0, 1, 2, 3].map(async (part) => {
    const stdin = IDS.slice(part * 50, part * 50 + 50).map(job).join("\n");
    const { code, stderr } = await stage.run(["enqueue"], { stdin });
    assert.equal(code, 0, stderr);
  }));
  const ran = await stage.untilLines("ran", 200, 60_000);
  assert.match(await stage.ok("worker", "stop"), /^Stopped 3 workers$/m);
  for (const worker of workers) await stage.end(worker);
  assert.deepEqual(ran.toSorted(), IDS.toSorted());
  assert.deepEqual(stage.lines("ran").length, 200);
  const { jobs } = await stage.json<{ jobs: Record<string, number> }>("status");
  assert.partialDeepStrictEqual(jobs, { completed: 200, total: 200 });
  const list = await stage.json<{ attempts: number }[]>("list", "--state", "completed");
  assert.ok(list.every(({ attempts }) => attempts === 1));
}, { vias: ["source", "executable", "oldest"], stores: BOTH_STORES });

flow("three workers that start at once on jobs that wait, and drain", async (stage) => {
  const stdin = IDS.map((id) => JSON.stringify({ id, command: `echo ${id} >> ran` })).join("\n");
  await stage.run(["enqueue"], { stdin });
  await Promise.all([1, 2, 3].map(() => stage.ok("worker", "start", "--count", "2", "--drain")));
  assert.deepEqual(stage.lines("ran").toSorted(), IDS.toSorted());
});

flow("workers that make the store at the same moment share it", async (stage) => {
  const workers = await Promise.all([1, 2, 3, 4].map(() => stage.worker()));
  await stage.enqueue("true", "--id", "one");
  await stage.until("one", "completed");
  assert.equal((await stage.json<unknown[]>("worker", "list")).length, 4);
  await stage.ok("worker", "stop");
  for (const worker of workers) await stage.end(worker);
}, { stores: BOTH_STORES });
