/** Workers and stores as those see them who watch: `worker start --listen`, `queuectl metrics`. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { readMetricsText, valueOf } from "../observe/prometheus.ts";
import { BOTH_STORES, flow, isLiving } from "./stage.ts";

/** What is answered, as `STATUS body`. */
async function ask(url: string, path: string, token?: string): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, { headers });
  return `${response.status} ${(await response.text()).trimEnd()}`;
}

async function metricsAt(url: string, token?: string) {
  return readMetricsText(`${(await ask(url, "/metrics", token)).replace(/^200 /, "")}\n`);
}

const urlIn = (text: string) => /http:\/\/[\d.]+:\d+/.exec(text)![0];

flow("worker start --listen tells of the worker and its store", async (stage) => {
  await stage.enqueue("until test -e go; do sleep 0.05; done", "--id", "waits");
  await stage.ok("config", "set", "lease", "5s");
  const worker = await stage.worker(["--listen", "127.0.0.1:0", "--count", "2"]);
  const url = urlIn(worker.stderr);
  assert.equal(await ask(url, "/healthz"), "200 ok");
  await waitFor(async () => await ask(url, "/readyz") === "200 ready");
  await stage.until("waits", "processing");
  const value = async (name: string, labels = {}) => valueOf(await metricsAt(url), name, labels);
  assert.equal(await value("queuectl_slots_busy"), 1);
  assert.equal(await value("queuectl_worker_slots"), 2);
  assert.equal(await value("queuectl_worker_attempts_started_total"), 1);
  const busy = await stage.spawn(["worker", "start", "--listen", url.replace("http://", "")]);
  assert.match((await stage.end(busy, 2)).stderr, /^queuectl: .* already: choose another port\n$/);
  // The same as a singleton is no mistake: another one serves.
  const again = ["--singleton", "--listen", url.replace("http://", "")];
  const { code, stdout, stderr } = await stage.run(["worker", "start", ...again]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  const stored = readMetricsText(await stage.ok("metrics"));
  assert.equal(valueOf(stored, "queuectl_jobs", { state: "processing" }), 1);
  {
    // Nobody can write, so nothing is claimed.
    await using _lock = await stage.lockStore();
    await waitFor(async () => (await ask(url, "/readyz")).startsWith("503 The worker's heart has"));
    assert.equal(await value("queuectl_up"), 1);
    assert.equal(await ask(url, "/healthz"), "200 ok");
  }
  await waitFor(async () => await ask(url, "/readyz") === "200 ready");
  worker.kill();
  await waitFor(async () => await ask(url, "/readyz") === "503 The worker is ending");
  await Deno.writeTextFile(stage.join("go"), "");
  await stage.end(worker);
}, { stores: BOTH_STORES });

flow("worker start --detach --listen says where, and asks for the token", async (stage) => {
  const start = ["worker", "start", "--detach", "--listen"];
  const refused = await stage.run([...start, "0.0.0.0:0"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /QUEUECTL_DASHBOARD_TOKEN/);
  await assert.rejects(Deno.stat(stage.store), Deno.errors.NotFound);
  const env = { QUEUECTL_DASHBOARD_TOKEN: "s3cret" };
  const { code, stdout, stderr } = await stage.run([...start, "127.0.0.1:0", "--json"], { env });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const { url, pid, log } = JSON.parse(stdout);
  assert.equal(await ask(url, "/healthz"), "200 ok");
  assert.equal(await ask(url, "/metrics"), "401 The figures need the token");
  const labels = { state: "running" };
  assert.equal(valueOf(await metricsAt(url, "s3cret"), "queuectl_workers", labels), 1);
  // The token is neither in the job's environment nor in the log.
  const id = await stage.enqueue("env");
  await stage.until(id, "completed");
  assert.ok(!(await stage.ok("logs", id)).includes("s3cret"));
  assert.ok(!Deno.readTextFileSync(log).includes("s3cret"));
  await stage.ok("worker", "stop");
  await waitFor(() => !isLiving(pid));
});
