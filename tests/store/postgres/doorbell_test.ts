import assert from "node:assert/strict";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";
import { channelOf } from "../../../src/store/postgres/doorbell.ts";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import { Session } from "../../../src/store/postgres/session.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { NewJob } from "../../../src/job/job.ts";
import { newJob } from "../../job/jobs.ts";
import { type PostgresSession, TestSchema } from "../../toolchain/postgres_session.ts";

/** More than all of which are woken. */
const MANY = Array.from({ length: 10 }, (_, i) => `worker-${String(i).padStart(6, "0")}`);

Deno.test("of many workers those are woken for whom there is something to do", async (t) => {
  await using fleet = await Fleet.of(MANY);
  const [first, second, third] = MANY;
  const enqueue = (...jobs: readonly NewJob[]) => fleet.wokenBy(() => fleet.store.enqueue(jobs));
  await t.step("for what is not yet a job to run, one", async () => {
    assert.equal((await enqueue(newJob("soon", { delay: 500 }))).length, 1);
    await fleet.store.remove("soon", ["scheduled"]);
  });
  await t.step("for jobs to run, as many as they need, of four slots each", async () => {
    assert.equal((await enqueue(newJob("a"), newJob("b"))).length, 1);
    const seven = Array.from({ length: 7 }, (_, i) => newJob(`job-${i}`));
    assert.equal((await enqueue(...seven)).length, 3);
  });
  await t.step("who has free slots, and serves the queue", async () => {
    await fleet.sql(`UPDATE worker SET slots = 0 WHERE id NOT IN ('${second}', '${third}')`);
    await fleet.sql(`UPDATE worker SET queues = '["rare"]' WHERE id = '${third}'`);
    assert.deepEqual(await enqueue(newJob("common")), [second]);
    assert.deepEqual(await enqueue(newJob("rare", { queue: "rare" })), [second, third]);
  });
  await t.step("none that drains, but who runs what is to be cancelled", async () => {
    await fleet.sql("UPDATE worker SET draining = 1");
    assert.deepEqual(await enqueue(newJob("nobody's")), []);
    await fleet.sql(
      `UPDATE job SET state = 'processing', token = 't', worker_id = '${first}' WHERE id = 'a'`,
    );
    assert.deepEqual(await fleet.wokenBy(() => fleet.store.cancel("a")), [first]);
  });
});

Deno.test("a doorbell rings after each commit, and not too often", async (t) => {
  const worker = "worker-000001";
  await using fleet = await Fleet.of([worker]);
  await using other = await fleet.open();
  const rungSince = (before: number) => waitFor(() => fleet.rings(worker) > before);
  await t.step("a ring that comes too early comes later", async () => {
    for (let i = 0; i < 5; i++) {
      const before = fleet.rings(worker);
      await fleet.store.enqueue([newJob(`a-${i}`)]);
      await other.enqueue([newJob(`b-${i}`)]);
      await rungSince(before);
      const sql = `SELECT last_value >= created_at AS has_rung FROM bell, job WHERE id = 'b-${i}'`;
      await waitFor(async () => (await fleet.sql(sql))[0]!.has_rung === 1);
    }
  });
  await t.step(
    "there is one in 4 milliseconds at most",
    () => ringsWithin(4, [fleet.store, other]),
  );
  await t.step("who leaves at once rings before", async () => {
    const leaving = await fleet.open();
    const before = fleet.rings(worker);
    await leaving.enqueue([newJob("leaving")]);
    await leaving[Symbol.asyncDispose]();
    await rungSince(before);
  });
  await t.step("one whose connection was lost is hung again, and rings then", async () => {
    const ended = await fleet.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE query LIKE 'LISTEN "qctl:' || current_schema() || '%'`,
    );
    assert.equal(ended.length, 1);
    await rungSince(fleet.rings(worker));
    const before = fleet.rings(worker);
    await fleet.store.enqueue([newJob("last")]);
    await rungSince(before);
  });
});

Deno.test("of many workers the doorbells ring once in 20 milliseconds at most", async () => {
  await using fleet = await Fleet.of(MANY);
  await using other = await fleet.open();
  await ringsWithin(20, [fleet.store, other]);
});

Deno.test("the doorbells ring for others while an insert waits", async () => {
  const worker = "worker-000001";
  await using fleet = await Fleet.of([worker]);
  await using session = await fleet.session();
  await session.script(
    `BEGIN; INSERT INTO job (id, queue, state, priority, max_retries, backoff_base, backoff_max,
      backoff_jitter, created_at, updated_at, command)
    VALUES ('a', 'default', 'held', 0, 0, 2, 1, 0, 1, 1, 'true')`,
  );
  const waiting = fleet.store.enqueue([newJob("a")]);
  await waitFor(async () =>
    (await session.ask(
      "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))",
    )).length > 0
  );
  const before = fleet.rings(worker);
  await fleet.store.enqueue([newJob("b")]);
  await waitFor(() => fleet.rings(worker) > before);
  await session.script("ROLLBACK");
  await waiting;
  await waitFor(() => fleet.rings(worker) > before + 1);
});

/** However much stores enqueue, so many milliseconds are between two rings, by the clock of the server. */
async function ringsWithin(window: number, stores: readonly SqlStore[]): Promise<void> {
  const { query } = Session.prototype;
  using stack = new DisposableStack();
  stack.defer(() => Session.prototype.query = query);
  const waited: number[] = [];
  let early = 0;
  Session.prototype.query = async function (...asked) {
    const reply = await query.apply(this, asked);
    const { has_rung: hasRung, last, now } = reply.rows[0] ?? {};
    // Who looks at the same moment as another one rings as well.
    if (hasRung === 1) waited.push((now as number) - (last as number));
    else if (hasRung === 0) early++;
    return reply;
  };
  for (let turn = 0; turn < 5; turn++) {
    await Promise.all(
      stores.flatMap((store, at) =>
        Array.from(
          { length: 10 },
          (_, i) => store.enqueue([newJob(`${window}-${turn}-${at}-${i}`)]),
        )
      ),
    );
  }
  await waitFor(() => waited.length > 1 && early > 0);
  assert.ok(Math.min(...waited) >= window, `${waited} ms after the last ring`);
}

/** Workers that do nothing but hear their doorbells. */
class Fleet implements AsyncDisposable {
  readonly store: SqlStore;
  readonly #schema: TestSchema;
  readonly #connections: Connections;
  readonly #stack: AsyncDisposableStack;
  readonly #rings = new Map<string, number>();
  /** Who has heard all that there was before a mark. */
  readonly #marked = new Set<string>();

  private constructor(
    schema: TestSchema,
    store: SqlStore,
    connections: Connections,
    stack: AsyncDisposableStack,
  ) {
    this.#schema = schema;
    this.store = store;
    this.#connections = connections;
    this.#stack = stack;
  }

  static async of(workers: readonly string[]): Promise<Fleet> {
    await using stack = new AsyncDisposableStack();
    const schema = stack.use(await TestSchema.named());
    const store = stack.use(await openStore(schema));
    const connections = stack.use(await Connections.open(parseAddress(schema.url)));
    const fleet = new Fleet(schema, store, connections, stack.move());
    await Promise.all(workers.map((id) => fleet.#join(id)));
    return fleet;
  }

  open(): Promise<SqlStore> {
    return openStore(this.#schema);
  }

  /** How often a worker was woken. */
  rings(worker: string): number {
    return this.#rings.get(worker)!;
  }

  /** Who is woken by something, in order of their ids. */
  async wokenBy(work: () => Promise<unknown>): Promise<string[]> {
    const before = new Map(this.#rings);
    const bell = await this.#bell();
    await work();
    await waitFor(async () => await this.#bell() !== bell, { message: "a ring" });
    this.#marked.clear();
    for (const id of before.keys()) {
      await this.sql(`SELECT pg_notify('${this.#channel(id)}', 'mark')`);
    }
    await waitFor(() => this.#marked.size === before.size);
    return [...before.keys()].filter((id) => this.rings(id) > before.get(id)!).sort();
  }

  session(): Promise<PostgresSession> {
    return this.#schema.session();
  }

  /** Asks the database. */
  async sql(text: string) {
    return (await this.#connections.use((connection) => connection.query(text))).rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  async #join(id: string): Promise<void> {
    const process = { pid: 1, startTime: "1" };
    await this.store.join({ id, host: "h", hostIdentity: "i", process, slots: 4, queues: null });
    this.#rings.set(id, 0);
    const { promise: isThere, resolve } = Promise.withResolvers<void>();
    const bell = this.#connections.listen(this.#channel(id), (payload) => {
      if (payload === "mark") this.#marked.add(id);
      else this.#rings.set(id, this.rings(id) + 1);
      resolve();
    });
    this.#stack.use(bell);
    await isThere;
  }

  #channel(id: string): string {
    return channelOf(this.#schema.name, id);
  }

  /** When somebody has rung the last time. */
  async #bell(): Promise<unknown> {
    return (await this.sql("SELECT last_value AS at FROM bell"))[0]!.at;
  }
}

async function openStore(schema: TestSchema): Promise<SqlStore> {
  return new SqlStore(await PostgresEngine.open(schema.url, { create: true }));
}
