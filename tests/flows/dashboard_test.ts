import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { EventStream } from "../web/event_stream.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

const TOKEN = "a-secret-that-nobody-guesses";

/** Starts a dashboard on a free port; its address. */
async function dashboard(
  stage: Stage,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const program = await stage.spawn(["dashboard", "--port", "0", ...flags], { env });
  const url = await program.line(/^http:/, { stream: "stdout" });
  return { program, url: url.replace(/\/$/, "") };
}

flow(
  "dashboard serves the page, the API and the live stream until it is told to end",
  async (stage) => {
    // Nobody has made a store yet.
    const { program, url } = await dashboard(stage);
    match(
      await program.line("The dashboard of", { stream: "stderr" }),
      /(queue\.db|schema=\w+)\. .*Ctrl-C/,
    );
    const page = await fetch(`${url}/jobs/job1`);
    match(await page.text(), /<script type="module" src="\/page\.js">/);
    const script = await fetch(`${url}/page.js`);
    strictEqual(script.headers.get("content-type"), "text/javascript; charset=utf-8");
    ok((await script.text()).length > 1000);
    for (const path of ["/page.css", "/favicon.svg", "/healthz", "/readyz", "/metrics"]) {
      const { status, body } = await fetch(url + path);
      strictEqual(status, 200, path);
      await body?.cancel();
    }

    const stop = new AbortController();
    await using stream = new EventStream(
      await fetch(`${url}/api/events`, { signal: stop.signal }),
      stop,
    );
    strictEqual((await stream.next("status")).jobs.total, 0);
    const { status, body } = await fetch(`${url}/api/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "job1", command: "echo hello" }),
    });
    strictEqual(status, 201);
    await body?.cancel();
    await stream.next("status", ({ jobs }) => jobs.pending === 1);
    const worker = await stage.worker(["--drain"]);
    await stream.next("status", ({ jobs }) => jobs.completed === 1);
    await stage.end(worker);
    strictEqual(await (await fetch(`${url}/api/jobs/job1/output`)).text(), "hello\n");

    // The page is still open.
    program.kill("SIGTERM");
    const ended = await stage.end(program);
    strictEqual(ended.stdout, `${url}/\n`);
    strictEqual(ended.stderr.split("\n").length, 2, ended.stderr);
    await stream.ended.catch(() => {});
  },
  { stores: BOTH_STORES },
);

flow("dashboard --json says on one line where it is; its log has no secret", async (stage) => {
  const flags = ["dashboard", "--port=0", "--json", "--read-only", "--log-level", "debug"];
  const missing = await stage.run(flags);
  strictEqual(missing.code, 5, "to look at a store does not make one");
  match(missing.stderr, /There is no store/);
  await stage.enqueue("true");
  const program = await stage.spawn(flags, { env: { QUEUECTL_DASHBOARD_TOKEN: TOKEN } });
  const { url, port, ...rest } = JSON.parse(await program.line("{", { stream: "stdout" }));
  strictEqual(url, `http://127.0.0.1:${port}/`);
  deepStrictEqual(rest, {
    host: "127.0.0.1",
    pid: program.pid,
    store: stage.location,
    token_required: true,
    read_only: true,
  });
  const refused = await fetch(`${url}api/status`, { headers: { authorization: "Bearer wrong" } });
  const right = await fetch(`${url}api/jobs?text=x-y`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  deepStrictEqual([refused.status, right.status], [401, 200]);
  for (const { body } of [refused, right]) await body?.cancel();
  await program.line("GET /api/jobs 200", { stream: "stderr" });
  program.kill("SIGINT");
  const { stdout, stderr } = await stage.end(program);
  strictEqual(stdout.split("\n").length, 2);
  ok(!stderr.includes(TOKEN) && !stderr.includes("wrong") && !stderr.includes("x-y"), stderr);
}, { vias: ["source"], stores: BOTH_STORES });

flow("dashboard refuses what would let others in, or cannot be, in one sentence", async (stage) => {
  const { url } = await dashboard(stage);
  const { port } = new URL(url);
  const cases: readonly (readonly [string[], RegExp, Record<string, string>?])[] = [
    [["--port", port], /Another program listens on 127\.0\.0\.1:\d+ already: choose another port/],
    [["--host", "0.0.0.0"], /--host 0\.0\.0\.0 is not for this machine alone.*TOKEN/],
    [["--host", "::"], /--host :: is not for this machine alone/],
    [["--host", ""], /--host must be a name or an address/],
    [["--host", "203.0.113.1", "--token", "x"], /this machine has no such address/],
    [["--host", "nowhere.invalid", "--token", "x"], /Cannot listen on nowhere\.invalid:8787: /],
    [["--origin", "https://q.example.com"], /--origin lets others in/],
    [["--origin", "q.example.com", "--token", "x"], /--origin must be an address without a path/],
    [["--port", "65536"], /--port must be an integer from 0 to 65535/],
    [["--token", ""], /--token must be 1 to 1024/],
    [["--token", `${TOKEN} ${TOKEN}`], /--token must be 1 to 1024/],
    [[], /QUEUECTL_DASHBOARD_TOKEN must be 1 to 1024/, { QUEUECTL_DASHBOARD_TOKEN: "" }],
    [["extra"], /extra/],
  ];
  const ends = await Promise.all(
    cases.map(([flags, , env = {}]) => stage.run(["dashboard", ...flags], { env })),
  );
  for (const [index, [flags, sentence]] of cases.entries()) {
    const { code, stdout, stderr } = ends[index]!;
    deepStrictEqual({ flags, code, stdout }, { flags, code: 2, stdout: "" });
    match(stderr, sentence);
    ok(stderr.split("\n").length <= 3 && !stderr.includes(TOKEN), stderr);
  }
  // Who is refused changes nothing: no store is made.
  const store = stage.join("none/queue.db");
  const { code } = await stage.run(["dashboard", "--host", "0.0.0.0", "--db", store]);
  strictEqual(code, 2);
  await rejects(Deno.lstat(stage.join("none")), Deno.errors.NotFound);
}, { vias: ["source"] });

flow("dashboard --open shows the page in the browser, or says that it cannot", async (stage) => {
  const script = '#!/bin/sh\necho "$@ ${QUEUECTL_DASHBOARD_TOKEN-without a token}" > opened\n';
  await Deno.writeTextFile(stage.join("bin/xdg-open"), script, { mode: 0o755 });
  const flags = ["--open", "--host", "::1"];
  const PATH = `${stage.join("bin")}:${Deno.env.get("PATH")}`;
  const env = { PATH, QUEUECTL_DASHBOARD_TOKEN: TOKEN };
  const { url } = await dashboard(stage, flags, env);
  match(url, /^http:\/\/\[::1\]:\d+$/);
  deepStrictEqual(await stage.untilLines("opened"), [`${url}/ without a token`]);
  const { status, body } = await fetch(url);
  await body?.cancel();
  strictEqual(status, 200);
  const { program } = await dashboard(stage, ["--open"], { PATH: stage.join("nothing") });
  await program.line(/^No browser could be opened: open http:\S+ yourself$/, { stream: "stderr" });
}, { vias: ["source"], ignore: Deno.build.os !== "linux" });

flow("dashboard lets others in who know the token", async (stage) => {
  const { program, url } = await dashboard(stage, ["--host", "0.0.0.0"], {
    QUEUECTL_DASHBOARD_TOKEN: TOKEN,
  });
  const ask = async (headers: HeadersInit) => {
    const { status, body } = await fetch(`${url}/api/status`, { headers });
    await body?.cancel();
    return status;
  };
  strictEqual(await ask({}), 401);
  strictEqual(await ask({ authorization: `Bearer ${TOKEN}` }), 200);
  strictEqual(await ask({ authorization: `Bearer ${TOKEN}`, host: "build1:8787" }), 200);
  program.kill("SIGINT");
  await stage.end(program);
}, { vias: ["source"] });

flow("dashboard does not begin with the store of a newer program", async (stage) => {
  await stage.enqueue("true");
  await stage.ask("INSERT INTO migration VALUES (99, 0)");
  const { code, stdout, stderr } = await stage.run(["dashboard", "--port", "0"]);
  deepStrictEqual([code, stdout], [5, ""]);
  match(stderr, /^queuectl: The store \S+ was made or updated by a newer queuectl .*: update/);
}, { vias: ["source"], stores: BOTH_STORES });
