/**
 * A store with something of everything in it.
 *
 * @module
 */

import { Queue, START } from "./queue.ts";

/** Every byte there is: not UTF-8. */
export const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** A store with a job in every state, and with all that a job can have. */
export async function fullQueue(): Promise<Queue> {
  const queue = await Queue.open();
  await queue.join();
  const add = async (...args: Parameters<Queue["add"]>) => {
    queue.now += 1000;
    await queue.add(...args);
  };
  await queue.ran(
    { id: "done", tags: ["red", "blue"], stdin: "a\0b\n", cwd: "/srv/a b" },
    0,
    [
      "stdout",
      "grün\n",
    ],
    ["stderr", BYTES],
    ["stdout", Uint8Array.of(0xe2, 0x82)],
    ["stdout", Uint8Array.of(0xac)],
  );
  await queue.ran({ id: "bad", queue: "mail", fatalExitCodes: [7], maxRetries: 3 }, 7);
  await add({ id: "held", held: true, runAt: START + 9_000_000, uniqueKey: "one" });
  await add({ id: "stopped" });
  await queue.cli("cancel", "stopped");
  await add({ id: "orphan", after: [{ id: "bad", on: "ok" }] });
  await add({ id: "later", runAt: START + 5_000_000, timeout: 1500, backoffJitter: 0.1 });
  await add({ id: "fired", schedule: "nightly", fireTime: START, priority: -5 });
  await add({ id: "again", maxRetries: 3, priority: 9 });
  await queue.end(await queue.claim(), 1, ["stdout", "first"]);
  await add({ id: "busy", maxRetries: 2, priority: 8, backoffBase: 3 });
  const claim = await queue.claim();
  await queue.write(claim, ["stdout", "so far"]);
  await queue.store.reportProgress(claim, { percent: 40.5, message: "half" });
  await add({ id: "child", after: [{ id: "busy", on: "any" }, { id: "done", on: "ok" }] });
  await add({ id: "next", command: "echo 'ü\x1b'\n", maxRetries: 3 });
  return queue;
}
