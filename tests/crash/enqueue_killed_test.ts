/** SIGKILL to those who enqueue. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";

flow("a printed id is durable, though the program is killed at once", async (stage) => {
  const ids = await Promise.all(Array.from({ length: 8 }, async () => {
    const program = await stage.spawn(["enqueue", "--command", "true"]);
    const id = await program.line(/^[0-9a-f-]{36}$/, { stream: "stdout" });
    program.kill("SIGKILL");
    await program.ended();
    return id;
  }));
  const stored = await stage.json<{ id: string; state: string }[]>("list");
  assert.deepEqual(new Set(stored.map(({ id }) => id)), new Set(ids));
  await stage.ok("worker", "start", "--drain");
  const { jobs } = await stage.json<{ jobs: Record<string, number> }>("status");
  assert.partialDeepStrictEqual(jobs, { completed: 8, total: 8 });
});

flow("of a list that was killed in the middle, all jobs are there or none", async (stage) => {
  await stage.enqueue("true", "--id", "first");
  const wal = `${stage.store}-wal`;
  const stdin = Array.from({ length: 20_000 }, () => '{"command":"true"}').join("\n");
  const total = async () => (await stage.json<{ jobs: { total: number } }>("status")).jobs.total;
  for (let round = 0; round < 3; round++) {
    const before = await total();
    const program = await stage.spawn(["enqueue"], { stdin });
    // The transaction spills into the log before it is committed.
    const begun = () => Deno.stat(wal).then(({ size }) => size > 100_000, () => false);
    await Promise.race([waitFor(begun), program.ended()]);
    program.kill("SIGKILL");
    await program.ended();
    const added = await total() - before;
    assert.ok(added === 0 || added === 20_000, `${added} jobs`);
  }
  // The lock of the dead is no obstacle.
  await stage.enqueue("true", "--id", "last");
}, { stores: BOTH_STORES });
