import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import { Events, type WorkerEvent } from "../../src/observe/events.ts";
import { exposition } from "../../src/observe/exposition.ts";
import { WorkerFigures, type WorkerSources } from "../../src/observe/worker_metrics.ts";
import type { Store } from "../../src/store/store.ts";
import type { Settled } from "../../src/store/tick.ts";
import type { WorkerInfo } from "../../src/store/workers.ts";
import { readMetricsText, valueOf } from "./prometheus.ts";

const LEASE = 30_000;

function settled(outcome: Settled["outcome"]): WorkerEvent {
  const rest = { exitCode: null, error: null, runAt: null };
  return {
    type: "job_ended",
    settled: { jobId: "j", token: "t", state: "completed", outcome, ...rest },
  };
}

function figures(
  workers: () => Promise<readonly Partial<WorkerInfo>[]>,
  { isStopping = false, silentFor = 0 } = {},
) {
  const events = new Events();
  const sources: WorkerSources = {
    store: { workers } as Pick<Store, "workers">,
    events,
    self: () => ({ id: "w1", slots: 4, running: 2, isStopping, silentFor }),
    lease: LEASE,
  };
  return { events, figures: new WorkerFigures(sources) };
}

Deno.test("WorkerFigures counts what happens in its worker, from 0 on", () => {
  const { events, figures: own } = figures(() => Promise.resolve([]));
  const value = (name: string, labels = {}) =>
    valueOf(readMetricsText(exposition(own.families())), name, labels);
  const stale = { event: "attempt_stale" };
  assert.equal(value("queuectl_worker_troubles_total", stale), 0);
  events.emit({ type: "attempt_stale", token: "t" });
  events.emit({ type: "attempt_stale", token: "u" });
  events.emit({ type: "store_back" });
  for (const outcome of ["completed", "completed", "lost", null] as const) {
    events.emit(settled(outcome));
  }
  const fired = { schedule: "s", fireTime: 0 };
  events.emit({ type: "schedule_fired", fired: { ...fired, jobId: "j", skipped: null } });
  events.emit({ type: "schedule_fired", fired: { ...fired, jobId: null, skipped: "runs" } });
  assert.equal(value("queuectl_worker_troubles_total", stale), 2);
  assert.equal(value("queuectl_worker_attempts_total", { outcome: "completed" }), 2);
  assert.equal(value("queuectl_worker_attempts_total", { outcome: "lost" }), 1);
  assert.equal(value("queuectl_worker_schedule_firings_total", { result: "enqueued" }), 1);
  assert.equal(value("queuectl_worker_schedule_firings_total", { result: "skipped" }), 1);
  assert.equal(value("queuectl_worker_info", { worker: "w1" }), 1);
  assert.equal(value("queuectl_worker_slots"), 4);
  assert.equal(value("queuectl_worker_jobs_running"), 2);
  assert.ok(value("process_resident_memory_bytes")! > 1e6);
  assert.ok(Math.abs(value("process_start_time_seconds")! - Date.now() / 1000) < 3600);
});

Deno.test("unready() is null while the store knows the worker and its heart beats", async () => {
  const knows = (id = "w1") => () => Promise.resolve([{ id }]);
  assert.equal(await figures(knows()).figures.unready(), null);
  // Whatever the clock of the store says.
  const silent = figures(knows(), { silentFor: LEASE * 0.6 });
  assert.equal(await silent.figures.unready(), "The worker's heart has not beaten for 18000 ms");
  assert.match(await figures(knows("w2")).figures.unready() ?? "", /not among those/);
  assert.match(await figures(knows(), { isStopping: true }).figures.unready() ?? "", /is ending/);
  const away = figures(() => Promise.reject(new StoreError("The store is away")));
  assert.equal(await away.figures.unready(), "The store is away");
  const { events, figures: own } = figures(knows());
  events.emit({ type: "store_away", error: "The store is locked", leftToRun: null });
  assert.equal(await own.unready(), "The store is locked");
  events.emit({ type: "store_back" });
  events.emit({ type: "spool_broken", error: "No space left" });
  assert.equal(await own.unready(), "No jobs start: No space left");
  events.emit({ type: "spool_back" });
  assert.equal(await own.unready(), null);
});
