import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import { renderMetrics } from "../../src/observe/metrics.ts";
import type { Store } from "../../src/store/store.ts";
import { Queue } from "../cli/queue.ts";
import { readMetricsText, valueOf } from "./prometheus.ts";

async function metricsOf(queue: Queue) {
  return readMetricsText(await renderMetrics(queue.store, queue.now));
}

Deno.test("renderMetrics() counts jobs by queue and state, also where there are none", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "d", queue: "mail", maxRetries: 0 }, 3);
  await queue.add("a", { id: "b", held: true }, { id: "c", queue: "mail" });
  const metrics = await metricsOf(queue);
  const jobs = (name: string, state: string) =>
    valueOf(metrics, "queuectl_jobs", { queue: name, state });
  assert.deepEqual(["held", "pending", "dead"].map((state) => jobs("default", state)), [1, 1, 0]);
  assert.deepEqual(["held", "pending", "dead"].map((state) => jobs("mail", state)), [0, 1, 1]);
  assert.equal(metrics.get("queuectl_jobs")!.samples.length, 2 * 9);
  const total = metrics.get("queuectl_jobs")!.samples.reduce((sum, { value }) => sum + value, 0);
  assert.equal(total, 4);
});

Deno.test("renderMetrics() counts attempts by outcome, and how long they took", async () => {
  await using queue = await Queue.open();
  await queue.join();
  for (const [id, ms, outcome] of [["a", 100, 0], ["b", 3000, 0], ["c", 900, 7]] as const) {
    await queue.add({ id, maxRetries: 0 });
    const claim = await queue.claim();
    queue.now += ms;
    await queue.end(claim, outcome);
  }
  await queue.ran("d", { kind: "lost", error: "gone" });
  const metrics = await metricsOf(queue);
  const attempts = (outcome: string) =>
    valueOf(metrics, "queuectl_attempts_total", { queue: "default", outcome });
  assert.deepEqual(
    ["completed", "failed", "lost", "timed_out"].map(attempts),
    [2, 1, 1, 0],
  );
  const name = "queuectl_attempt_duration_seconds";
  const atMost = (le: string) => valueOf(metrics, `${name}_bucket`, { le });
  // What was lost says nothing of how long the command takes.
  assert.deepEqual(["0.064", "0.128", "1.024", "4.096", "+Inf"].map(atMost), [0, 1, 2, 3, 3]);
  assert.equal(valueOf(metrics, `${name}_sum`), 4);
});

Deno.test("renderMetrics() tells of workers, slots, waiting time, limits and schedules", async () => {
  await using queue = await Queue.open();
  await queue.join("w1", { slots: 3 });
  await queue.join("w2", { gone: true, slots: 8 });
  await queue.add("a", { id: "b", queue: "mail" });
  await queue.claim();
  queue.now += 5500;
  const rate = { count: 10, period: 60_000 };
  await queue.store.configureQueue("mail", { paused: true, limit: 4, rate }, { create: true });
  await queue.cli("schedule", "add", "nightly", "--cron=0 3 * * *", "--tz=UTC", "--", "true");
  await queue.cli("schedule", "add", "never", "--cron=0 3 * * *", "--", "true");
  await queue.cli("schedule", "pause", "never");
  const metrics = await metricsOf(queue);
  const value = (name: string, labels = {}) => valueOf(metrics, `queuectl_${name}`, labels);
  assert.equal(value("up"), 1);
  assert.equal(value("workers", { state: "running" }), 1);
  assert.equal(value("workers", { state: "lost" }), 1);
  assert.deepEqual([value("slots"), value("slots_busy")], [3, 1]);
  assert.equal(value("oldest_pending_age_seconds"), 5.5);
  assert.equal(value("queue_paused", { queue: "mail" }), 1);
  assert.equal(value("queue_paused", { queue: "default" }), 0);
  assert.equal(value("queue_limit"), 4);
  assert.equal(value("queue_rate_limit_per_second"), 10 / 60);
  assert.equal(value("schedules", { state: "active" }), 1);
  assert.equal(value("schedules", { state: "paused" }), 1);
  const next = value("schedule_next_timestamp_seconds", { schedule: "nightly" })!;
  assert.ok(next * 1000 > queue.now && next % 86_400 === 3 * 3600);
  assert.equal(value("schedule_next_timestamp_seconds", { schedule: "never" }), null);
  assert.equal(value("schedule_last_timestamp_seconds"), null);
});

Deno.test("renderMetrics() of an empty store is whole", async () => {
  await using queue = await Queue.open();
  const metrics = await metricsOf(queue);
  assert.equal(valueOf(metrics, "queuectl_oldest_pending_age_seconds"), 0);
  assert.ok(!metrics.has("queuectl_jobs"));
});

Deno.test("renderMetrics() says of a store that is away just that; other errors go on", async () => {
  const store = (error: Error) => ({ revision: () => Promise.reject(error) }) as unknown as Store;
  const text = await renderMetrics(store(new StoreError("The store is gone")), 0);
  const metrics = readMetricsText(text);
  assert.deepEqual([...metrics.keys()], ["queuectl_up", "queuectl_build_info"]);
  assert.equal(valueOf(metrics, "queuectl_up"), 0);
  await assert.rejects(renderMetrics(store(new Error("boom")), 0), /boom/);
});

Deno.test("queuectl metrics prints the figures, with --json as one array", async () => {
  await using queue = await Queue.open();
  await queue.add("a");
  const { code, stdout, stderr } = await queue.cli("metrics");
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const metrics = readMetricsText(stdout);
  assert.equal(valueOf(metrics, "queuectl_jobs", { state: "pending" }), 1);
  const families: { name: string; type: string }[] = JSON.parse(
    (await queue.cli("metrics", "--json")).stdout,
  );
  const shown = families.filter(({ name }) => metrics.has(name));
  assert.deepEqual(
    shown.map(({ name, type }) => [name, type]),
    [
      ...metrics.values(),
    ].map(({ name, type }) => [name, type]),
  );
});
