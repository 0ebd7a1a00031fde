/**
 * The figures of a store for Prometheus: what `queuectl metrics` prints and `/metrics` answers.
 *
 * Names and units go by the conventions of Prometheus: seconds, counters end in `_total`, and what can be
 * there is there from the beginning with 0, so that a rate sees the first one.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { isLost } from "../json/worker_json.ts";
import type { OutcomeKind } from "../job/outcome.ts";
import { STATES } from "../job/state.ts";
import type { QueueInfo } from "../store/queues.ts";
import type { ScheduleInfo } from "../store/schedules.ts";
import type { Totals } from "../store/statistics.ts";
import type { Store, StoreStatus } from "../store/store.ts";
import { ownVersion } from "../version.ts";
import { currentHost } from "../worker/host.ts";
import { boundOf } from "./durations.ts";
import { exposition, type Family, gauge } from "./exposition.ts";

/** Every outcome, and whether its duration says how long the command takes. */
const IS_MEASURED: Readonly<Record<OutcomeKind, boolean>> = {
  completed: true,
  failed: true,
  timed_out: true,
  cancelled: true,
  not_started: false,
  lost: false,
  handed_back: false,
};

/** Every outcome. */
export const OUTCOMES = Object.keys(IS_MEASURED) as readonly OutcomeKind[];

/** Milliseconds, each twice the one before, from 1 ms to 18 hours: they are among the store's own bounds. */
const BOUNDS = Array.from({ length: 27 }, (_, power) => 2 ** power);

/**
 * The figures of a store.
 *
 * @param now milliseconds since the epoch
 * @throws {StoreError} if the store cannot be read
 */
export async function readMetrics(store: Store, now: number): Promise<Family[]> {
  return [...await about(true), ...await storeFamilies(store, now)];
}

/**
 * The same as text, for whoever asks again and again: of a store that cannot be read it says just that,
 * `queuectl_up 0`.
 *
 * @param now milliseconds since the epoch
 * @param own what this process has to tell of itself
 */
export async function renderMetrics(
  store: Store,
  now: number,
  own: readonly Family[] = [],
): Promise<string> {
  try {
    return exposition([...await readMetrics(store, now), ...own]);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return exposition([...await about(false), ...own]);
  }
}

async function about(isUp: boolean): Promise<Family[]> {
  const labels = { version: await ownVersion(), deno: Deno.version.deno };
  return [
    gauge("queuectl_up", "Whether the store can be read", Number(isUp)),
    {
      ...{ type: "gauge", name: "queuectl_build_info" },
      help: "Which queuectl this is and which Deno it runs on, always 1",
      samples: [{ labels, value: 1 }],
    },
  ];
}

async function storeFamilies(store: Store, now: number): Promise<Family[]> {
  // What was replaced by another store can still be read, and tells of nobody any more.
  await store.revision();
  const status = await store.status();
  const totals = await store.totals();
  return [
    ...jobFamilies(status, now),
    ...attemptFamilies(status.queues, totals),
    ...storeWorkerFamilies(status),
    ...queueFamilies(status.queues),
    ...scheduleFamilies(await store.schedules()),
  ];
}

function jobFamilies({ queues, oldestPendingAt }: StoreStatus, now: number): Family[] {
  const age = oldestPendingAt === null ? 0 : Math.max(0, now - oldestPendingAt) / 1000;
  return [
    {
      ...{ type: "gauge", name: "queuectl_jobs", help: "Jobs by queue and state" },
      samples: queues.flatMap(({ queue, counts }) =>
        STATES.map((state) => ({ labels: { queue, state }, value: counts[state] }))
      ),
    },
    gauge(
      "queuectl_oldest_pending_age_seconds",
      "For how long the oldest pending job has been waiting, 0 if none is",
      age,
    ),
  ];
}

function attemptFamilies(queues: readonly QueueInfo[], totals: readonly Totals[]): Family[] {
  const names = new Set([...queues, ...totals].map(({ queue }) => queue));
  const counts = new Map(totals.map(({ queue, outcome, count }) => [`${queue} ${outcome}`, count]));
  const measured = Map.groupBy(
    totals.filter(({ outcome }) => IS_MEASURED[outcome]),
    ({ queue }) => queue,
  );
  return [
    {
      ...{ type: "counter", name: "queuectl_attempts_total" },
      help: "Attempts that have ended, by queue and outcome",
      samples: [...names].flatMap((queue) =>
        OUTCOMES.map((outcome) => ({
          labels: { queue, outcome },
          value: counts.get(`${queue} ${outcome}`) ?? 0,
        }))
      ),
    },
    {
      ...{ type: "histogram", name: "queuectl_attempt_duration_seconds" },
      help: "How long attempts took that completed, failed, timed out or were cancelled",
      bounds: BOUNDS.map((bound) => bound / 1000),
      samples: [...names].map((queue) => ({
        labels: { queue },
        ...histogram(measured.get(queue) ?? []),
      })),
    },
  ];
}

function histogram(totals: readonly Totals[]) {
  const buckets = totals.flatMap(({ durations }) => [...durations]);
  return {
    cumulative: BOUNDS.map((bound) =>
      buckets.reduce((sum, [i, count]) => boundOf(i) <= bound ? sum + count : sum, 0)
    ),
    count: buckets.reduce((sum, [, count]) => sum + count, 0),
    sum: totals.reduce((sum, { totalDuration }) => sum + totalDuration, 0) / 1000,
  };
}

function storeWorkerFamilies({ workers }: StoreStatus): Family[] {
  const host = currentHost();
  const lost = workers.filter((worker) => isLost(worker, host));
  const live = workers.filter((worker) => !lost.includes(worker));
  const inState = (state: string) => live.filter((worker) => worker.state === state).length;
  const states = { running: inState("running"), draining: inState("draining"), lost: lost.length };
  return [
    {
      ...{ type: "gauge", name: "queuectl_workers" },
      help: "Workers by state; those of other hosts are lost only once somebody has noticed",
      samples: Object.entries(states).map(([state, value]) => ({ labels: { state }, value })),
    },
    gauge(
      "queuectl_slots",
      "Slots of all workers that are not lost",
      live.reduce((sum, { slots }) => sum + slots, 0),
    ),
    gauge(
      "queuectl_slots_busy",
      "Slots in which a job runs",
      live.reduce((sum, { busy }) => sum + busy, 0),
    ),
  ];
}

function queueFamilies(queues: readonly QueueInfo[]): Family[] {
  return [
    {
      ...{ type: "gauge", name: "queuectl_queue_paused", help: "Whether the queue is paused" },
      samples: queues.map(({ queue, paused }) => ({ labels: { queue }, value: Number(paused) })),
    },
    {
      ...{ type: "gauge", name: "queuectl_queue_limit" },
      help: "At most so many jobs of the queue run at once, where there is a limit",
      samples: queues.flatMap(({ queue, limit }) =>
        limit === null ? [] : [{ labels: { queue }, value: limit }]
      ),
    },
    {
      ...{ type: "gauge", name: "queuectl_queue_rate_limit_per_second" },
      help: "At most so many attempts a second begin in the queue, where there is a limit",
      samples: queues.flatMap(({ queue, rate }) =>
        rate === null ? [] : [{ labels: { queue }, value: rate.count / (rate.period / 1000) }]
      ),
    },
  ];
}

function scheduleFamilies(schedules: readonly ScheduleInfo[]): Family[] {
  const paused = schedules.filter((schedule) => schedule.paused).length;
  const times = (timeOf: (schedule: ScheduleInfo) => number | null) =>
    schedules.flatMap((info) => {
      const time = timeOf(info);
      return time === null ? [] : [{ labels: { schedule: info.name }, value: time / 1000 }];
    });
  return [
    {
      ...{ type: "gauge", name: "queuectl_schedules", help: "Schedules by state" },
      samples: [
        { labels: { state: "active" }, value: schedules.length - paused },
        { labels: { state: "paused" }, value: paused },
      ],
    },
    {
      ...{ type: "gauge", name: "queuectl_schedule_next_timestamp_seconds" },
      help: "When the schedule fires next, where it does",
      samples: times(({ paused, nextAt }) => paused ? null : nextAt),
    },
    {
      ...{ type: "gauge", name: "queuectl_schedule_last_timestamp_seconds" },
      help: "When the schedule last enqueued a job, where it has",
      samples: times(({ lastAt }) => lastAt),
    },
  ];
}
