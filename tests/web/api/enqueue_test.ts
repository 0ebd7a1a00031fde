import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { MAX_BATCH, type Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { Contract } from "./contract.ts";

const LINES = { "content-type": "application/x-ndjson" };

/** A body that comes as it is asked for. */
function bodyOf(
  lines: Iterable<string>,
  chunk = 64 * 1024,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const source = lines[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      let text = "";
      while (text.length < chunk) {
        const { value, done } = source.next();
        if (done) {
          if (text !== "") controller.enqueue(encoder.encode(text));
          return controller.close();
        }
        text += value;
      }
      controller.enqueue(encoder.encode(text));
    },
  });
}

function* jobLines(count: number, line: (i: number) => object): Generator<string> {
  for (let i = 0; i < count; i++) yield `${JSON.stringify(line(i))}\n`;
}

Deno.test("POST /api/jobs takes a long stream of jobs, and gives the jobs or their ids", async () => {
  await using api = await Contract.open();
  const command = `true ${"#".repeat(3000)}`;
  for (const [prefix, path] of [["a", "/jobs?answer=ids"], ["b", "/jobs"]] as const) {
    const lines = jobLines(1000, (i) => ({ id: `${prefix}${i}`, command }));
    const { status, body } = await api.ask("POST", path, bodyOf(lines), LINES);
    const ids = prefix === "a" ? body : body.map(({ id }: { id: string }) => id);
    strictEqual(status, 201);
    deepStrictEqual(ids, Array.from({ length: 1000 }, (_, i) => `${prefix}${i}`));
  }
  strictEqual(await api.queue.store.count({}), 2000);
});

Deno.test("POST /api/jobs says how many of several chunks are in, and from which line to go on", async () => {
  await using api = await Contract.open();
  const taken = `job${MAX_BATCH + 5}`;
  await api.queue.add(taken);
  const lines = jobLines(MAX_BATCH + 10, (i) => ({ id: `job${i}`, command: "true" }));
  const { status, body } = await api.ask("POST", "/jobs", bodyOf(lines), LINES);
  strictEqual(status, 409);
  deepStrictEqual(body.error, {
    code: "conflict",
    exit_code: 4,
    message: `Line ${MAX_BATCH + 6}: A job with the id ${taken} exists already; ` +
      `${MAX_BATCH} jobs are enqueued, go on from line ${MAX_BATCH + 1}`,
    field: "id",
    line: MAX_BATCH + 6,
  });
  strictEqual(await api.queue.store.count({}), MAX_BATCH + 1);
});

Deno.test("POST /api/jobs stores nothing of a long list of which the last line is wrong", async () => {
  await using api = await Contract.open();
  const padding = "#".repeat(3000);
  const lines = jobLines(1000, (i) => ({ command: i < 999 ? `true ${padding}` : 7 }));
  const { status, body } = await api.ask("POST", "/jobs", bodyOf(lines), LINES);
  deepStrictEqual([status, body.error.line, body.error.field], [400, 1000, "command"]);
  strictEqual(await api.queue.store.count({}), 0);
});

Deno.test("a body is refused as soon as it says that it is too large, or is", async () => {
  await using api = await Contract.open();
  const { dashboard } = api;
  const said = await dashboard.raw(
    `POST /api/jobs HTTP/1.1\r\nHost: ${dashboard.host}\r\nContent-Type: application/x-ndjson\r\n` +
      `Content-Length: ${64 * 1024 * 1024 + 1}\r\n\r\n`,
  );
  match(said, /^HTTP\/1.1 413 /);
  match(said, /"The body has more than 64 MiB: send the jobs in several parts"/);
  function* endless() {
    while (true) yield " ".repeat(10_000);
  }
  const response = await dashboard.fetch("/api/jobs/bulk", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: bodyOf(endless()),
  });
  strictEqual(response.status, 413);
  // Deno 2.4.2 breaks the connection off: what is left of the body is not read.
  await response.body!.cancel().catch(() => {});
});

Deno.test("POST /api/jobs of which the client goes away leaves nothing behind", async () => {
  await using api = await Contract.open();
  const stop = new AbortController();
  function* lines() {
    yield* jobLines(20_000, () => ({ command: `true ${"#".repeat(200)}` }));
    stop.abort();
    yield '{"command":';
  }
  const sent = api.dashboard.fetch("/api/jobs", {
    method: "POST",
    headers: LINES,
    body: bodyOf(lines()),
    signal: stop.signal,
  });
  strictEqual(await sent.then(() => "answered", () => "gone"), "gone");
  strictEqual((await api.want(200, "GET", "/jobs")).total, 0);
});

Deno.test("PUT /api/jobs/{id} of two at the same time enqueues one, and both get it", async () => {
  let isFirst = true;
  const overtaken = (store: Store) =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== "job" || !isFirst) {
          return typeof value === "function" ? value.bind(target) : value;
        }
        isFirst = false;
        return async (id: string) => {
          const found = await target.job(id);
          await target.enqueue([newJob(id, { command: "true" })]);
          return found;
        };
      },
    });
  await using api = await Contract.open({ through: overtaken });
  strictEqual((await api.want(200, "PUT", "/jobs/a", { command: "true" })).id, "a");
  isFirst = true;
  await api.refused(409, ["PUT", "/jobs/b", { command: "false" }], { field: "command" });
});
