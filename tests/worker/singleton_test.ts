import assert from "node:assert/strict";
import type { WorkerInfo } from "../../src/store/workers.ts";
import { currentHost, processRef } from "../../src/worker/host.ts";
import { servedByAnother } from "../../src/worker/singleton.ts";

/** The longest time between two heartbeats, milliseconds. */
const INTERVAL = 60;

const host = currentHost();
const process = processRef(Deno.pid)!;

/** A worker of this process. */
function worker(id: string, joinOrder: number, startedAt = 0): WorkerInfo {
  return {
    ...{ id, host: host.name, hostIdentity: host.identity, process, slots: 1, queues: null },
    ...{ state: "running", stopRequest: null, slotsRequest: null, busy: 0, joinOrder, startedAt },
    ...{ heartbeat: 0, heartbeatAt: 0, unmovedFor: 0 },
  };
}

/** Whether `id` yields to one of the workers, whose hearts beat before every look, or not at all. */
function yields(id: string | null, workers: readonly WorkerInfo[], { beat = 1 } = {}) {
  let heartbeat = 0;
  const store = {
    workers() {
      heartbeat += beat;
      return Promise.resolve(workers.map((one) => ({ ...one, heartbeat })));
    },
  };
  return servedByAnother(store, { host, queues: null, id }, INTERVAL);
}

Deno.test("servedByAnother() keeps the one that joined first, whatever the clocks say", async () => {
  const both = [worker("second", 2, 0), worker("first", 1, 3_600_000)];
  assert.equal(await yields("second", both), true);
  assert.equal(await yields("first", both), false);
});

Deno.test("servedByAnother() lets one that has not joined yield to any that lives", async () => {
  assert.equal(await yields(null, [worker("other", 1, 3_600_000)]), true);
  assert.equal(await yields(null, []), false);
});

Deno.test("servedByAnother() takes one that hangs for nobody", async () => {
  assert.equal(await yields(null, [worker("other", 1)], { beat: 0 }), false);
});
