import assert from "node:assert/strict";
import { resolveConfig } from "../../src/config.ts";
import { StoreError } from "../../src/errors.ts";
import { Events, type WorkerEvent } from "../../src/observe/events.ts";
import type { Store } from "../../src/store/store.ts";
import { currentHost } from "../../src/worker/host.ts";
import { Supervisor } from "../../src/worker/supervisor.ts";
import { newJob } from "../job/jobs.ts";
import { emptyPlace } from "../store/sqlite/place.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** The store, but for one method. */
function replaceMethod<K extends keyof Store>(store: Store, name: K, method: Store[K]): Store {
  return new Proxy(store, {
    get(target, key) {
      if (key === name) return method;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Drains a store; returns what the worker said. */
async function drain(store: Store): Promise<WorkerEvent[]> {
  const events = new Events();
  const said: WorkerEvent[] = [];
  events.subscribe((event) => said.push(event));
  await new Supervisor(store, events, {
    ...{ name: null, host: currentHost(), slots: 1, threads: 1, queues: null },
    ...{ drainWait: 0, singleton: false, insideJob: null, shutdownGrace: null },
    config: resolveConfig(await store.settings()),
  }).run();
  return said;
}

Deno.test("Supervisor that drains waits for a batch of each state, however long that takes", async () => {
  await using place = await emptyPlace();
  await using store = await place.open();
  const done: string[] = [];
  await drain(replaceMethod(store, "removeEnded", async ({ states }) => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    done.push(...states);
    return 0;
  }));
  assert.deepEqual(done, ["completed", "cancelled"]);
});

Deno.test("Supervisor runs what there is, also where nothing can be removed", async () => {
  await using place = await emptyPlace();
  await using store = await place.open();
  await store.enqueue([newJob("job1"), newJob("job2")]);
  const said = await drain(
    replaceMethod(store, "removeEnded", () => Promise.reject(new StoreError("Nothing goes"))),
  );
  assert.deepEqual((await store.jobs({})).map(({ state }) => state), ["completed", "completed"]);
  const failures = said.filter(({ type }) => type === "retention_failed");
  assert.deepEqual(failures, [{ type: "retention_failed", error: "Nothing goes" }]);
});

Deno.test("Supervisor without a free slot answers many rings with few ticks, and soon", async () => {
  await using place = await emptyPlace();
  await using store = await place.open();
  await store.enqueue([
    newJob("job1", { command: `until [ -e '${place.path}.go' ]; do sleep 0.01; done` }),
  ]);
  let ticks = 0;
  let ring = () => {};
  const counted = replaceMethod(store, "tick", (request) => {
    ticks++;
    return store.tick(request);
  });
  const ended = drain(replaceMethod(counted, "doorbell", (_, rung) => {
    ring = rung;
    return Promise.resolve(null);
  }));
  await waitFor(async () => (await store.job("job1"))?.state === "processing");
  const [begun, before] = [performance.now(), ticks];
  for (let turn = 0; turn < 50; turn++) {
    ring();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await waitFor(() => ticks > before);
  // Some are heartbeats, or tell of output.
  const most = 4 + (performance.now() - begun) / 20;
  assert.ok(ticks - before <= most, `${ticks - before} ticks, not ${most}`);
  await Deno.writeTextFile(`${place.path}.go`, "");
  await ended;
});
