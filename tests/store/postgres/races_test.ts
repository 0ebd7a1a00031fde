import assert from "node:assert/strict";
import { UniqueKeyTakenError, UnknownOutcomeError } from "../../../src/errors.ts";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Claim, TickRequest, TickResult } from "../../../src/store/tick.ts";
import type { NewWorker } from "../../../src/store/workers.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { newJob } from "../../job/jobs.ts";
import { type PostgresSession, TestSchema } from "../../toolchain/postgres_session.ts";
import { after, COMPLETED, launchers, LOST } from "../scene.ts";

const WORKER: NewWorker = {
  ...{ id: "w", host: "host-a", hostIdentity: "boot-a", slots: 4, queues: null },
  process: { pid: 100, startTime: "1000" },
};

/** A store by the clock of the server, its worker, and somebody who stands in the way. */
class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly store: Store;
  readonly other: PostgresSession;
  readonly #url: string;

  private constructor(url: string, store: Store, other: PostgresSession) {
    this.#url = url;
    this.store = store;
    this.other = other;
  }

  /** A network that fails on demand. */
  proxy(): Proxy {
    return this.#stack.use(Proxy.before(this.#url));
  }

  static async set(): Promise<Stage> {
    const schema = await TestSchema.named();
    const store = new SqlStore(await PostgresEngine.open(schema.url, { create: true }));
    const stage = new Stage(schema.url, store, await schema.session());
    stage.#stack.use(schema);
    stage.#stack.use(stage.other);
    stage.#stack.use(store);
    await store.join(WORKER);
    return stage;
  }

  async open(by?: Proxy, patience?: number): Promise<Store> {
    const url = by?.through(this.#url) ?? this.#url;
    const options = { create: true, ...patience !== undefined && { patience } };
    return this.#stack.use(new SqlStore(await PostgresEngine.open(url, options)));
  }

  tick(request: Partial<TickRequest> = {}, store = this.store): Promise<TickResult> {
    return store.tick({
      ...{ worker: "w", ended: [], output: [], free: [], observed: new Map() },
      ...{ draining: false, buried: [] },
      ...request,
    });
  }

  /** Until somebody waits for what the other one holds. */
  async waiting(): Promise<void> {
    const sql =
      "SELECT 1 AS found FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    await waitFor(async () => (await this.other.ask(sql)).length > 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack[Symbol.asyncDispose]();
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function completed({ jobId, token }: Claim) {
  const finishedAt = Date.now();
  return { jobId, token, outcome: COMPLETED, finishedAt, chunks: [], outputBytes: 0 };
}

Deno.test("tick() keeps those who wait for a job that was retried before they were told of its end", async () => {
  await using stage = await Stage.set();
  const { store, other } = stage;
  await store.enqueue([
    ...[newJob("a"), newJob("b")],
    ...[
      newJob("of-a", { after: after({ id: "a", on: "any" }) }),
      newJob("of-b", { after: after("b") }),
    ],
  ]);
  const { claimed } = await stage.tick({ free: launchers(2) });
  // The worker dies between the transaction that settles and the one that tells.
  const moments = claimed.map(({ jobId, token }) => [jobId, token]);
  for (const [id, token] of moments) {
    await other.ask(
      "UPDATE job SET state = 'completed', token = NULL, finished_at = 1 WHERE id = ? AND token = ?",
      id!,
      token!,
    );
    await other.ask("INSERT INTO ended_parent VALUES (?)", id!);
  }
  await store.retry("a", ["completed"]);
  const { claimed: [again] } = await stage.tick({ free: launchers(1) });
  assert.equal(again?.jobId, "a");
  assert.equal((await store.job("of-b"))?.state, "pending");
  assert.equal((await store.job("of-a"))?.state, "blocked");
  await stage.tick({ ended: [completed(again)] });
  assert.equal((await store.job("of-a"))?.state, "pending");
});

Deno.test("retry() finds the job that takes its unique key meanwhile", async () => {
  await using stage = await Stage.set();
  const { store, other } = stage;
  await store.enqueue([newJob("old", { uniqueKey: "key" }), newJob("model", { uniqueKey: "it" })]);
  await store.cancel("old");
  await store.cancel("model");
  await other.script(
    `BEGIN; LOCK TABLE gate IN ACCESS SHARE MODE; INSERT INTO job (id, queue, state, priority, max_retries,
      backoff_base, backoff_max, backoff_jitter, created_at, updated_at, unique_key, command)
    SELECT 'new', queue, 'pending', priority, max_retries, backoff_base, backoff_max, backoff_jitter, created_at,
      updated_at, 'key', command FROM job WHERE id = 'model'`,
  );
  const retrying = assert.rejects(store.retry("old", ["cancelled"]), UniqueKeyTakenError);
  await stage.waiting();
  await other.script("COMMIT");
  await retrying;
});

Deno.test("tick() with limits fails with the first error, and with none that nobody catches", async () => {
  await using stage = await Stage.set();
  const { store, other } = stage;
  await store.configureQueue("narrow", { limit: 2 }, { create: true });
  await store.enqueue(["a", "b", "c"].map((id) => newJob(id, { queue: "narrow" })));
  const { claimed } = await stage.tick({ free: launchers(1) });
  await other.script(
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'it is' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER failing BEFORE UPDATE ON attempt EXECUTE FUNCTION fail()`,
  );
  const uncaught: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    uncaught.push(event.reason);
  };
  addEventListener("unhandledrejection", note);
  const ended = claimed.map(completed);
  await assert.rejects(stage.tick({ ended, free: launchers(2) }), /disk .* is full/);
  await new Promise((resolve) => setTimeout(resolve));
  removeEventListener("unhandledrejection", note);
  assert.deepEqual(uncaught, []);
});

Deno.test("tick() starts jobs of a queue with a rate at the time at which it is its turn", async () => {
  await using stage = await Stage.set();
  const { store, other } = stage;
  const period = 100_000;
  await store.configureQueue("rated", { rate: { count: 1, period } }, { create: true });
  await store.enqueue([newJob("a", { queue: "rated" })]);
  await other.script("BEGIN; SELECT FROM queue FOR UPDATE");
  const ticking = stage.tick({ free: launchers(1) });
  await stage.waiting();
  const [before] = await other.ask(
    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS now",
  );
  await other.script("COMMIT");
  assert.equal((await ticking).claimed.length, 1);
  const [start] = await other.ask("SELECT at FROM start");
  assert.ok((start!.at as number) >= (before!.now as number));
});

Deno.test("tick() leaves counters alone that are added up, however many queues there are", async () => {
  await using stage = await Stage.set();
  const { store, other } = stage;
  await store.enqueue(
    Array.from({ length: 300 }, (_, i) => newJob(`job-${i}`, { queue: `queue-${i}` })),
  );
  await stage.tick();
  const rows = () => other.ask("SELECT xmin::text AS written FROM counter_sum");
  const before = await rows();
  assert.equal(before.length, 300);
  await stage.tick();
  assert.deepEqual(await rows(), before);
  await store.cancel("job-7");
  const seven = (await store.queues()).find(({ queue }) => queue === "queue-7")!;
  assert.deepEqual([seven.counts.pending, seven.counts.cancelled], [0, 1]);
});

Deno.test("join() again, for it had no answer, changes nothing; another process by that id is refused", async () => {
  await using stage = await Stage.set();
  const { store } = stage;
  await stage.tick();
  const before = await store.workers();
  await store.join(WORKER);
  assert.deepEqual(await store.workers(), before);
  const process = { pid: 100, startTime: "1001" };
  await assert.rejects(store.join({ ...WORKER, process }), /There is a worker w already/);
});

Deno.test("tick() settles the attempts of two workers that rescue each other at once", async () => {
  await using stage = await Stage.set();
  const { store } = stage;
  const other = await stage.open();
  await other.join({ ...WORKER, id: "v" });
  await store.enqueue(["a", "b", "c", "d"].map((id) => newJob(id, { maxRetries: 9 })));
  for (let round = 0; round < 1; round++) {
    const mine = await stage.tick({ free: launchers(2) });
    const theirs = await stage.tick({ worker: "v", free: launchers(2) }, other);
    const lost = ({ jobId, token }: Claim, worker: string) => ({
      ...{ jobId, token, outcome: LOST, finishedAt: Date.now(), chunks: [], outputBytes: 0 },
      unlessBack: { worker, heartbeat: -1 },
    });
    const both = await Promise.all([
      stage.tick({ ended: theirs.claimed.map((claim) => lost(claim, "v")) }),
      stage.tick({ worker: "v", ended: mine.claimed.map((claim) => lost(claim, "w")) }, other),
    ]);
    assert.deepEqual(both.map(({ settled }) => settled), [[], []]);
    const ended = [...mine.claimed, ...theirs.claimed].map(completed);
    // All are there still, since both are back.
    assert.equal((await stage.tick({ ended })).stale.length, 0);
    await store.actOnEach("retry", ["a", "b", "c", "d"]);
  }
});

for (
  const [name, count, answer] of [["one job", 1, "INSERT 0 1"], ["three", 3, "COMMIT"]] as const
) {
  Deno.test(`enqueue() finds what it has stored where the answer is lost: ${name}`, async () => {
    await using stage = await Stage.set();
    const proxy = stage.proxy();
    const cutOff = await stage.open(proxy);
    let isCut = false;
    proxy.edit = (bytes, direction) => {
      if (isCut || direction === "there" || !textOf(bytes).includes(answer)) return bytes;
      isCut = true;
      proxy.cut();
      return bytes;
    };
    const jobs = Array.from({ length: count }, (_, i) => newJob(`job-${i}`));
    const enqueued = await cutOff.enqueue(jobs);
    assert.ok(isCut);
    assert.deepEqual(enqueued, jobs.map(({ id }) => ({ id, isNew: true })));
    assert.equal((await stage.store.jobs({})).length, count);
  });
}

Deno.test("enqueue() does not take for its own what somebody else has stored meanwhile", async () => {
  await using stage = await Stage.set();
  const proxy = stage.proxy();
  const cutOff = await stage.open(proxy, 1000);
  await cutOff.enqueue([newJob("before")]);
  // Then a connection is there.
  await cutOff.jobs({});
  proxy.treat({ kind: "swallow" }, "there");
  const mine = assert.rejects(
    cutOff.enqueue([newJob("a", { command: "echo mine" })]),
    UnknownOutcomeError,
  );
  await stage.store.enqueue([newJob("a", { command: "echo theirs" })]);
  proxy.treat({ kind: "pass" });
  await mine;
  assert.equal((await stage.store.job("a"))!.command, "echo theirs");
});

Deno.test("enqueue() does not deny what it may have done, where the server cannot be asked either", async () => {
  await using stage = await Stage.set();
  const { other } = stage;
  const proxy = stage.proxy();
  const cutOff = await stage.open(proxy);
  await other.script(
    `CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER sleeping AFTER INSERT ON job DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION sleep()`,
  );
  const enqueuing = assert.rejects(cutOff.enqueue([newJob("a")]), UnknownOutcomeError);
  const sql =
    "SELECT 1 AS found FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE wait_event = 'PgSleep'" +
    " AND relation = 'gate'::regclass";
  await waitFor(async () => (await other.ask(sql)).length > 0);
  await proxy.refuse();
  await enqueuing;
  // It did.
  await waitFor(async () => await stage.store.job("a") !== null);
});
