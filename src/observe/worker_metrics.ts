/**
 * What a worker has to tell of itself: figures beside those of its store, and whether it can work.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { OutcomeKind } from "../job/outcome.ts";
import type { Store } from "../store/store.ts";
import type { Events, WorkerEvent } from "./events.ts";
import { counter, type Family, gauge } from "./exposition.ts";
import { OUTCOMES } from "./metrics.ts";

/** A worker as it is at this moment. */
export interface WorkerSelf {
  /** It changes when the others have given the worker up. */
  readonly id: string;
  readonly slots: number;
  /** Attempts in its hands; those that wait in the lines behind its slots are counted. */
  readonly running: number;
  readonly isStopping: boolean;
  /** Milliseconds since its heart has beaten, by its own monotonic clock. */
  readonly silentFor: number;
}

/** What a worker's figures are taken from. */
export interface WorkerSources {
  readonly store: Pick<Store, "workers">;
  readonly events: Events;
  readonly self: () => WorkerSelf;
  /** Milliseconds; see config `lease`. */
  readonly lease: number;
}

/** Events that somebody should look into when there are many. */
const TROUBLES = [
  "attempt_stale",
  "worker_lost",
  "worker_evicted",
  "rescue_failed",
  "store_away",
  "lease_over",
  "slot_rests",
  "slot_failed",
  "spool_broken",
  "executor_failed",
  "schedule_failed",
  "retention_failed",
] as const satisfies readonly WorkerEvent["type"][];

/** Counts what happens in a worker, from its making on. */
export class WorkerFigures {
  readonly #sources: WorkerSources;
  readonly #troubles = new Map<string, number>(TROUBLES.map((type) => [type, 0]));
  readonly #ended = new Map<OutcomeKind, number>(OUTCOMES.map((outcome) => [outcome, 0]));
  readonly #fired = { enqueued: 0, skipped: 0 };
  #started = 0;
  /** Why no job can have its files; null if one can. */
  #spoolError: string | null = null;
  /** Why the worker claims nothing; null if its store answers. */
  #storeError: string | null = null;

  constructor(sources: WorkerSources) {
    this.#sources = sources;
    sources.events.subscribe((event) => this.#hear(event));
  }

  /** Its figures for Prometheus. */
  families(): Family[] {
    const { id, slots, running } = this.#sources.self();
    return [
      {
        ...{ type: "gauge", name: "queuectl_worker_info" },
        help: "Which worker answers, always 1",
        samples: [{ labels: { worker: id }, value: 1 }],
      },
      gauge("queuectl_worker_slots", "Slots of this worker", slots),
      gauge("queuectl_worker_jobs_running", "Jobs in the hands of this worker", running),
      counter(
        "queuectl_worker_attempts_started_total",
        "Attempts that this worker has begun",
        this.#started,
      ),
      {
        ...{ type: "counter", name: "queuectl_worker_attempts_total" },
        help: "Attempts whose end this worker has stored, also those of lost workers, by outcome",
        samples: [...this.#ended].map(([outcome, value]) => ({ labels: { outcome }, value })),
      },
      {
        ...{ type: "counter", name: "queuectl_worker_schedule_firings_total" },
        help: "Firings of schedules that this worker has seen to",
        samples: Object.entries(this.#fired).map(([result, value]) => ({
          labels: { result },
          value,
        })),
      },
      {
        ...{ type: "counter", name: "queuectl_worker_troubles_total" },
        help: "What went wrong in this worker, by the name of the event",
        samples: [...this.#troubles].map(([event, value]) => ({ labels: { event }, value })),
      },
      gauge(
        "process_start_time_seconds",
        "When the process was started, seconds since the epoch",
        performance.timeOrigin / 1000,
      ),
      gauge("process_resident_memory_bytes", "Resident memory", Deno.memoryUsage().rss),
    ];
  }

  /**
   * Why the worker begins no job now, in a sentence; null if it does: it is not about to end, jobs can have
   * their files, and by the store it is there and its heart beats.
   */
  async unready(): Promise<string | null> {
    const { store, self, lease } = this.#sources;
    const { id, isStopping, silentFor } = self();
    if (isStopping) return "The worker is ending";
    if (this.#storeError !== null) return this.#storeError;
    if (this.#spoolError !== null) return `No jobs start: ${this.#spoolError}`;
    try {
      const isKnown = (await store.workers()).some((worker) => worker.id === id);
      if (!isKnown) return "The worker is not among those of the store";
      // It claims nothing itself when a tick takes that long.
      return silentFor > lease / 2
        ? `The worker's heart has not beaten for ${Math.round(silentFor)} ms`
        : null;
    } catch (error) {
      if (error instanceof StoreError) return error.message;
      throw error;
    }
  }

  #hear(event: WorkerEvent): void {
    switch (event.type) {
      case "job_started":
        this.#started++;
        break;
      case "job_ended": {
        const { outcome } = event.settled;
        if (outcome !== null) this.#ended.set(outcome, this.#ended.get(outcome)! + 1);
        break;
      }
      case "schedule_fired":
        this.#fired[event.fired.skipped === null ? "enqueued" : "skipped"]++;
        break;
      case "store_away":
        this.#storeError = event.error;
        break;
      case "store_back":
        this.#storeError = null;
        break;
      case "spool_broken":
        this.#spoolError = event.error;
        break;
      case "spool_back":
        this.#spoolError = null;
        break;
    }
    const troubles = this.#troubles.get(event.type);
    if (troubles !== undefined) this.#troubles.set(event.type, troubles + 1);
  }
}
