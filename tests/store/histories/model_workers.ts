/**
 * The workers of the model.
 *
 * @module
 */

import type { TickRequest } from "../../../src/store/tick.ts";
import type { NewWorker, StopRequest, WorkerInfo } from "../../../src/store/workers.ts";
import type { Jobs } from "./jobs.ts";
import type { Mutable } from "./modelled.ts";

/** What is seen of a heart that stands still is written down in steps of so many milliseconds. */
const OBSERVATION_STEP = 250;

/** Who has joined and is not buried. */
export class ModelWorkers {
  readonly #jobs: Jobs;
  #all: Mutable<WorkerInfo>[] = [];

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
  }

  /** Every worker, in the order of joining. */
  infos(): WorkerInfo[] {
    return this.#all.map((info) => ({ ...info, busy: this.#busy(info) }));
  }

  /** Of the attempts that were claimed ahead no more run than there are slots for. */
  #busy({ id, slots }: WorkerInfo): number {
    const running = this.running(id);
    const begun = running.filter(({ isAhead }) => !isAhead);
    return Math.max(begun.length, Math.min(running.length, slots));
  }

  /** The worker with this id. */
  find(id: string): Mutable<WorkerInfo> | undefined {
    return this.#all.find((info) => info.id === id);
  }

  /** The jobs that a worker runs. */
  running(id: string) {
    return this.#jobs.in("processing").filter(({ job }) => job.workerId === id);
  }

  /** A worker begins. */
  join(worker: NewWorker, now: number): void {
    this.#all.push({
      ...worker,
      joinOrder: Math.max(0, ...this.#all.map(({ joinOrder }) => joinOrder)) + 1,
      busy: 0,
      state: "running",
      stopRequest: null,
      slotsRequest: null,
      startedAt: now,
      heartbeatAt: now,
      heartbeat: 0,
      unmovedFor: 0,
    });
  }

  /** A sign of life. */
  beat({ worker, draining, slots, isBrief }: TickRequest, now: number): void {
    const info = this.find(worker);
    if (info === undefined || isBrief) return;
    info.heartbeat++;
    info.heartbeatAt = now;
    info.unmovedFor = 0;
    info.state = draining ? "draining" : "running";
    info.slots = slots ?? info.slots;
  }

  /** A worker is gone, unless attempts of it are left to clean up. */
  bury(id: string): void {
    if (this.running(id).length > 0) return;
    this.#all = this.#all.filter((info) => info.id !== id);
  }

  /** Notes for how long others stand still; those others. */
  observe({ worker, observed, isBrief }: TickRequest): WorkerInfo[] | null {
    if (isBrief) return null;
    for (const [id, { heartbeat, unmovedFor }] of observed) {
      const info = this.find(id);
      if (id === worker || info?.heartbeat !== heartbeat) continue;
      if (unmovedFor >= info.unmovedFor + OBSERVATION_STEP) info.unmovedFor = unmovedFor;
    }
    return this.#all.filter(({ id }) => id !== worker).map((info) => ({ ...info, busy: 0 }));
  }

  /** Somebody asks a worker to stop. */
  requestStop(id: string, request: StopRequest): void {
    const info = this.find(id);
    if (info && info.stopRequest !== "now") info.stopRequest = request;
  }
}
