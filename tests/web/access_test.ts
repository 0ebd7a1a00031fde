import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { hostRules, isLoopback } from "../../src/web/hosts.ts";
import { bearer, Dashboard, TOKEN } from "./dashboard.ts";

/** A job as a page or a program would send it. */
const JOB = { id: "planted", command: "true" };

/** Whether somebody got a job into the queue. */
async function isPlanted({ queue }: Dashboard): Promise<boolean> {
  return await queue.store.job(JOB.id) !== null;
}

Deno.test("hostRules() allow the names of this machine for itself, and the one that was given", () => {
  const local = hostRules({ host: "127.0.0.1", origin: null });
  const given = hostRules({ host: "Queue.lan", origin: "https://q.example.com" });
  const everywhere = hostRules({ host: "0.0.0.0", origin: null });
  for (
    const host of ["localhost:1", "LOCALHOST", "127.0.0.1:8787", "127.9.9.9", "[::1]:8787", "[::1]"]
  ) {
    for (const rules of [local, given, everywhere]) ok(rules.allows(host), host);
  }
  for (const host of ["queue.lan:8787", "q.example.com"]) {
    deepStrictEqual([local, given].map((rules) => rules.allows(host)), [false, true], host);
  }
  for (
    const host of [
      "",
      "evil.example:8787",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example#localhost",
      "localhost:8787, evil.example",
      "evil@localhost",
      "localhost:x",
      "localhost.",
      "::1",
    ]
  ) {
    deepStrictEqual([local, given].map((rules) => rules.allows(host)), [false, false], host);
  }
  ok(everywhere.allows("build1:8787"));
});

Deno.test("isLoopback() takes nothing for this machine alone that is not", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"]) ok(isLoopback(host));
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.evil.example", "1270.0.0.1", ""]) {
    ok(!isLoopback(host), host);
  }
});

Deno.test("a name that leads here by DNS gets nothing: the Host header is checked", async () => {
  await using dashboard = await Dashboard.open();
  for (const host of ["evil.example", `evil.example:${dashboard.port}`, "", "a, b"]) {
    for (const path of ["/", "/page.js", "/api/status", "/api/events", "/metrics", "/readyz"]) {
      const answer = await dashboard.raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      match(answer, /^HTTP\/1\.1 40[03] /, `${host} ${path}`);
      ok(!answer.includes("queue.db") && !answer.includes("<title>"), answer);
    }
  }
  // What stands in the request line counts as well.
  const absolute = `GET http://evil.example/api/status HTTP/1.1\r\nHost: ${dashboard.host}\r\n\r\n`;
  match(await dashboard.raw(absolute), /^HTTP\/1\.1 40[03] /);
  const twice = `GET /api/status HTTP/1.1\r\nHost: ${dashboard.host}\r\nHost: evil.example\r\n\r\n`;
  match(await dashboard.raw(twice), /^HTTP\/1\.1 40[03] /);
  // A tunnel from another port is right.
  const tunnelled = "GET /api/status HTTP/1.1\r\nHost: localhost:9000\r\n\r\n";
  match(await dashboard.raw(tunnelled), /^HTTP\/1\.1 200 /);
});

Deno.test("a page of another origin can neither read nor write", async () => {
  await using dashboard = await Dashboard.open();
  const own = `http://${dashboard.host}`;
  for (
    const origin of [
      "http://evil.example",
      `http://localhost:${dashboard.port}`,
      `https://${dashboard.host}`,
      "null",
      `${own}.evil.example`,
    ]
  ) {
    const read = await dashboard.ask("/api/status", { headers: { origin } });
    strictEqual(read.status, 403, origin);
    strictEqual(read.response.headers.get("access-control-allow-origin"), null);
    const headers = { origin, "x-queuectl": "1" };
    strictEqual((await dashboard.send("POST", "/api/jobs", JOB, headers)).status, 403);
  }
  for (const site of ["cross-site", "same-site"]) {
    const headers = { "sec-fetch-site": site };
    strictEqual((await dashboard.ask("/api/status", { headers })).status, 403);
    // Somebody follows a link to the page.
    strictEqual((await dashboard.ask("/jobs", { headers })).status, 200);
  }
  strictEqual(await isPlanted(dashboard), false);
  const preflight = { origin: "http://evil.example", "access-control-request-method": "POST" };
  const asked = await dashboard.ask("/api/jobs", { method: "OPTIONS", headers: preflight });
  deepStrictEqual([asked.status, asked.response.headers.get("access-control-allow-origin")], [
    403,
    null,
  ]);
  const same = await dashboard.send("POST", "/api/jobs", JOB, { origin: own });
  deepStrictEqual([same.status, await isPlanted(dashboard)], [201, true]);
});

Deno.test("what a form can send changes nothing, with a session or without a token", async () => {
  await using open = await Dashboard.open();
  await using guarded = await Dashboard.open({ token: TOKEN });
  const logIn = await guarded.send("POST", "/api/session", { token: TOKEN });
  const cookie = logIn.response.headers.get("set-cookie")!.split(";")[0]!;
  for (const [dashboard, headers] of [[open, {}], [guarded, { cookie }]] as const) {
    for (
      const type of [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        "",
      ]
    ) {
      const answer = await dashboard.ask("/api/jobs", {
        method: "POST",
        headers: { ...headers, ...type === "" ? {} : { "content-type": type } },
        body: new TextEncoder().encode(JSON.stringify(JOB)),
      });
      deepStrictEqual([answer.status, answer.body.error.code], [403, "forbidden"], type);
    }
    strictEqual(await isPlanted(dashboard), false);
    const { status } = await dashboard.send("POST", "/api/jobs", JOB, headers);
    deepStrictEqual([status, await isPlanted(dashboard)], [201, true]);
    const job = `/api/jobs/${JOB.id}`;
    strictEqual((await dashboard.ask(`${job}/cancel`, { method: "POST", headers })).status, 403);
    const marked = { ...headers, "x-queuectl": "1" };
    const cancelled = await dashboard.ask(`${job}/cancel`, { method: "POST", headers: marked });
    strictEqual(cancelled.status, 200);
  }
  // The token of a program is more than what a form can send.
  const program = { method: "POST", headers: bearer(TOKEN) };
  strictEqual((await guarded.ask(`/api/jobs/${JOB.id}/retry`, program)).status, 200);
});

Deno.test("with a token nothing but the page and the signs of life is to be had without it", async () => {
  await using dashboard = await Dashboard.open({ token: TOKEN });
  await dashboard.queue.add("job1");
  const guarded = [
    "/api",
    "/api/",
    "/api/status",
    "/api/jobs",
    "/api/jobs/job1",
    "/api/jobs/job1/output",
    "/api/events",
    "/api/events?job=job1",
    "/api/openapi.json",
    "/api/nothing",
    "/api/session/x",
    "//api/status",
    "/API/status",
    "/metrics",
  ];
  const wrong = [{}, bearer(""), { authorization: TOKEN }, { authorization: `Basic ${TOKEN}` }, {
    cookie: `queuectl-${dashboard.port}=${TOKEN}`,
  }];
  for (const path of guarded) {
    for (const headers of wrong) {
      const { status, body } = await dashboard.ask(path, { headers });
      ok(status === 401 || status === 404, `${path}: ${status}`);
      ok(!JSON.stringify(body).includes("job1"), path);
    }
  }
  for (const path of ["/", "/jobs/job1", "/page.js", "/healthz", "/readyz", "/api/session"]) {
    strictEqual((await dashboard.ask(path)).status, 200, path);
  }
  for (const path of ["/api/status", "/api/jobs/job1", "/metrics"]) {
    strictEqual((await dashboard.ask(path, { headers: bearer(TOKEN) })).status, 200, path);
  }
  const { response } = await dashboard.ask("/api/status");
  match(response.headers.get("www-authenticate")!, /^Bearer /);
});

Deno.test("a stranger hears that the store is away, and not where it was", async () => {
  await using dashboard = await Dashboard.open({ token: TOKEN });
  await Deno.remove(dashboard.queue.path);
  const [stranger, guest] = [
    await dashboard.ask("/readyz"),
    await dashboard.ask("/readyz", { headers: bearer(TOKEN) }),
  ];
  deepStrictEqual([stranger.status, guest.status], [503, 503]);
  ok(!stranger.body.includes("/"), stranger.body);
  ok(guest.body.includes(dashboard.queue.path), guest.body);
});

Deno.test("a token in a URL is refused, and no secret comes into the log", async () => {
  await using dashboard = await Dashboard.open({ token: TOKEN });
  for (const key of ["token", "access_token"]) {
    for (const path of ["/", "/api/status", "/api/events", "/metrics"]) {
      const asked = await dashboard.ask(`${path}?${key}=${TOKEN}`, { headers: bearer(TOKEN) });
      deepStrictEqual([asked.status, asked.body.error.code], [400, "invalid"], path);
    }
  }
  await dashboard.ask("/api/jobs?text=secret", { headers: bearer(TOKEN) });
  await dashboard.send("POST", "/api/session", { token: TOKEN });
  await dashboard.send("POST", "/api/session", { token: "secret" });
  const log = JSON.stringify([dashboard.requests, dashboard.failures]);
  ok(!log.includes(TOKEN) && !log.includes("secret"), log);
  ok(log.includes("/api/jobs"), log);
});

Deno.test("who tries tokens is slowed down, and the right one is not looked at meanwhile", async () => {
  let now = 0;
  await using dashboard = await Dashboard.open({ token: TOKEN, limits: { clock: () => now } });
  const guess = (index: number) =>
    index % 2 === 0
      ? dashboard.ask("/api/status", { headers: bearer(`wrong${index}`) })
      : dashboard.send("POST", "/api/session", { token: `wrong${index}` });
  const asked = await Promise.all(Array.from({ length: 40 }, (_, index) => guess(index)));
  const statuses = asked.map(({ status }) => status);
  strictEqual(statuses.filter((status) => status === 401).length, 5);
  strictEqual(statuses.filter((status) => status === 429).length, 35);
  const right = await dashboard.ask("/api/status", { headers: bearer(TOKEN) });
  deepStrictEqual([right.status, right.body.error.code], [429, "too_many"]);
  strictEqual(right.response.headers.get("retry-after"), "1");
  now += 500;
  strictEqual((await dashboard.ask("/api/status", { headers: bearer(TOKEN) })).status, 200);
});

Deno.test("a session is a cookie that scripts cannot read, and is no token", async () => {
  await using dashboard = await Dashboard.open({ token: TOKEN });
  const before = await dashboard.ask("/api/session");
  const { version, ...rest } = before.body;
  deepStrictEqual(rest, { authenticated: false, token_required: true, read_only: false });
  match(version, /^\d+\.\d+\.\d+/);
  const { status, body, response } = await dashboard.send("POST", "/api/session", { token: TOKEN });
  deepStrictEqual([status, body.authenticated], [200, true]);
  const [pair, ...flags] = response.headers.get("set-cookie")!.split("; ");
  deepStrictEqual(flags, ["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Strict"]);
  match(pair!, new RegExp(`^queuectl-${dashboard.port}=[0-9a-f]{64}$`));
  ok(!pair!.includes(TOKEN));
  const headers = { cookie: `other=1; ${pair}` };
  strictEqual((await dashboard.ask("/api/session", { headers })).body.authenticated, true);
  strictEqual((await dashboard.ask("/api/status", { headers })).status, 200);

  await using stream = await dashboard.events("", headers);
  await stream.next("status");
  const out = await dashboard.ask("/api/session", {
    method: "DELETE",
    headers: { ...headers, "x-queuectl": "1" },
  });
  match(out.response.headers.get("set-cookie")!, /Max-Age=0/);
  strictEqual((await dashboard.ask("/api/status", { headers })).status, 401);
  // What it had opened ends with it.
  await stream.ended;
});

Deno.test("a session ends with the dashboard; https makes its cookie a secure one", async () => {
  const origin = "https://queue.example.com";
  await using first = await Dashboard.open({ token: TOKEN, origin });
  const { response } = await first.send("POST", "/api/session", { token: TOKEN }, { origin });
  const cookie = response.headers.get("set-cookie")!;
  match(cookie, /^queuectl-\d+=\w+; .*; Secure$/);
  await using second = new Dashboard(first.queue, false, { token: TOKEN, origin });
  const id = cookie.split(/[=;]/)[1];
  deepStrictEqual(
    await Promise.all(
      [first, second].map(async (one) => {
        const headers = { cookie: `queuectl-${one.port}=${id}` };
        return (await one.ask("/api/status", { headers })).status;
      }),
    ),
    [200, 401],
  );
});

Deno.test("a session needs JSON with the right token, and no more than that", async () => {
  await using dashboard = await Dashboard.open({ token: TOKEN });
  for (const body of [{}, { token: 1 }, { token: null }, [], null, "x"]) {
    strictEqual((await dashboard.send("POST", "/api/session", body)).status, 400);
  }
  const headers = { "content-type": "application/json" };
  const bad = await dashboard.ask("/api/session", { method: "POST", headers, body: "{" });
  strictEqual(bad.status, 400);
  const large = { token: TOKEN, more: "x".repeat(5000) };
  strictEqual((await dashboard.send("POST", "/api/session", large)).status, 413);
  strictEqual((await dashboard.send("PUT", "/api/session", {})).status, 405);
});
