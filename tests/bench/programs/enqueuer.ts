/**
 * A program: enqueues a job again and again into the store that it is given, without a pause, until its
 * standard input ends; then it prints the times of the calls as a list of milliseconds.
 *
 * @module
 */

import { newJob } from "../../job/jobs.ts";
import { openStore } from "../../../src/store/open.ts";

const [address = "", name = ""] = Deno.args;
await using store = await openStore(address, { create: false });
let isOver = false;
const ending = Deno.stdin.read(new Uint8Array(1)).then(() => isOver = true);
const times: number[] = [];
while (!isOver) {
  const start = performance.now();
  await store.enqueue([newJob(`${name}-${times.length}`)]);
  times.push(performance.now() - start);
  // What comes in from elsewhere is noticed between two turns of the event loop only.
  await new Promise((resolve) => setTimeout(resolve));
}
await ending;
console.log(JSON.stringify(times));
