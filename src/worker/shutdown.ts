/**
 * How a worker ends: it drains, hands back what runs, or does not even wait for the kill grace.
 *
 * @module
 */

import type { Events } from "../observe/events.ts";
import type { StopRequest } from "../store/workers.ts";
import type { Runner } from "./runner.ts";

/** What a shutdown works with. */
export interface ShutdownOptions {
  readonly events: Events;
  readonly runner: Pick<Runner, "running" | "end" | "kill">;
  /** The id of the worker. */
  readonly self: () => string;
  /** Asks for the next tick at once. */
  readonly wake: () => void;
  /** Milliseconds after which a drain hands back what runs still; null: never. */
  readonly grace: number | null;
}

/** Knows whether the worker is to end, and sees to what runs still. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  #request: StopRequest | null = null;
  /** When a drain hands back what runs, by the monotonic clock. */
  #handBackAt = Infinity;
  #error: Error | null = null;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** Whether anybody has asked for an end. */
  get isRequested(): boolean {
    return this.#request !== null;
  }

  /** Whether what runs is handed back. */
  get isNow(): boolean {
    return this.#request === "now";
  }

  /** Why the worker cannot go on: it ends as soon as nothing runs; null if it can. */
  get error(): Error | null {
    return this.#error;
  }

  /** Milliseconds until a drain hands back what runs still; infinite where nothing will. */
  get graceLeft(): number {
    if (this.#request !== "drain") return Infinity;
    return Math.max(0, this.#handBackAt - performance.now());
  }

  /** Of several requests each may only ask for more: `drain`, `now`, and `now` without the kill grace. */
  stop(request: StopRequest): void {
    if (request === "drain" && this.#request === null) this.#drain();
    else if (request === "now" && this.#request !== "now") this.#handBack();
    else if (request === "now") this.#options.runner.kill();
    this.#options.wake();
  }

  /** What the store asks for, at each tick; it may be less than what a signal has asked for already. */
  obey(request: StopRequest | null): void {
    if (request === "drain" && this.#request === null) this.stop("drain");
    if (request === "now" && this.#request !== "now") this.stop("now");
  }

  /** The worker cannot go on; of several reasons the first counts. */
  fail(error: Error): void {
    this.#error ??= error;
    this.stop("now");
  }

  /** Hands back what runs, if the grace of a drain is over. */
  look(): void {
    if (this.graceLeft === 0) this.#handBack();
  }

  #drain(): void {
    this.#request = "drain";
    const { events, runner, self, grace } = this.#options;
    events.emit({ type: "worker_draining", worker: self(), running: runner.running });
    if (grace !== null) this.#handBackAt = performance.now() + grace;
  }

  #handBack(): void {
    this.#request = "now";
    const { events, runner, self } = this.#options;
    events.emit({ type: "worker_handing_back", worker: self(), running: runner.running });
    runner.end("hand_back");
  }
}
