/**
 * A program: enqueues a job again and again into the store that it is given, until its standard input
 * ends; then it prints how often, and how long it had to wait at the most, in milliseconds.
 *
 * @module
 */

import { newJob } from "../../job/jobs.ts";
import { openStore } from "../../../src/store/open.ts";

const PAUSE = 20;

const [address = ""] = Deno.args;
await using store = await openStore(address, { create: false });
let isOver = false;
const ending = Deno.stdin.read(new Uint8Array(1)).then(() => isOver = true);
let enqueues = 0;
let longest = 0;
while (!isOver) {
  const start = performance.now();
  await store.enqueue([newJob(`enqueued-${enqueues++}`, { queue: "late" })]);
  longest = Math.max(longest, performance.now() - start);
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
}
await ending;
console.log(JSON.stringify({ enqueues, longest }));
