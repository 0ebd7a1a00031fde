/** Ticks of which a worker does not learn whether they were done. */

import assert from "node:assert/strict";
import { StoreError, UnknownOutcomeError } from "../../../src/errors.ts";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import type { Surroundings } from "../../../src/store/postgres/tick.ts";
import type { Store } from "../../../src/store/store.ts";
import type { TickRequest } from "../../../src/store/tick.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { newJob } from "../../job/jobs.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";

/** Milliseconds for which the server is waited for, and by which what was given up comes later than that. */
const PATIENCE = 500;
const LATENESS = 1500;

/** A store, and a worker of it that has a network of its own. */
async function scene(how: Pick<Surroundings, "reserving"> = {}) {
  await using stack = new AsyncDisposableStack();
  const schema = stack.use(await TestSchema.named());
  const network = stack.use(Proxy.before(schema.url));
  const open = async (url: string) =>
    stack.use(
      new SqlStore(
        await PostgresEngine.open(url, { create: true, patience: PATIENCE, surroundings: how }),
      ),
    );
  const store = await open(schema.url);
  const far = await open(network.through(schema.url));
  await join(far, "w");
  const rest = stack.move();
  return { store, far, network, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() };
}

const PROCESS = { pid: 1, startTime: "1" };

async function join(store: Store, id: string): Promise<void> {
  await store.join({
    ...{ id, host: "far", hostIdentity: "far", process: PROCESS },
    ...{ slots: 1, queues: null, lease: 12_000 },
  });
}

/** What a tick claims for one free place. A brief one goes to the server as a whole, with its commit. */
async function claim(store: Store, worker: string): Promise<string[]> {
  const request: TickRequest = {
    ...{ worker, isBrief: true, ended: [], output: [], draining: false, buried: [] },
    ...{ free: [PROCESS], observed: new Map() },
  };
  return (await store.tick(() => request)).claimed.map(({ jobId }) => jobId);
}

async function states(store: Store): Promise<string[]> {
  return (await store.jobs({})).map(({ id, state }) => `${id} ${state}`).sort();
}

Deno.test("tick() that comes to the server when it was given up claims nothing", async () => {
  await using country = await scene();
  const { store, far, network } = country;
  await store.enqueue([newJob("a"), newJob("b")]);
  network.treat({ kind: "late", milliseconds: LATENESS }, "there");
  await assert.rejects(claim(far, "w"), StoreError);
  network.treat({ kind: "pass" });
  assert.deepEqual(await waitFor(() => claim(far, "w").catch(() => null)), ["a"]);
  assert.deepEqual(await states(store), ["a processing", "b pending"]);
  await waitFor(() => network.open === 1);
  assert.deepEqual(await states(store), ["a processing", "b pending"]);
  assert.deepEqual(await claim(far, "w"), ["b"]);
});

const GIVES = "tick() gives back what it has claimed without an answer, and then claims it";
Deno.test(GIVES, () => givesBack());
Deno.test(`${GIVES} (reserving)`, () => givesBack({ reserving: { from: 1, pause: 0 } }));

async function givesBack(how: Pick<Surroundings, "reserving"> = {}): Promise<void> {
  await using country = await scene(how);
  const { store, far, network } = country;
  // The connections are there now.
  assert.deepEqual(await claim(far, "w"), []);
  await store.enqueue([newJob("a")]);
  network.treat({ kind: "swallow" }, "back");
  await assert.rejects(claim(far, "w"), StoreError);
  assert.deepEqual(await states(store), ["a processing"]);
  network.treat({ kind: "pass" });
  assert.deepEqual(await waitFor(() => claim(far, "w").catch(() => null)), ["a"]);
  assert.deepEqual((await store.attempts("a")).map(({ attempt }) => attempt), [1]);
  assert.equal((await store.job("a"))?.attempts, 1);
}

Deno.test("tick() tells what it has settled without an answer, and what is stale", async () => {
  await using country = await scene();
  const { store, far, network } = country;
  await store.enqueue(["a", "b", "c"].map((id) => newJob(id, { maxRetries: 0 })));
  const request: TickRequest = {
    ...{ worker: "w", isBrief: true, ended: [], output: [], draining: false, buried: [] },
    ...{ free: [PROCESS, PROCESS, PROCESS], observed: new Map() },
  };
  const { claimed, now } = await far.tick(request);
  const ended = claimed.map(({ jobId, token }, i) => ({
    ...{ jobId, token, chunks: [], outputBytes: 0, finishedAt: now + i },
    outcome: i === 0 ? { kind: "completed" } as const : { kind: "failed", exitCode: 3 } as const,
  }));
  const again = { ...request, free: [], ended };
  // Somebody else has settled it.
  await store.tick({ ...again, ended: [{ ...ended[2]!, finishedAt: now + 9 }] });
  network.edit = (bytes, direction) => {
    const isDone = direction === "back" && new TextDecoder().decode(bytes).includes("COMMIT");
    if (isDone) network.treat({ kind: "swallow" }, "back");
    return bytes;
  };
  await assert.rejects(far.tick(again), UnknownOutcomeError);
  network.edit = (bytes) => bytes;
  network.treat({ kind: "pass" });
  assert.deepEqual(await states(store), ["a completed", "b dead", "c dead"]);
  const { settled, stale } = await waitFor(() => far.tick(again).catch(() => null));
  assert.deepEqual(
    settled.map(({ jobId, state, outcome, exitCode }) => [jobId, state, outcome, exitCode]),
    [["a", "completed", "completed", 0], ["b", "dead", "failed", 3]],
  );
  assert.deepEqual(stale, [ended[2]!.token]);
  // It is asked but once.
  assert.equal((await far.tick(again)).stale.length, 3);
});

Deno.test("tick() claims for a worker that was given up and goes on under a new id", async () => {
  await using country = await scene();
  const { store, far, network } = country;
  network.treat({ kind: "swallow" }, "back");
  await assert.rejects(claim(far, "w"), StoreError);
  network.treat({ kind: "pass" });
  assert.deepEqual(await waitFor(() => claim(far, "w").catch(() => null)), []);
  await far.leave("w");
  await join(far, "w2");
  await store.enqueue([newJob("a")]);
  assert.deepEqual(await claim(far, "w2"), ["a"]);
});
