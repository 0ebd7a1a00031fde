import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { Queue } from "./queue.ts";

/** The worker does as it was asked. */
async function comply(queue: Queue, worker: string): Promise<void> {
  const slots = await waitFor(async () => {
    const { slotsRequest } = await queue.tick({ worker });
    return slotsRequest ?? undefined;
  });
  await queue.tick({ worker, slots });
}

Deno.test("worker scale asks all workers and waits until they have so many slots", async () => {
  await using queue = await Queue.open();
  await queue.join("w1");
  await queue.join("w2");
  const scale = queue.start("worker", "scale", "5");
  await comply(queue, "w1");
  // It has looked again by then, and waits for the other one.
  const { promise: later, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 300);
  await Promise.race([scale.ended, later]);
  strictEqual(scale.stdout, "");
  await comply(queue, "w2");
  const { code, stdout, stderr } = await scale.ended;
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "w1 has 5 slots\nw2 has 5 slots\n",
    stderr: "",
  });
  deepStrictEqual((await queue.store.workers()).map(({ slots }) => slots), [5, 5]);
});

Deno.test("worker scale N ID scales that one, with --json", async () => {
  await using queue = await Queue.open();
  await queue.join("web-1");
  await queue.join("job-1");
  const scale = queue.start("worker", "scale", "1", "web", "--json");
  await comply(queue, "web-1");
  const { code, stdout } = await scale.ended;
  deepStrictEqual([code, stdout], [0, '[{"id":"web-1","slots":1}]\n']);
  deepStrictEqual(
    (await queue.store.workers()).map(({ id, slotsRequest }) => [id, slotsRequest]).toSorted(),
    [["job-1", null], ["web-1", 1]],
  );
});

Deno.test("worker scale gives up when somebody asks for another number meanwhile", async () => {
  await using queue = await Queue.open();
  await queue.join();
  const scale = queue.start("worker", "scale", "5");
  await waitFor(async () => (await queue.store.workers())[0]?.slotsRequest === 5);
  await queue.store.requestSlots(["w1"], 7);
  const { code, stdout, stderr } = await scale.ended;
  deepStrictEqual([code, stdout], [4, ""]);
  match(stderr, /queuectl: w1 was asked to have 7 slots meanwhile, by somebody else\n$/);
});

Deno.test("worker scale without a living worker: nothing to do", async () => {
  await using queue = await Queue.open();
  const none = await queue.cli("worker", "scale", "3");
  deepStrictEqual(none, { ...none, code: 0, stdout: "No worker is running\n", stderr: "" });
  await queue.join("gone", { gone: true });
  const { code, stdout, stderr } = await queue.cli("worker", "scale", "3");
  deepStrictEqual([code, stdout], [0, "No worker is running\n"]);
  match(stderr, /^gone has died already/);
  strictEqual((await queue.cli("worker", "scale", "3", "--json")).stdout, "[]\n");
});

Deno.test("worker scale says what it waits for, and gives up a worker that stops", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("a", "b");
  await queue.claim();
  await queue.claim();
  const scale = queue.start("worker", "scale", "1");
  await scale.says("1 running job beyond that goes on to the end\n");
  await queue.tick({ draining: true });
  const { code, stdout, stderr } = await scale.ended;
  deepStrictEqual([code, stdout], [4, ""]);
  match(stderr, /queuectl: w1 is stopping\n$/);
  strictEqual((await queue.cli("worker", "scale", "1", "w1")).code, 4);
  strictEqual((await queue.cli("worker", "scale", "1")).code, 4);
});

Deno.test("worker scale gives up a worker that has gone", async () => {
  await using queue = await Queue.open();
  await queue.join();
  const scale = queue.start("worker", "scale", "4");
  await waitFor(async () => (await queue.store.workers())[0]?.slotsRequest === 4);
  await queue.store.leave("w1");
  const { code, stderr } = await scale.ended;
  deepStrictEqual([code, stderr], [
    4,
    "queuectl: w1 has ended, hangs, or is on a host that is away\n",
  ]);
});

Deno.test("worker scale refuses what is no number of slots, and unknown workers", async () => {
  await using queue = await Queue.open();
  await queue.join();
  for (const count of ["0", "1025", "1.5", "many", "-1"]) {
    const { code, stderr } = await queue.cli("worker", "scale", count);
    strictEqual(code, 2);
    match(stderr, /The number of slots must be an integer from 1 to 1024/);
  }
  strictEqual((await queue.cli("worker", "scale")).code, 2);
  strictEqual((await queue.cli("worker", "scale", "2", "nobody")).code, 3);
  strictEqual((await queue.store.workers())[0]?.slotsRequest, null);
});
