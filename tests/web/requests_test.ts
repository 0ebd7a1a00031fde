/** Requests that are meant to do harm, or simply odd. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { ROUTES } from "../../src/web/api/routes.ts";
import { Queue } from "../cli/queue.ts";
import { addSchedule } from "../cli/schedules.ts";
import { bearer, Dashboard, TOKEN } from "./dashboard.ts";

/** What every answer has to say. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

Deno.test("every kind of answer tells the browser what it must not do with it", async () => {
  await using dashboard = await Dashboard.open({ token: TOKEN, readOnly: true });
  await dashboard.queue.join();
  await dashboard.queue.ran("job1", 0, ["stdout", "<script>"]);
  const right = bearer(TOKEN);
  const asks: readonly (readonly [number, string, RequestInit?])[] = [
    [200, "/"],
    [200, "/page.js"],
    [404, "/nothing"],
    [405, "/", { method: "POST", headers: { "x-queuectl": "1" } }],
    [200, "/healthz"],
    [200, "/readyz"],
    [401, "/metrics"],
    [200, "/metrics", { headers: right }],
    [200, "/api/session"],
    [401, "/api/status"],
    [200, "/api/status", { headers: right }],
    [200, "/api/status", { headers: right, method: "HEAD" }],
    [200, "/api/events", { headers: right, method: "HEAD" }],
    [404, "/api/nothing", { headers: right }],
    [404, "/api/jobs/none", { headers: right }],
    [400, "/api/jobs?limit=x", { headers: right }],
    [200, "/api/jobs/job1/output", { headers: right }],
    [200, "/api/openapi.json", { headers: right }],
    [403, "/api/jobs/job1", { headers: right, method: "DELETE" }],
    [403, "/api/status", { headers: { origin: "http://evil.example" } }],
  ];
  for (const [status, path, init] of asks) {
    const { status: got, response } = await dashboard.ask(path, init);
    strictEqual(got, status, `${init?.method ?? "GET"} ${path}`);
    for (const [name, value] of Object.entries(HEADERS)) {
      strictEqual(response.headers.get(name), value, `${name} of ${path}`);
    }
    const isFile = path === "/" || path === "/page.js";
    strictEqual(
      response.headers.get("cache-control"),
      isFile && got === 200 ? "no-cache" : "no-store",
      path,
    );
  }
  await using stream = await dashboard.events("", right);
  strictEqual(stream.response.headers.get("cache-control"), "no-store");
  strictEqual(
    stream.response.headers.get("content-security-policy"),
    HEADERS["content-security-policy"],
  );
});

Deno.test("files are sent once: an ETag says whether they are the same", async () => {
  await using dashboard = await Dashboard.open();
  const first = await dashboard.ask("/page.js");
  const etag = first.response.headers.get("etag")!;
  match(etag, /^"[0-9a-f]{24}"$/);
  for (const tag of [etag, `W/${etag}`, `"x", ${etag}`]) {
    const again = await dashboard.ask("/page.js", { headers: { "if-none-match": tag } });
    deepStrictEqual([again.status, again.body], [304, ""]);
  }
  const other = await dashboard.ask("/page.js", { headers: { "if-none-match": '"x"' } });
  deepStrictEqual([other.status, other.body], [200, first.body]);
});

Deno.test("a path never leads to a file that is not the page's", async () => {
  await using dashboard = await Dashboard.open();
  for (
    const path of [
      "/../deno.json",
      "/page/../../../deno.json",
      "/..%2f..%2fdeno.json",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/..\\..\\deno.json",
      "//etc/passwd",
      "/page.js/../../assets.ts",
      "/page.js%00.html",
      "/page/main.tsx",
      "/assets.ts",
      "/constructor",
      "/__proto__",
      "/toString",
      "/index.html/",
    ]
  ) {
    const answer = await dashboard.raw(`GET ${path} HTTP/1.1\r\nHost: ${dashboard.host}\r\n\r\n`);
    match(answer, /^HTTP\/1\.1 40[034] /, path);
    ok(!/root:|"imports"|export /.test(answer), path);
  }
});

Deno.test("nothing that is asked for comes back as a header", async () => {
  await using dashboard = await Dashboard.open();
  for (
    const path of [
      "/%0d%0aset-cookie:%20a=b",
      "/api/jobs/%0d%0aset-cookie:%20a=b",
      "/api/jobs/%0d%0aset-cookie:%20a=b/output",
      "/api/jobs?cursor=%0d%0aset-cookie:%20a=b",
      "/api/events?job=%0d%0aset-cookie:%20a=b",
      "/api/schedules/%0d%0aset-cookie:%20a=b",
    ]
  ) {
    const answer = await dashboard.raw(`GET ${path} HTTP/1.1\r\nHost: ${dashboard.host}\r\n\r\n`);
    const [head] = answer.split("\r\n\r\n");
    ok(!/^set-cookie/im.test(head!), head);
    match(answer, /^HTTP\/1\.1 40[045] /);
  }
});

Deno.test("a header cannot make another method of a request", async () => {
  await using dashboard = await Dashboard.open();
  await dashboard.queue.join();
  await dashboard.queue.ran("job1", 0);
  for (const name of ["x-http-method-override", "x-method-override", "x-http-method"]) {
    for (const method of ["GET", "POST"]) {
      const headers = { [name]: "DELETE", "x-queuectl": "1" };
      const path = "/api/jobs/job1?_method=DELETE";
      await (await dashboard.fetch(path, { method, headers })).body?.cancel();
    }
  }
  for (const method of ["OPTIONS", "PROPFIND", "PURGE"]) {
    const headers = { "x-queuectl": "1" };
    strictEqual((await dashboard.ask("/api/jobs/job1", { method, headers })).status, 405, method);
  }
  strictEqual((await dashboard.ask("/api/jobs/job1")).status, 200);
});

Deno.test("--read-only refuses every route that writes, and changes nothing", async () => {
  await using dashboard = await Dashboard.open({ readOnly: true });
  const { queue } = dashboard;
  await queue.join();
  await queue.ran({ id: "job1", maxRetries: 0 }, 1);
  await queue.add({ id: "job2", held: true }, "job3");
  await addSchedule(queue, "default", "0 3 * * *");
  const before = await everything(dashboard);
  const writing = ROUTES.filter(({ writes }) => writes);
  ok(writing.length >= 15, String(writing.length));
  // Whatever is not for reading is said to write.
  deepStrictEqual(ROUTES.filter(({ method, writes }) => method !== "GET" && !writes), []);
  for (const { method, path } of writing) {
    for (const id of ["job1", "job3"]) {
      const place = path.replace(/\{id\}/, id).replace(/\{\w+\}/g, "default");
      const { status, body } = await dashboard.send(method, place, { all: true, command: "true" });
      deepStrictEqual([status, body.error.code], [403, "forbidden"], `${method} ${place}`);
    }
  }
  deepStrictEqual(await everything(dashboard), before);
  strictEqual((await dashboard.ask("/api/session")).body.read_only, true);
});

async function everything({ queue: { store } }: Dashboard): Promise<unknown> {
  return [
    await store.jobs({}),
    await store.queues(),
    await store.schedules(),
    await store.workers(),
    await store.settings(),
  ];
}

Deno.test("a body that is too large is refused before it is there", async () => {
  await using dashboard = await Dashboard.open();
  const head = (method: string, path: string, more: string) =>
    `${method} ${path} HTTP/1.1\r\nHost: ${dashboard.host}\r\ncontent-type: application/json\r\n${more}\r\n`;
  const mib = 1024 * 1024;
  // It says how long it is, and sends nothing of it.
  for (
    const [path, length] of [["/api/jobs", 64 * mib + 1], ["/api/jobs/bulk", mib + 1]] as const
  ) {
    const answer = await dashboard.raw(head("POST", path, `content-length: ${length}\r\n`), {
      silence: 30,
    });
    match(answer, /^HTTP\/1\.1 413 /, path);
    match(answer, /"code":"too_large"/);
  }
  // It does not say, and goes on and on.
  const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
  const endless = head("POST", "/api/jobs/bulk", "transfer-encoding: chunked\r\n");
  match(await dashboard.raw(endless + chunk.repeat(40), { silence: 30 }), /^HTTP\/1\.1 413 /);
  match(
    await dashboard.raw(
      head("POST", "/api/session", "transfer-encoding: chunked\r\n") + chunk.repeat(2),
      { silence: 30 },
    ),
    /^HTTP\/1\.1 413 /,
  );
  deepStrictEqual(await dashboard.queue.store.jobs({}), []);
});

Deno.test("a body that does not come is not waited for", async () => {
  await using dashboard = await Dashboard.open({ limits: { body: { idle: 50, total: 200 } } });
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: ${dashboard.host}\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n`;
  for (const path of ["/api/jobs", "/api/jobs/bulk", "/api/session"]) {
    const answer = await dashboard.raw(`${head(path)}{`, { silence: 30 });
    match(answer, /^HTTP\/1\.1 408 /, path);
    match(answer, /"code":"too_slow"/);
  }
  deepStrictEqual(await dashboard.queue.store.jobs({}), []);
  deepStrictEqual(dashboard.failures, []);
});

Deno.test("a body that comes byte by byte has an end", async () => {
  await using dashboard = await Dashboard.open({ limits: { body: { idle: 1000, total: 200 } } });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: dashboard.port });
  const encoder = new TextEncoder();
  const write = (text: string) => connection.write(encoder.encode(text));
  await write(
    `POST /api/jobs HTTP/1.1\r\nHost: ${dashboard.host}\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n`,
  );
  const buffer = new Uint8Array(4096);
  const answer = connection.read(buffer);
  let isAnswered = false;
  void answer.then(() => isAnswered = true);
  while (!isAnswered) {
    await write(" ").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  match(new TextDecoder().decode(buffer.subarray(0, await answer ?? 0)), /^HTTP\/1\.1 408 /);
});

Deno.test("whatever comes over the wire is answered or refused, and the server goes on", async () => {
  await using dashboard = await Dashboard.open();
  const value = fc.stringMatching(/^[ -~]{0,20}$/);
  const odd = fc.string({ unit: "binary-ascii", maxLength: 12 });
  const start = fc.constantFrom(
    ...["/", "/api/jobs", "/api/jobs/bulk", "/api/events", "/api/session", "/metrics", "/api/dlq/"],
    ...["/api/queues/a", "/api/statistics", "/api/workers/w/stop", "/api/jobs/a/output", "//"],
  );
  const more = fc.oneof(
    fc.constantFrom(
      ...["", "?limit=", "?job=%", "%00", "%ff", "/../", "//", "?a[]=&a=%c3%28", "?attempt=-1"],
    ),
    fc.stringMatching(/^[!$-;=?-Z_a-z~]{0,12}$/),
  );
  const header = fc.tuple(
    fc.constantFrom(
      ...["origin", "cookie", "authorization", "content-type", "x-queuectl", "expect", "range"],
      ...["last-event-id", "if-none-match", "sec-fetch-site", "upgrade", "traceparent", "accept"],
    ),
    fc.oneof(fc.constantFrom("Bearer x", "application/json", "100-continue", "1"), value),
  );
  const request = fc.record({
    method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"),
    path: fc.tuple(start, more, more).map((parts) => parts.join("")),
    headers: fc.array(header, { maxLength: 4 }),
    body: fc.oneof(fc.json(), value, odd),
    // The request as a whole makes no sense now and then.
    noise: fc.oneof({ weight: 9, arbitrary: fc.constant("") }, { weight: 1, arbitrary: odd }),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, headers, body, noise }) => {
      const length = new TextEncoder().encode(body).length;
      const lines = [["x-queuectl", "1"], ["content-length", length], ...headers]
        .map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const answer = await dashboard.raw(
        `${method} ${path} HTTP/1.1\r\nHost: ${dashboard.host}\r\n${noise}${lines}\r\n${body}`,
        { silence: 10, patience: 200 },
      );
      match(answer, /^($|HTTP\/1\.[01] [1-4])/);
    }),
    { numRuns: 80 },
  );
  deepStrictEqual(dashboard.failures, []);
  strictEqual((await dashboard.ask("/api/status")).status, 200);
});

Deno.test("a dashboard that ends does not wait for a body that does not come", async () => {
  await using queue = await Queue.open();
  const dashboard = new Dashboard(queue, false);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: dashboard.port });
  await connection.write(
    new TextEncoder().encode(
      `POST /api/jobs HTTP/1.1\r\nHost: ${dashboard.host}\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
    ),
  );
  // It has the request by now: it came before this one.
  strictEqual((await dashboard.ask("/healthz")).status, 200);
  await dashboard[Symbol.asyncDispose]();
  strictEqual(await connection.read(new Uint8Array(1)).catch(() => null), null);
});
