import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../src/errors.ts";
import { openSqlite } from "../store/open_sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { reopening } from "../../src/web/reopening.ts";
import { Queue } from "../cli/queue.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { Dashboard } from "./dashboard.ts";
import type { EventStream } from "./event_stream.ts";

Deno.test("GET /api/events tells at once how things stand, and then what changes", async () => {
  await using dashboard = await Dashboard.open();
  const { queue } = dashboard;
  await queue.add("job1");
  await using stream = await dashboard.events();
  strictEqual(stream.response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const { now, ...status } = await stream.next("status");
  strictEqual(now, new Date(queue.now).toISOString());
  deepStrictEqual(status, (await dashboard.ask("/api/status")).body);
  const hour = (await dashboard.ask("/api/statistics?window=1h")).body;
  deepStrictEqual((await stream.next("statistics")).hour, hour);
  const first = await stream.next("changed");

  const began = performance.now();
  await queue.add("job2");
  await stream.next("status", ({ jobs }) => jobs.pending === 2);
  await stream.next("changed", ({ revision }) => revision !== first.revision);
  // By the pace of the stream it takes 0.7 s at the most; ten times that is a hang.
  ok(performance.now() - began < 7000);
  await using late = await dashboard.events();
  strictEqual((await late.next("status")).jobs.pending, 2);
});

Deno.test("a write by the dashboard itself is told as one by others is", async () => {
  await using dashboard = await Dashboard.open();
  await using stream = await dashboard.events();
  await stream.next("status");
  await dashboard.send("POST", "/api/jobs", { id: "job1", command: "true" });
  await stream.next("status", ({ jobs }) => jobs.pending === 1);
});

Deno.test("a hundred pages cost the store as much as one", async () => {
  const counts = [];
  for (const pages of [1, 100]) {
    const asked: string[] = [];
    await using dashboard = await Dashboard.open({
      through: (store) => counting(store, asked),
      // Nothing by the clock: what all get is read when the first one comes, and then no more.
      limits: { pace: { restless: 1e9, statistics: 1e9, status: 1e9 } },
    });
    const { queue } = dashboard;
    await queue.join();
    await queue.add("job1");
    const claim = await queue.claim();
    const streams = await Promise.all(
      Array.from({ length: pages }, () => dashboard.events("?job=job1")),
    );
    for (const kind of ["output", "status", "statistics"]) {
      await Promise.all(streams.map((stream) => stream.next(kind)));
    }
    // Nothing has changed, so nothing is asked for twice.
    deepStrictEqual(asked.toSorted(), [...new Set(asked)].toSorted());
    asked.length = 0;
    await queue.write(claim, ["stdout", "hello"]);
    await Promise.all(streams.map((stream) => stream.next("output", ({ next }) => next === 5)));
    const lists = await Promise.all(
      streams.map(() => dashboard.ask("/api/jobs?state=processing")),
    );
    ok(lists.every(({ body }) => body.jobs.length === 1));
    counts.push(asked.toSorted());
    for (const stream of streams) await stream[Symbol.asyncDispose]();
  }
  deepStrictEqual(counts[1], counts[0]);
});

/** The same store; what is asked of it is noted. */
function counting(store: Store, asked: string[]): Store {
  return new Proxy(store, {
    get(_, name) {
      const value: unknown = Reflect.get(store, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        // Microseconds, and no read.
        if (name !== "revision") asked.push(`${String(name)} ${JSON.stringify(args)}`);
        return Reflect.apply(value, store, args);
      };
    },
  });
}

Deno.test("a page gets the job that could not be read for the page before", async () => {
  let [isBroken, failures] = [true, 0];
  const broken = (store: Store) =>
    new Proxy(store, {
      get(_, name) {
        const value: unknown = Reflect.get(store, name);
        if (name === "attempts" && isBroken) {
          return () => Promise.reject(new StoreError(`failure ${++failures}`));
        }
        return typeof value === "function" ? value.bind(store) : value;
      },
    });
  await using dashboard = await Dashboard.open({ through: broken });
  await dashboard.queue.add("job1");
  await using first = await dashboard.events();
  await first.next("status");
  await using second = await dashboard.events("?job=job1");
  await waitFor(() => failures > 0);
  isBroken = false;
  // Nothing in the store has changed.
  await using third = await dashboard.events("?job=job1");
  strictEqual((await third.next("job")).id, "job1");
  await second.next("status");
});

Deno.test("a page that comes back goes on where it was: no output is lost or repeated", async () => {
  await using dashboard = await Dashboard.open({ limits: { pace: { look: 1 } } });
  const { queue } = dashboard;
  await queue.join();
  await queue.add("job1");
  const claim = await queue.claim();
  const written = { stdout: "", stderr: "" };
  const seen = { stdout: "", stderr: "" };
  let lastId: string | null = null;
  const encoder = new TextEncoder();
  for (let round = 0; round < 12; round++) {
    await using stream = await dashboard.events(
      "?job=job1",
      lastId === null ? {} : { "last-event-id": lastId },
    );
    // Characters of one to four bytes, cut anywhere, on both streams in turn.
    const text = `${round}:aé€𝄞${"x".repeat(round * 100)}\n`;
    const bytes = encoder.encode(text);
    const cut = 3 + round % 8;
    const name = round % 3 === 0 ? "stderr" : "stdout";
    written[name] += text;
    await queue.write(claim, [name, bytes.slice(0, cut)]);
    if (round % 2 === 0) await stream.next("output", ({ pieces }) => pieces.length > 0);
    lastId = collect(stream, seen) ?? lastId;
    await stream[Symbol.asyncDispose]();
    await queue.write(claim, [name, bytes.slice(cut)]);
  }
  await queue.end(claim, 0);
  await using stream = await dashboard.events("?job=job1", { "last-event-id": lastId! });
  await stream.next("output", ({ ended }) => ended === true);
  strictEqual((await stream.next("job", ({ state }) => state === "completed")).id, "job1");
  collect(stream, seen);
  deepStrictEqual(seen, written);
  await using whole = await dashboard.events("?job=job1");
  await whole.next("output", ({ ended }) => ended === true);
  deepStrictEqual([whole.output("stdout"), whole.output("stderr")], [
    written.stdout,
    written.stderr,
  ]);
});

/** Adds the output that came to `seen`; the id to go on with. Nothing comes in between. */
function collect(stream: EventStream, seen: Record<"stdout" | "stderr", string>): string | null {
  for (const name of ["stdout", "stderr"] as const) seen[name] += stream.output(name);
  const { lastId } = stream;
  stream.received.length = 0;
  return lastId;
}

Deno.test("a page watches the latest attempt and all after it, or one alone", async () => {
  await using dashboard = await Dashboard.open();
  const { queue } = dashboard;
  await queue.join();
  await queue.ran({ id: "job1", maxRetries: 5, backoffBase: 0 }, 1, ["stdout", "one"]);
  await using all = await dashboard.events("?job=job1");
  await using first = await dashboard.events("?job=job1&attempt=1");
  await using third = await dashboard.events("?job=job1&attempt=3");
  await all.next("output", ({ ended }) => ended);
  for (const text of ["two", "three"]) {
    queue.now += 1000;
    const claim = await queue.claim();
    await queue.write(claim, ["stderr", text]);
    await queue.end(claim, text === "three" ? 0 : 1);
  }
  for (const stream of [all, third]) {
    await stream.next("output", ({ attempt, ended }) => attempt === 3 && ended);
  }
  deepStrictEqual([all.output("stdout"), all.output("stderr")], ["one", "twothree"]);
  deepStrictEqual([first.output("stdout"), first.output("stderr")], ["one", ""]);
  strictEqual(third.output("stderr"), "three");
});

Deno.test("a job that is deleted while it is watched is gone", async () => {
  await using dashboard = await Dashboard.open();
  await dashboard.queue.add("job1");
  await using stream = await dashboard.events("?job=job1");
  await stream.next("job");
  await dashboard.queue.store.remove("job1", ["pending"]);
  deepStrictEqual(await stream.next("gone"), { id: "job1" });
  const asked = await dashboard.ask("/api/events?job=job1");
  deepStrictEqual([asked.status, asked.body.error.code], [404, "not_found"]);
  // Nor is the beginning of an id a job.
  await dashboard.queue.add("job10");
  strictEqual((await dashboard.ask("/api/events?job=job1")).status, 404);
  strictEqual((await dashboard.ask("/api/events?attempt=0")).status, 400);
});

Deno.test("a store that is away is told, and that it is back", async () => {
  await using dashboard = await Dashboard.open({ through: reopened });
  const { queue } = dashboard;
  await queue.add("job1");
  await using stream = await dashboard.events();
  await stream.next("status");
  await Deno.rename(queue.path, `${queue.path}.away`);
  const { message } = await stream.next("store", ({ ok }) => !ok);
  match(message, /^The store \S+ is not there any more$/);
  const asked = await dashboard.ask("/api/status");
  deepStrictEqual([asked.status, asked.body.error], [503, {
    code: "store_unavailable",
    exit_code: 5,
    message,
    field: null,
    line: null,
  }]);
  match((await dashboard.ask("/readyz")).body, /is not there any more/);
  strictEqual((await dashboard.ask("/healthz")).status, 200);
  await using late = await dashboard.events();
  await late.next("store", ({ ok }) => !ok);
  await Deno.rename(`${queue.path}.away`, queue.path);
  await stream.next("store", ({ ok }) => ok);
  await late.next("status", ({ jobs }) => jobs.pending === 1);
  strictEqual((await dashboard.ask("/readyz")).status, 200);
});

/** The store as the command has it: what is in its place is opened anew. */
function reopened(store: Store): Store {
  return reopening(store, () => openSqlite(store.address, { create: false }));
}

Deno.test("a store that is replaced is opened anew", async () => {
  await using dashboard = await Dashboard.open({ through: reopened });
  const { queue } = dashboard;
  await queue.add("old1", "old2");
  await using stream = await dashboard.events();
  await stream.next("status", ({ jobs }) => jobs.pending === 2);
  for (const end of ["", "-wal", "-shm"]) {
    await Deno.rename(`${queue.path}${end}`, `${queue.path}.old${end}`);
  }
  {
    await using other = await openSqlite(queue.path, { create: true });
    await other.configure("lease", "60s");
  }
  await stream.next("status", ({ jobs }) => jobs.pending === 0);
  const { status } = await dashboard.send("POST", "/api/jobs", { id: "new1", command: "true" });
  strictEqual(status, 201);
  await stream.next("status", ({ jobs }) => jobs.pending === 1);
  await using look = await openSqlite(queue.path, { create: false });
  deepStrictEqual((await look.jobs({})).map(({ id }) => id), ["new1"]);
});

Deno.test("a store that a newer program has updated is refused, and taken back", async () => {
  await using dashboard = await Dashboard.open({ through: reopened });
  const { queue } = dashboard;
  await using stream = await dashboard.events();
  await stream.next("status");
  sql(queue.path, "INSERT INTO migration VALUES (99, 0)");
  const { message } = await stream.next("store", ({ ok }) => !ok);
  match(message, /newer queuectl/);
  const asked = await dashboard.send("POST", "/api/jobs", { command: "true" });
  deepStrictEqual([asked.status, asked.body.error.exit_code], [503, 5]);
  sql(queue.path, "DELETE FROM migration WHERE version = 99");
  await stream.next("store", ({ ok }) => ok);
});

function sql(path: string, text: string): unknown {
  const connection = new DatabaseSync(path);
  try {
    return connection.prepare(text).get();
  } finally {
    connection.close();
  }
}

Deno.test("while another program locks the store it can be read, and a write says who", async () => {
  await using queue = await Queue.open();
  await queue.add("job1");
  await using impatient = await openSqlite(queue.path, { create: false, patience: 0 });
  await using dashboard = new Dashboard(queue, false, { through: () => impatient });
  await using stream = await dashboard.events("?job=job1");
  await stream.next("job");
  const lock = new DatabaseSync(queue.path);
  lock.exec("BEGIN IMMEDIATE");
  const headers = { "x-queuectl": "1" };
  const cancel = await dashboard.ask("/api/jobs/job1/cancel", { method: "POST", headers });
  deepStrictEqual([cancel.status, cancel.body.error.code], [503, "store_unavailable"]);
  match(cancel.body.error.message, /is locked/);
  strictEqual((await dashboard.ask("/api/jobs/job1")).status, 200);
  lock.exec("ROLLBACK");
  lock.close();
  strictEqual(
    (await dashboard.ask("/api/jobs/job1/cancel", { method: "POST", headers })).status,
    200,
  );
  await stream.next("job", ({ state }) => state === "cancelled");
  deepStrictEqual(stream.of("store"), []);
});

Deno.test("a dashboard with open pages holds no snapshot of the store", async () => {
  await using dashboard = await Dashboard.open();
  const { queue } = dashboard;
  await queue.add("job1");
  await using stream = await dashboard.events("?job=job1");
  await stream.next("status");
  await dashboard.ask("/api/jobs");
  await queue.add("job2");
  const checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
  deepStrictEqual({ ...sql(queue.path, checkpoint) as object }, {
    busy: 0,
    log: 0,
    checkpointed: 0,
  });
});

Deno.test("too many pages are refused; who goes makes room, and a HEAD takes none", async () => {
  await using dashboard = await Dashboard.open({ limits: { streams: 2, pace: { ping: 20 } } });
  for (let ask = 0; ask < 5; ask++) {
    strictEqual((await dashboard.ask("/api/events", { method: "HEAD" })).status, 200);
  }
  await using first = await dashboard.events();
  const second = await dashboard.events();
  await Promise.all([first.next("status"), second.next("status")]);
  const third = await dashboard.ask("/api/events");
  deepStrictEqual([third.status, third.body.error.code], [503, "too_many"]);
  strictEqual(third.response.headers.get("retry-after"), "5");
  await second[Symbol.asyncDispose]();
  await waitFor(async () => {
    await using again = await dashboard.events();
    return again.response.status === 200;
  });
  await waitFor(() => first.pings > 2);
});

Deno.test("a dashboard that ends closes its streams", async () => {
  const dashboard = await Dashboard.open();
  const streams = await Promise.all([dashboard.events(), dashboard.events()]);
  await Promise.all(streams.map((stream) => stream.next("status")));
  await dashboard[Symbol.asyncDispose]();
  await Promise.all(streams.map((stream) => stream.ended));
});
