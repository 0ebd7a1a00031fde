/** A worker that cannot reach a store which workers of other machines use, too. */

import assert from "node:assert/strict";
import { resolveConfig } from "../../src/config.ts";
import { StoreError } from "../../src/errors.ts";
import { Events, type WorkerEvent } from "../../src/observe/events.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { currentHost, type Host, processInfo } from "../../src/worker/host.ts";
import { Supervisor } from "../../src/worker/supervisor.ts";
import { Proxy as Network } from "../helpers/proxy.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { newJob } from "../job/jobs.ts";
import { emptyPlace } from "../store/sqlite/place.ts";
import { TestSchema } from "../toolchain/postgres_session.ts";

/** A machine whose processes cannot be looked at from here. */
const ELSEWHERE: Host = { name: "elsewhere", identity: "another boot" };

/** A store that several machines share, as this one sees it and as another one does, whose way to it can be cut. */
interface Country extends AsyncDisposable {
  readonly here: Store;
  readonly there: Store;
  /** The path of a file that commands write. */
  at(name: string): string;
  cut(): void;
  mend(): void;
}

/** The same store, with its files elsewhere. */
function elsewhere(store: Store, directory: string, call = (work: () => unknown) => work()): Store {
  return new Proxy(store, {
    get(target, key) {
      if (key === "isShared") return true;
      if (key === "directory") return directory;
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => call(() => Reflect.apply(value, target, args));
    },
  });
}

/** In one file, of which nobody may know. */
async function oneFile(): Promise<Country> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await emptyPlace());
  const here = stack.use(await place.open());
  const other = stack.use(await place.open());
  const at = (name: string) => `${place.directory}/${name}`;
  const away = () => Promise.reject(new StoreError("The server does not answer"));
  let isCut = false;
  const there = elsewhere(other, at("there"), (work) => isCut ? away() : work());
  const rest = stack.move();
  return {
    ...{ here, there, at },
    cut: () => isCut = true,
    mend: () => isCut = false,
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}

/** In PostgreSQL, to which the packets of the other machine get lost. */
async function oneServer(): Promise<Country> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDir());
  const schema = stack.use(await TestSchema.named());
  const network = stack.use(Network.before(schema.url));
  const here = stack.use(await openStore(schema.url, { create: true }));
  const other = stack.use(await openStore(network.through(schema.url), { create: false }));
  const rest = stack.move();
  return {
    here: elsewhere(here, folder.join("here")),
    there: elsewhere(other, folder.join("there")),
    at: (name) => folder.join(name),
    cut: () => network.treat({ kind: "swallow" }),
    mend() {
      network.treat({ kind: "pass" });
      // As a machine's own system does after a while.
      network.cut();
    },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}

/** A worker on a host, and what it says. */
async function workerOn(host: Host, store: Store) {
  const events = new Events();
  const said: WorkerEvent[] = [];
  events.subscribe((event) => said.push(event));
  const config = resolveConfig(await store.settings());
  const supervisor = new Supervisor(store, events, {
    ...{ name: "w", host, slots: 2, threads: 1, queues: null, drainWait: null, singleton: false },
    ...{ insideJob: null, shutdownGrace: null, config },
  });
  const ended = supervisor.run();
  return {
    said: (type: WorkerEvent["type"]) => said.filter((event) => event.type === type),
    leftToRun: () => said.flatMap((event) => event.type === "store_away" ? [event.leftToRun] : []),
    async stop() {
      supervisor.stop("now");
      await ended;
    },
  };
}

/** The first attempt stays; the second one says which processes of the first it finds. */
function command(at: (name: string) => string): string {
  return `if [ -e ${at("first")} ]; then for p in $(cat ${at("first")}); do ` +
    `kill -0 $p 2>/dev/null && echo $p; done; exit 0; fi; ` +
    `trap '' TERM; setsid sleep 300 & echo $! $$ > ${at("new")}; mv ${at("new")} ${at("first")}; ` +
    `sleep 300; sleep 300`;
}

Deno.test("Supervisor that is cut off ends its jobs before another machine takes them over", async () => {
  await using country = await oneServer();
  const { here, there, at } = country;
  await here.configure("lease", "5s");
  await here.enqueue([newJob("job", { command: command(at), maxRetries: 3, backoffBase: 0.1 })]);
  const remote = await workerOn(ELSEWHERE, there);
  const tree = await waitFor(() => Deno.readTextFile(at("first")).catch(() => null));
  const judge = await workerOn(currentHost(), here);
  country.cut();
  await waitFor(async () => (await here.job("job"))?.state === "completed", { timeout: 30_000 });
  assert.equal(tree.trim().split(" ").length, 2);
  const [lost, second] = await here.attempts("job");
  assert.deepEqual([lost?.outcome, second?.outcome], ["lost", "completed"]);
  assert.deepEqual(await here.output("job", 2, 0), [], "nothing was left of the first attempt");
  assert.equal(remote.said("lease_over").length, 1);

  // What it brings now is too late.
  country.mend();
  await waitFor(() => remote.said("worker_evicted").length > 0);
  await waitFor(() => remote.said("attempt_stale").length > 0);
  const outcomes = (await here.attempts("job")).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ["lost", "completed"]);
  await here.enqueue([newJob("again", { command: "true" })]);
  await waitFor(async () => (await here.job("again"))?.state === "completed");
  await judge.stop();
  await remote.stop();
  assert.deepEqual(await here.workers(), []);
});

for (const [name, make] of [["a file", oneFile], ["PostgreSQL", oneServer]] as const) {
  Deno.test(`Supervisor that reaches ${name} again in time hands back what it has ended, uncounted`, async () => {
    await using country = await make();
    const { here, there, at } = country;
    await here.configure("lease", "5s");
    await here.enqueue([newJob("job", { command: command(at), maxRetries: 0 })]);
    const remote = await workerOn(ELSEWHERE, there);
    const tree = await waitFor(() => Deno.readTextFile(at("first")).catch(() => null));
    country.cut();
    const pids = tree.trim().split(" ").map(Number);
    await waitFor(() => pids.every((pid) => !processInfo(pid)?.alive));
    country.mend();
    await waitFor(async () => (await here.job("job"))?.state === "completed");
    assert.equal((await here.job("job"))?.attempts, 1);
    const attempts = await here.attempts("job");
    assert.deepEqual(attempts.map(({ outcome }) => outcome), ["handed_back", "completed"]);
    assert.deepEqual([remote.said("worker_evicted"), remote.said("attempt_stale")], [[], []]);
    const [left] = remote.leftToRun();
    assert.ok(left === undefined || left! <= 2500, String(left));
    await remote.stop();
  });
}

Deno.test("Supervisor whose ticks wait for somebody who works alone on the store ends nothing", async () => {
  await using folder = await tempDir();
  await using schema = await TestSchema.named();
  await using store = await openStore(schema.url, { create: true });
  await using session = await schema.session();
  await store.configure("lease", "5s");
  const at = (name: string) => folder.join(name);
  const stays = `echo > ${at("begun")}; until [ -e ${at("go")} ]; do sleep 0.05; done`;
  await store.enqueue([newJob("job", { command: stays, maxRetries: 0 })]);
  const worker = await workerOn(ELSEWHERE, elsewhere(store, at("spool")));
  await waitFor(() => Deno.readTextFile(at("begun")).catch(() => null));
  await session.script("BEGIN; LOCK TABLE gate IN EXCLUSIVE MODE");
  const heartbeat = async () => (await store.workers())[0]!.heartbeat;
  const before = await heartbeat();
  // So long that its jobs would have been ended, had it not beaten meanwhile.
  await waitFor(async () => await heartbeat() >= before + 4);
  await session.script("COMMIT");
  await Deno.writeTextFile(at("go"), "");
  await waitFor(async () => (await store.job("job"))?.state === "completed");
  assert.deepEqual([worker.said("lease_over"), worker.said("store_away")], [[], []]);
  await worker.stop();
});
