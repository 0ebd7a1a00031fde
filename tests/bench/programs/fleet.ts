/**
 * A program: so many workers on one store, real supervisors whose executors are not real: a job takes as long as its
 * command says, `sleep SECONDS`, and nothing is run. Each has a store of its own, as a process would. It
 * prints `ready` when all are there, and ends with its standard input. Arguments: the address, how many, the slots of
 * each, and the queues that they serve, none for all.
 *
 * @module
 */

import { resolveConfig } from "../../../src/config.ts";
import { Events } from "../../../src/observe/events.ts";
import { openStore } from "../../../src/store/open.ts";
import { currentHost } from "../../../src/worker/host.ts";
import { Supervisor } from "../../../src/worker/supervisor.ts";
import { FakeExecutor } from "../fleet/fake_executor.ts";

const [address = "", count = "", slots = "", ...served] = Deno.args;
const queues = served.length === 0 ? null : served;
globalThis.Worker = FakeExecutor as unknown as typeof Worker;

const ready: Promise<void>[] = [];
const supervisors = await Promise.all(Array.from({ length: Number(count) }, async () => {
  const store = await openStore(address, { create: false });
  const events = new Events();
  const { promise, resolve } = Promise.withResolvers<void>();
  ready.push(promise);
  events.subscribe(({ type }) => {
    if (type === "worker_ready") resolve();
  });
  const supervisor = new Supervisor(store, events, {
    ...{ name: null, host: currentHost(), slots: Number(slots), threads: 1, queues },
    ...{ drainWait: null, singleton: false, insideJob: null, shutdownGrace: null },
    config: resolveConfig(await store.settings()),
  });
  const ended = supervisor.run().finally(() => store[Symbol.asyncDispose]());
  return { supervisor, ended };
}));
await Promise.all(ready);
console.log("ready");
await Deno.stdin.read(new Uint8Array(1));
for (const { supervisor } of supervisors) supervisor.stop("now");
await Promise.all(supervisors.map(({ ended }) => ended));
