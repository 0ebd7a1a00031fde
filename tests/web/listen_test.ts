import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { Events } from "../../src/observe/events.ts";
import { METRICS_TYPE } from "../../src/observe/exposition.ts";
import type { Store } from "../../src/store/store.ts";
import { listen, type Listener, reserve, serveWorker } from "../../src/web/listen.ts";
import { formatListenAddress, readListenAddress } from "../../src/web/listen_address.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const TOKEN = "correct-horse";

function watched(reason: string | null = null) {
  return {
    metrics: () => Promise.resolve("queuectl_up 1\n"),
    unready: () => Promise.resolve(reason),
  };
}

/** What is answered: fetch cannot set a Host header. */
async function ask(
  { url }: Listener,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<string> {
  const { hostname, port, host } = new URL(url);
  using connection = await Deno.connect({ hostname: hostname.replace(/[[\]]/g, ""), port: +port });
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...Object.entries({ host, connection: "close", ...headers }).map(([name, value]) =>
      `${name}: ${value}`
    ),
  ];
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  return await new Response(connection.readable).text();
}

async function statusOf(...args: Parameters<typeof ask>): Promise<number> {
  return Number((await ask(...args)).split(" ")[1]);
}

Deno.test("listen() answers /healthz, /readyz and /metrics, and nothing else", async () => {
  await using listener = listen(LOOPBACK, null, watched());
  const health = await ask(listener, "/healthz");
  assert.match(health, /^HTTP\/1.1 200 [^]*\r\n\r\nok\n$/);
  assert.match(health, /cache-control: no-store/);
  assert.match(await ask(listener, "/readyz"), / 200 [^]*\r\n\r\nready\n$/);
  const metrics = await ask(listener, "/metrics");
  assert.match(metrics, / 200 [^]*\r\n\r\nqueuectl_up 1\n$/);
  assert.ok(metrics.includes(`content-type: ${METRICS_TYPE}`));
  assert.equal(await statusOf(listener, "/metrics/"), 404);
  assert.equal(await statusOf(listener, "/"), 404);
  assert.equal(await statusOf(listener, "/healthz", {}, "POST"), 405);
  assert.equal(await statusOf(listener, "/metrics", {}, "HEAD"), 200);
});

Deno.test("listen() says with 503 why the process is not ready", async () => {
  await using listener = listen(LOOPBACK, null, watched("The store is away"));
  assert.match(await ask(listener, "/readyz"), / 503 [^]*\r\n\r\nThe store is away\n$/);
  assert.equal(await statusOf(listener, "/healthz"), 200);
});

Deno.test("listen() says why it is not ready only to who may have the figures", async () => {
  await using listener = listen(LOOPBACK, TOKEN, watched("The store /home/a is away"));
  const known = { authorization: `Bearer ${TOKEN}` };
  assert.match(await ask(listener, "/readyz"), / 503 [^]*\r\n\r\nnot ready\n$/);
  assert.match(await ask(listener, "/readyz", known), /\r\n\r\nThe store \/home\/a is away\n$/);
  await using open = listen(LOOPBACK, null, watched("The store /home/a is away"));
  const foreign = { origin: "http://evil.example" };
  assert.match(await ask(open, "/readyz", foreign), / 503 [^]*\r\n\r\nnot ready\n$/);
});

Deno.test("listen() answers with one sentence where the figures cannot be had", async () => {
  const broken = { ...watched(), metrics: () => Promise.reject(new Error("boom")) };
  await using listener = listen(LOOPBACK, null, broken);
  assert.match(await ask(listener, "/metrics"), / 500 [^]*\r\n\r\nboom\n$/);
});

Deno.test("without a token, a page under a foreign name cannot read the figures", async () => {
  await using listener = listen(LOOPBACK, null, watched());
  assert.equal(await statusOf(listener, "/metrics", { host: "evil.example:80" }), 403);
  const foreign = { origin: "http://evil.example" };
  assert.equal(await statusOf(listener, "/metrics", foreign), 403);
  assert.equal(await statusOf(listener, "/metrics", { host: "localhost:9464" }), 200);
});

Deno.test("with a token, the figures need it, and health does not", async () => {
  await using listener = listen({ host: "0.0.0.0", port: 0 }, TOKEN, watched());
  const here = { ...listener, url: listener.url.replace("0.0.0.0", "127.0.0.1") };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}`, host: "worker1:9464" });
  const refused = await ask(here, "/metrics");
  assert.match(refused, / 401 [^]*\r\n\r\nThe figures need the token\n$/);
  assert.match(refused, /www-authenticate: Bearer/);
  assert.equal(await statusOf(here, "/metrics", bearer(TOKEN)), 200);
  assert.equal(await statusOf(here, `/metrics?token=${TOKEN}`), 401);
  assert.equal(await statusOf(here, "/healthz"), 200);
  assert.equal(await statusOf(here, "/readyz"), 200);
  const statuses = [];
  for (let i = 0; i < 8; i++) {
    statuses.push(await statusOf(here, "/metrics", bearer(`${TOKEN}${i}`)));
  }
  assert.equal(statuses[0], 401);
  assert.equal(statuses.at(-1), 429);
});

Deno.test("listen() and reserve() refuse an open address without a token, and one in use", async () => {
  for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org"]) {
    const open = { host, port: 0 };
    assert.throws(() => listen(open, null, watched()), (error) => {
      assert.ok(error instanceof UsageError);
      return /QUEUECTL_DASHBOARD_TOKEN/.test(error.message);
    });
    await assert.rejects(reserve(open, null), UsageError);
  }
  await using listener = listen(LOOPBACK, null, watched());
  const taken = { ...LOOPBACK, port: Number(new URL(listener.url).port) };
  assert.throws(() => listen(taken, null, watched()), /listens on 127\.0\.0\.1:\d+ already/);
  await assert.rejects(reserve(taken, null), UsageError);
  assert.deepEqual(await reserve(taken, null, true), taken);
  await assert.rejects(
    reserve({ host: "192.0.2.1", port: 1 }, TOKEN),
    /Cannot listen on 192\.0\.2\.1:1: this machine has no such address$/,
  );
});

Deno.test("serveWorker() waits for an address that is taken, if it may, and says so", async () => {
  const listener = listen(LOOPBACK, null, watched());
  const address = { ...LOOPBACK, port: Number(new URL(listener.url).port) };
  const events = new Events();
  const heard: string[] = [];
  const listening = Promise.withResolvers<void>();
  events.subscribe((event) => {
    heard.push(event.type);
    if (event.type === "worker_listening") listening.resolve();
  });
  const self = () => ({ id: "w", slots: 1, running: 0, isStopping: false, silentFor: 0 });
  const worker = { store: {} as Store, events, self, lease: 30_000 };
  const options = { address, token: null };
  assert.throws(() => serveWorker(worker, { ...options, patience: null }), /already/);
  {
    await using _server = serveWorker(worker, { ...options, patience: 0 });
    assert.deepEqual(heard, ["listen_failed"]);
    await listener[Symbol.asyncDispose]();
    await listening.promise;
    assert.deepEqual(heard, ["listen_failed", "worker_listening"]);
    assert.equal(await statusOf(listener, "/healthz"), 200);
  }
  // One that goes meanwhile waits no longer.
  await using _taken = listen(address, null, watched());
  await using _waiting = serveWorker(worker, { ...options, patience: 60_000 });
  assert.equal(heard.length, 2);
});

Deno.test("reserve() finds a free port that can be listened on", async () => {
  const address = await reserve({ host: "::1", port: 0 }, null);
  assert.notEqual(address.port, 0);
  await using listener = listen(address, null, watched());
  assert.equal(listener.url, `http://[::1]:${address.port}`);
  assert.equal(await statusOf(listener, "/healthz"), 200);
});

Deno.test("readListenAddress() reads HOST:PORT and nothing else", () => {
  for (const text of ["127.0.0.1:9464", "[::1]:0", "localhost:65535", "my-host.example:80"]) {
    assert.equal(formatListenAddress(readListenAddress(text)), text);
  }
  const bad = ["", ":", "9464", ":9464", "host", "host:", "host:65536", "::1:80", "a b:1"];
  for (const text of [...bad, "http://host:80", "host:80/", "host:-1", "[host]:80", "[]:80"]) {
    assert.throws(() => readListenAddress(text), RangeError, text);
  }
});
