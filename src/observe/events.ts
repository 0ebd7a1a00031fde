/**
 * What happens in a worker, emitted in one place; the log, the metrics and the statistics subscribe.
 *
 * @module
 */

import type { Fired } from "../store/schedules.ts";
import type { ClaimedJob, Settled } from "../store/tick.ts";
import type { WorkerInfo } from "../store/workers.ts";

/** Something that happened in a worker. */
export type WorkerEvent =
  | {
    readonly type: "worker_ready";
    readonly worker: string;
    readonly store: string;
    readonly pid: number;
    readonly slots: number;
    readonly queues: readonly string[] | null;
  }
  /** It answers `/healthz`, `/readyz` and `/metrics` at this address. */
  | { readonly type: "worker_listening"; readonly url: string }
  /** It cannot be watched, for another program has the address; that is tried again and again. */
  | { readonly type: "listen_failed"; readonly error: string }
  /** It claims no more; `running` attempts are still to end. */
  | { readonly type: "worker_draining"; readonly worker: string; readonly running: number }
  /** It ends what runs, to hand it back. */
  | { readonly type: "worker_handing_back"; readonly worker: string; readonly running: number }
  /** It has another number of slots; `finishing` jobs run in slots that go after them. */
  | {
    readonly type: "worker_scaled";
    readonly worker: string;
    readonly slots: number;
    readonly finishing: number;
  }
  /** Old jobs cannot be removed; it is tried again in a minute. */
  | { readonly type: "retention_failed"; readonly error: string }
  | { readonly type: "worker_stopped"; readonly worker: string }
  | { readonly type: "job_started"; readonly job: ClaimedJob; readonly attempt: number }
  | { readonly type: "job_ended"; readonly settled: Settled }
  /** A firing of a schedule has enqueued a job, or was skipped. */
  | { readonly type: "schedule_fired"; readonly fired: Fired }
  /** A schedule is due and its firings cannot be worked out; it is tried again in a minute. */
  | { readonly type: "schedule_failed"; readonly schedule: string; readonly error: string }
  /** An attempt ended after the store had given its job to somebody else: nothing was changed. */
  | { readonly type: "attempt_stale"; readonly token: string }
  | { readonly type: "worker_lost"; readonly worker: WorkerInfo; readonly reason: string }
  | { readonly type: "rescue_failed"; readonly worker: string; readonly error: string }
  /** This worker was given up by the others, and goes on under a new id. */
  | { readonly type: "worker_evicted"; readonly worker: string }
  /** @property leftToRun milliseconds until what runs is ended; null: it goes on */
  | { readonly type: "store_away"; readonly error: string; readonly leftToRun: number | null }
  /** The store has not answered for so long that others may take over what runs: that is ended. */
  | { readonly type: "lease_over"; readonly worker: string; readonly running: number }
  | { readonly type: "store_back" }
  /** A job could not be begun, and not by its fault: it is handed back, and its slot rests. */
  | { readonly type: "slot_rests"; readonly jobId: string; readonly error: string }
  /** Jobs cannot be given the files for their input and output: none is claimed until they can. */
  | { readonly type: "spool_broken"; readonly error: string }
  | { readonly type: "spool_back" }
  /** A slot has lost its launcher, and another one cannot be started for now; it is tried again. */
  | { readonly type: "slot_failed"; readonly error: string }
  | { readonly type: "executor_failed"; readonly error: string };

/** Hears of every event, as it happens. */
export type Listener = (event: WorkerEvent, time: number) => void;

/** Hands events to whoever listens. */
export class Events {
  readonly #listeners: Listener[] = [];

  /** From now on, `listener` hears of every event. */
  subscribe(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Tells all listeners. */
  emit(event: WorkerEvent): void {
    const time = Date.now();
    for (const listener of this.#listeners) listener(event, time);
  }
}
