/** A worker elsewhere that stands still for longer than its lease, is given up, and comes back. */

import assert from "node:assert/strict";
import { resolveConfig } from "../../src/config.ts";
import { ConflictError } from "../../src/errors.ts";
import { Events, type WorkerEvent } from "../../src/observe/events.ts";
import type { Store } from "../../src/store/store.ts";
import { currentHost, type Host, processInfo } from "../../src/worker/host.ts";
import { Supervisor } from "../../src/worker/supervisor.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { newJob } from "../job/jobs.ts";
import { infoOf } from "../store/scene.ts";
import { emptyPlace } from "../store/sqlite/place.ts";

/** A machine whose processes cannot be looked at from here. */
const ELSEWHERE: Host = { name: "elsewhere", identity: "another boot" };

/** A way to the store that can be closed: ticks wait in front of it, as in a machine that sleeps. */
function gateTo(store: Store) {
  let open = Promise.withResolvers<void>();
  open.resolve();
  let waiting = 0;
  const gated: Store = new Proxy(store, {
    get(target, key) {
      if (key === "tick") {
        return async (request: Parameters<Store["tick"]>[0]) => {
          waiting++;
          await open.promise;
          waiting--;
          return await target.tick(request);
        };
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    store: gated,
    async close() {
      open = Promise.withResolvers();
      await waitFor(() => waiting === 1);
    },
    open: () => open.resolve(),
  };
}

/** A worker on a host, and what it says. */
async function workerOn(host: Host, store: Store, drainWait: number | null) {
  const events = new Events();
  const said: WorkerEvent[] = [];
  events.subscribe((event) => said.push(event));
  const config = resolveConfig(await store.settings());
  const supervisor = new Supervisor(store, events, {
    ...{ name: "w", host, slots: 2, threads: 1, queues: null, drainWait, singleton: false },
    ...{ insideJob: null, shutdownGrace: null, config },
  });
  const of = <T extends WorkerEvent["type"]>(type: T) =>
    said.filter((event): event is Extract<WorkerEvent, { type: T }> => event.type === type);
  return { supervisor, of };
}

/** All that the store knows of two jobs. */
async function knowledge(store: Store, ids: readonly string[]) {
  return await Promise.all(ids.map(async (id) => {
    const attempts = await store.attempts(id);
    const output = await Promise.all(attempts.map(({ attempt }) => store.output(id, attempt, 0)));
    return { job: await store.job(id), attempts, output };
  }));
}

Deno.test("Supervisor that comes back finds that all it brings late changes nothing", async () => {
  await using place = await emptyPlace();
  await using store = await place.open();
  await using remoteStore = await place.open();
  const at = (name: string) => `${place.directory}/${name}`;
  const text = (name: string) => Deno.readTextFile(at(name)).catch(() => "");
  const first = (body: string) =>
    `if [ $QUEUECTL_ATTEMPT = 2 ]; then echo second; else ${body}; fi`;
  const jobs = {
    late: first(
      `echo x > ${at("a")}; until test -e ${at("go")}; do sleep 0.02; done; echo late; echo x > ${
        at("c")
      }`,
    ),
    tree: first(`sleep 300 & echo $! $$ > ${at("b")}; sleep 301`),
  };
  const ids = Object.keys(jobs);
  await store.enqueue(
    Object.entries(jobs).map(([id, command]) =>
      newJob(id, { command, maxRetries: 5, backoffBase: 0.1 })
    ),
  );
  await store.configure("lease", "5s");

  const gate = gateTo(remoteStore);
  const remote = await workerOn(ELSEWHERE, gate.store, null);
  const ended = remote.supervisor.run();
  await waitFor(async () => await text("a") !== "" && await text("b") !== "");
  const oldName = (await store.workers())[0]!.id;
  await gate.close();
  const attempts = await store.attemptsOf(oldName);
  assert.equal(attempts.length, 2);

  // Another one has seen its heart stand still for almost as long.
  const { heartbeat } = await infoOf(store, oldName);
  const observer = { host: "here", hostIdentity: "x", process: { pid: 1, startTime: "1" } };
  await store.join({ id: "observer", ...observer, slots: 1, queues: null });
  await store.tick({
    ...{ worker: "observer", ended: [], output: [], free: [], draining: true, buried: [] },
    observed: new Map([[oldName, { heartbeat, unmovedFor: 4900 }]]),
  });
  await store.leave("observer");
  const judge = await workerOn(currentHost(), store, 1000);
  await judge.supervisor.run();
  assert.deepEqual(
    judge.of("worker_lost").map(({ worker, reason }) => [worker.id, reason]),
    [[oldName, "hung"]],
  );
  const before = await knowledge(store, ids);
  for (const { job, attempts } of before) {
    assert.equal(job?.state, "completed");
    assert.deepEqual(attempts.map(({ outcome }) => outcome), ["lost", "completed"]);
  }

  await Deno.writeTextFile(at("go"), "");
  await waitFor(async () => await text("c") !== "");
  const tree = (await text("b")).split(" ").map(Number);
  assert.ok(tree.every((pid) => processInfo(pid)?.alive), "what runs elsewhere is out of reach");
  gate.open();
  await waitFor(() => remote.of("worker_evicted").length > 0);
  await waitFor(() => remote.of("attempt_stale").length === 2);
  assert.deepEqual(
    remote.of("attempt_stale").map(({ token }) => token).sort(),
    attempts.map(({ token }) => token).sort(),
  );
  await waitFor(() => tree.every((pid) => !processInfo(pid)?.alive));
  for (const attempt of attempts) {
    const progress = { percent: 50, message: "late" };
    await assert.rejects(store.reportProgress(attempt, progress), ConflictError);
  }
  assert.deepEqual(await knowledge(store, ids), before);

  await store.enqueue([newJob("again", { command: "true" })]);
  await waitFor(async () => (await store.job("again"))?.state === "completed");
  const { workerId } = (await store.job("again"))!;
  assert.notEqual(workerId, oldName);
  assert.deepEqual((await store.workers()).map(({ id }) => id), [workerId]);
  remote.supervisor.stop("drain");
  await ended;
  assert.deepEqual(await store.workers(), []);
});
