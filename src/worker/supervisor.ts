/**
 * A worker's main thread, the only one that talks to the store: it claims jobs for the free slots,
 * hands them to the executors and settles what ended, all in one transaction a tick. This is its life from the
 * start to the end; what there is to a tick is in `ticker.ts`.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Events } from "../observe/events.ts";
import type { WorkerSelf } from "../observe/worker_metrics.ts";
import type { Store } from "../store/store.ts";
import type { StopRequest } from "../store/workers.ts";
import { HEARTBEAT_INTERVAL } from "./heartbeat.ts";
import { servedByAnother } from "./singleton.ts";
import { sweep } from "./sweep.ts";
import { Ticker } from "./ticker.ts";
import type { WorkerOptions } from "./worker_options.ts";
import { assemble, type WorkerParts } from "./worker_parts.ts";

/** Runs one worker. */
export class Supervisor {
  readonly #parts: WorkerParts;
  readonly #ticker: Ticker;
  #wasReady = false;

  constructor(store: Store, events: Events, options: WorkerOptions) {
    this.#parts = assemble(store, events, options);
    this.#ticker = new Ticker(this.#parts);
  }

  /** Whether it was asked to end, by whomever. */
  get isStopping(): boolean {
    return this.#parts.shutdown.isRequested;
  }

  /** As it is now, for whoever watches it. */
  get self(): WorkerSelf {
    const { member: { id, slots }, runner: { running }, heart } = this.#parts;
    const silentFor = heart.silentFor(performance.now());
    return { id, slots, running, isStopping: this.isStopping, silentFor };
  }

  /**
   * Asks the worker to end. `drain`: it claims no more and finishes what runs. `now`: it ends what
   * runs and hands it back; a second `now` does not wait for the kill grace.
   */
  stop(request: StopRequest): void {
    this.#parts.shutdown.stop(request);
  }

  /**
   * Works until it is asked to stop, or has nothing left to do where that is an end. A singleton whose
   * work another worker does already ends at once.
   *
   * @throws {StoreError} if the store cannot be used at the start, is away at a forced end, or was
   * removed; or if no job can be started here
   */
  async run(): Promise<void> {
    const { store, options, wakeup, member, runner, shutdown, tenure, link } = this.#parts;
    if (await this.#isServed(null)) return;
    tenure.begin();
    runner.resize(options.slots);
    try {
      while (runner.slots === 0 && !shutdown.isRequested) await wakeup.sleep(HEARTBEAT_INTERVAL);
      if (shutdown.error) throw shutdown.error;
      if (shutdown.isRequested) return;
      await link.enter(() => member.join(runner.slots), () => shutdown.isRequested);
      if (await this.#isServed(member.id)) return;
      await sweep(store, options.host);
      this.#announce();
      await this.#work();
    } finally {
      await this.#leave();
    }
  }

  async #isServed(id: string | null): Promise<boolean> {
    const { store, options: { singleton, host, queues }, heart } = this.#parts;
    return singleton && await servedByAnother(store, { host, queues, id }, heart.interval);
  }

  #announce(): void {
    const { store, events, options: { queues }, member: { id: worker, slots } } = this.#parts;
    this.#wasReady = true;
    const about = { worker, slots, queues, pid: Deno.pid, store: store.location };
    events.emit({ type: "worker_ready", ...about });
  }

  async #work(): Promise<void> {
    const { wakeup, heart, member, shutdown } = this.#parts;
    while (true) {
      await this.#ticker.tick();
      shutdown.look();
      if (await this.#isDone()) return;
      if (!wakeup.isCalled) await member.listen();
      const untilDue = this.#ticker.nextDueIn ?? Infinity;
      await wakeup.sleep(Math.min(heart.tickInterval, untilDue, shutdown.graceLeft));
    }
  }

  async #isDone(): Promise<boolean> {
    const { runner, rescues, shutdown, link } = this.#parts;
    if (runner.running > 0) return false;
    if (shutdown.error) throw shutdown.error;
    if (shutdown.isNow && link.isAway) {
      throw new StoreError(
        "The worker has ended without its store: the next worker takes over what it ran",
      );
    }
    if (!runner.isSettled || !rescues.isDone) return false;
    return shutdown.isRequested || await this.#hasDrained();
  }

  async #hasDrained(): Promise<boolean> {
    const { store, options, link, schedules, retention } = this.#parts;
    const { drainWait, queues, insideJob } = options;
    if (drainWait === null || !this.#ticker.isIdle || link.isAway) return false;
    if (!schedules.isEmpty || !retention.hasRun) return false;
    // The store is behind: jobs may become pending whose parents have ended.
    if (this.#ticker.nextDueIn === 0) return false;
    const left = await link.ask(() => store.outstanding(queues, drainWait, insideJob));
    return left === 0;
  }

  async #leave(): Promise<void> {
    const { store, events, options, member, runner, tenure, link, retention } = this.#parts;
    // After a mistake of our own. From another machine nobody could end them.
    if (store.isShared && runner.running > 0) runner.kill();
    await runner.close(link.isAway);
    await tenure[Symbol.asyncDispose]();
    await retention[Symbol.asyncDispose]();
    await member[Symbol.asyncDispose]();
    if (!link.isAway) {
      await link.ask(() => member.leave());
      await sweep(store, options.host);
    }
    if (this.#wasReady) events.emit({ type: "worker_stopped", worker: member.id });
  }
}
