/**
 * A program: ticks as a worker whose jobs take a few milliseconds, until its standard input ends; then
 * it prints the times of the ticks as a list of milliseconds. It runs nothing.
 *
 * @module
 */

import { openStore } from "../../../src/store/open.ts";
import type { AttemptEnd } from "../../../src/store/tick.ts";
import { currentHost, processRef } from "../../../src/worker/host.ts";

const SLOTS = 4;
/** How long the jobs take, milliseconds. */
const PAUSE = 5;

const [address = "", id = ""] = Deno.args;
await using store = await openStore(address, { create: false });
const process = processRef(Deno.pid)!;
const { name: host, identity: hostIdentity } = currentHost();
await store.join({ id, host, hostIdentity, process, slots: SLOTS, queues: null });
let isOver = false;
const ending = Deno.stdin.read(new Uint8Array(1)).then(() => isOver = true);
const times: number[] = [];
let ended: AttemptEnd[] = [];
do {
  const free = isOver ? [] : Array.from({ length: SLOTS }, () => process);
  const start = performance.now();
  const { claimed } = await store.tick({
    worker: id,
    ended,
    output: [],
    free,
    observed: new Map(),
    draining: isOver,
    buried: [],
  });
  times.push(performance.now() - start);
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  ended = claimed.map(({ jobId, token }) => ({
    jobId,
    token,
    outcome: { kind: "completed" },
    finishedAt: Date.now(),
    chunks: [],
    outputBytes: 0,
  }));
} while (!isOver || ended.length > 0);
await store.leave(id);
await ending;
console.log(JSON.stringify(times));
