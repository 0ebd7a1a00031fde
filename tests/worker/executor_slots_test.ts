import assert from "node:assert/strict";
import { isAlive } from "../../src/worker/host.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { open } from "./executor_scene.ts";

Deno.test("An executor makes more slots when it is told to, and lets single ones go", async () => {
  await using it = await open(2);
  const [first, second] = [it.launchers().get(0)!, it.launchers().get(1)!];
  it.send({ type: "open", slots: [7, 8], spool: it.spool });
  await waitFor(() => it.launchers().size === 4);
  assert.deepEqual((await it.run("exit 3", { slot: 8 })).result, { kind: "exit", code: 3 });
  it.send({ type: "close_slots", slots: [1, 7] });
  await waitFor(() => !isAlive(second) && !isAlive(it.launchers().get(7)!));
  assert.ok(isAlive(first));
  assert.deepEqual((await it.run("exit 4", { slot: 0 })).result, { kind: "exit", code: 4 });
  const ready = it.said.filter((message) => message.type === "slot_ready");
  assert.equal(ready.length, 4, "what was let go is not replaced");
});

Deno.test("An executor lets slots go that are still being made", async () => {
  await using it = await open(1);
  it.send({ type: "open", slots: [1, 2], spool: it.spool });
  it.send({ type: "close_slots", slots: [1, 2] });
  assert.deepEqual((await it.run("exit 3")).result, { kind: "exit", code: 3 });
  const statuses = () => [...Deno.readDirSync(it.spool)].filter(({ name }) => /status/.test(name));
  await waitFor(() => statuses().length === 1);
});

Deno.test("An executor that closes takes the slots along that are being made", async () => {
  await using it = await open(1);
  it.send({ type: "open", slots: [1, 2, 3], spool: it.spool });
  it.send({ type: "close", keepFiles: false });
  await waitFor(() => it.said.some(({ type }) => type === "closed"));
  assert.deepEqual([...Deno.readDirSync(it.spool)], []);
});
