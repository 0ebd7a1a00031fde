/** `worker start --singleton` against what may be in the store. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow } from "./stage.ts";

flow("worker start --singleton yields to one whose clock was ahead", async (stage) => {
  // Its heart does not beat at each of so many ticks.
  await stage.ok("config", "set", "poll_interval", "50ms");
  const first = await stage.worker(["--singleton"]);
  await stage.ask("UPDATE worker SET started_at = started_at + 3600000");
  const second = await stage.run(["worker", "start", "--singleton"], { timeout: 20_000 });
  assert.equal(second.code, 0, second.stderr);
  assert.doesNotMatch(second.stderr, /is ready/);
  const workers = await stage.json<{ pid: number }[]>("worker", "list");
  assert.deepEqual(workers.map(({ pid }) => pid), [first.pid]);
}, { vias: ["source"] });

flow("worker start --singleton: of three that start at once, one stays", async (stage) => {
  await stage.ok("enqueue", "--id", "job", "--command", "echo ran >> ran");
  const starts = await Promise.all(
    [1, 2, 3].map(() => stage.spawn(["worker", "start", "--singleton"])),
  );
  let ended = 0;
  for (const one of starts) one.ended().then(({ code }) => code === 0 && ended++, () => {});
  await waitFor(() => ended === 2, { timeout: 20_000, message: () => `2 ends, not ${ended}` });
  const workers = await stage.json<{ pid: number }[]>("worker", "list");
  assert.equal(workers.length, 1);
  const said = starts.filter(({ stderr }) => stderr.includes("is ready"));
  assert.deepEqual(said.map(({ pid }) => pid), workers.map(({ pid }) => pid));
  await stage.until("job", "completed");
}, { vias: ["source"], stores: BOTH_STORES });
