/**
 * A worker's main thread, the only one that talks to the store: it claims jobs for the free slots,
 * hands them to the executors and settles what ended, all in one transaction a tick.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Events } from "../observe/events.ts";
import type { AttemptEnd, Claim, StopRequest, Store, TickResult } from "../store/store.ts";
import { Attempts } from "./attempts.ts";
import { attemptStart, ExecutorPool, type Orphan } from "./executor_pool.ts";
import { isAlive, processRef } from "./host.ts";
import { type LossReason, PeerWatch } from "./peer_watch.ts";
import { Rescues } from "./rescues.ts";
import { servedByAnother } from "./singleton.ts";
import { sweep } from "./sweep.ts";
import { Wakeup } from "./wakeup.ts";
import { newWorkerId } from "./worker_id.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** How a worker's life ended. */
export type WorkerEnd = "stopped" | "served_by_another";

/** Runs one worker. */
export class Supervisor {
  readonly #store: Store;
  readonly #events: Events;
  readonly #options: WorkerOptions;
  readonly #attempts = new Attempts();
  readonly #wakeup = new Wakeup();
  readonly #watch: PeerWatch;
  readonly #rescues: Rescues;
  readonly #pool: ExecutorPool;
  /** Lost workers whose attempts are settled by the next tick. */
  #buried: string[] = [];
  #id: string;
  #bell: AsyncDisposable | null = null;
  #stop: StopRequest | null = null;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  /** It has joined, and is not superfluous. */
  #isAtWork = false;
  /** All slots have their launchers, and it has been said. */
  #isReady = false;
  /** The store did not answer the last tick. */
  #isAway = false;
  #nextDueIn: number | null = null;
  /** The last tick found nothing to claim although slots were free. */
  #isIdle = false;

  constructor(store: Store, events: Events, options: WorkerOptions) {
    const { config, host } = options;
    this.#store = store;
    this.#events = events;
    this.#options = options;
    this.#id = newWorkerId(options.name);
    this.#watch = new PeerWatch({
      hostIdentity: host.identity,
      lease: config.lease,
      isAlive,
      clock: () => performance.now(),
    });
    this.#rescues = new Rescues(store, {
      hostIdentity: host.identity,
      spool: store.directory,
      maxOutput: config.maxOutput,
    });
    this.#pool = new ExecutorPool(
      { slots: options.slots, threads: options.threads, spool: store.directory },
      {
        ready: () => this.#wakeup.call(),
        output: (chunks) => {
          for (const chunk of chunks) this.#attempts.addOutput(chunk);
          this.#wakeup.call();
        },
        ended: (report) => {
          this.#attempts.report(report);
          this.#wakeup.call();
        },
        failed: (error, orphans) => this.#adopt(error, orphans),
      },
    );
  }

  /**
   * Asks the worker to end. `drain`: it claims no more and finishes what runs. `now`: it ends what
   * runs and hands it back; a second `now` does not wait for the kill grace.
   */
  stop(request: StopRequest): void {
    if (request === "drain" && this.#stop === null) this.#drain();
    else if (request === "now" && this.#stop !== "now") this.#handBack();
    else if (request === "now") {
      for (const token of this.#attempts.tokens()) this.#pool.end(token, 0);
    }
    this.#wakeup.call();
  }

  /**
   * Works until it is asked to stop, or has nothing left to do where that is an end.
   *
   * @throws {StoreError} if the store cannot be used at the start, or is away at a forced end
   */
  async run(): Promise<WorkerEnd> {
    try {
      await this.#join();
      const interval = this.#heartbeatInterval;
      if (this.#options.singleton && await servedByAnother(this.#store, this.#id, interval)) {
        return "served_by_another";
      }
      await sweep(this.#store, this.#options.host);
      this.#isAtWork = true;
      await this.#work();
      return "stopped";
    } finally {
      clearTimeout(this.#graceTimer);
      this.#pool.close();
      await this.#bell?.[Symbol.asyncDispose]();
      if (!this.#isAway) {
        await this.#store.leave(this.#id);
        // The executors remove files as well, but the program may end before they come to it.
        await this.#sweep();
      }
      // One that was not needed says nothing.
      if (this.#isAtWork) this.#events.emit({ type: "worker_stopped", worker: this.#id });
    }
  }

  /** The longest time between two ticks: others must see this heart beat well within a lease. */
  get #heartbeatInterval(): number {
    const { pollInterval, lease } = this.#options.config;
    return Math.min(pollInterval, lease / 6);
  }

  async #join(): Promise<void> {
    const { host, slots, queues } = this.#options;
    await this.#bell?.[Symbol.asyncDispose]();
    this.#bell = await this.#store.doorbell(this.#id, () => this.#wakeup.call());
    await this.#store.join({
      id: this.#id,
      host: host.name,
      hostIdentity: host.identity,
      process: processRef(Deno.pid)!,
      slots,
      queues,
    });
  }

  async #work(): Promise<void> {
    while (true) {
      if (!this.#isReady && this.#pool.isReady) this.#announce();
      await this.#tick();
      if (await this.#isDone()) return;
      await this.#wakeup.sleep(this.#sleepLimit());
    }
  }

  /** From now on it claims. */
  #announce(): void {
    this.#isReady = true;
    const { slots, queues } = this.#options;
    const { location: store } = this.#store;
    this.#events.emit({
      type: "worker_ready",
      worker: this.#id,
      store,
      pid: Deno.pid,
      slots,
      queues,
    });
  }

  #sleepLimit(): number {
    if (this.#isAway) return this.#options.config.pollInterval;
    return Math.min(this.#heartbeatInterval, this.#nextDueIn ?? Infinity);
  }

  async #isDone(): Promise<boolean> {
    if (this.#stop === "now" && this.#isAway && this.#attempts.running === 0) {
      throw new StoreError(
        "The worker has ended without its store: what it ran is recovered by the next worker",
      );
    }
    if (!this.#attempts.isSettled) return false;
    if (this.#stop === null && !await this.#hasDrained()) return false;
    await this.#rescues.idle();
    // A rescue that has just ended brings something to settle.
    return this.#attempts.isSettled && this.#buried.length === 0;
  }

  async #hasDrained(): Promise<boolean> {
    const { drainWait, queues, insideJob } = this.#options;
    if (drainWait === null || !this.#isIdle || this.#isAway) return false;
    return await this.#store.outstanding(queues, drainWait, insideJob) === 0;
  }

  async #tick(): Promise<void> {
    const begun = performance.now();
    const free = this.#isReady && this.#stop === null ? this.#pool.free() : [];
    const pending = this.#attempts.take();
    const buried = this.#buried;
    this.#buried = [];
    let result: TickResult;
    try {
      result = await this.#store.tick({
        worker: this.#id,
        ...pending,
        free: free.map(({ launcher }) => launcher),
        observed: this.#watch.observations(),
        draining: this.#stop !== null,
        buried,
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#attempts.putBack(pending);
      this.#buried = [...buried, ...this.#buried];
      this.#goAway(error);
      return;
    }
    if (this.#isAway) await this.#comeBack(result.claimed);
    for (const worker of buried) this.#rescues.end(worker);
    this.#nextDueIn = result.nextDueIn;
    this.#isIdle = free.length > result.claimed.length;
    this.#noteSettled(result, pending.ended);
    const isLate = performance.now() - begun > this.#options.config.lease / 2;
    result.claimed.forEach((claim, index) => this.#begin(claim, free[index]!.slot, isLate));
    this.#end("cancel", result.cancelled);
    this.#pool.flush();
    if (result.stopRequest !== null && result.stopRequest !== this.#stop) {
      this.stop(result.stopRequest);
    }
    for (const { peer, reason } of this.#watch.look(result.peers)) this.#rescue(peer, reason);
    if (result.evicted) await this.#rejoin();
    if (buried.length > 0) await this.#sweep();
  }

  /** A claim that came too late to be sure of its lease, or after a stop, is handed back. */
  #begin(claim: Claim, slot: number, isLate: boolean): void {
    if (isLate || this.#stop !== null) return this.#settleUnstarted(claim);
    const { address } = this.#store;
    this.#attempts.begin(claim);
    this.#pool.start(
      attemptStart(claim, slot, { address, maxOutput: this.#options.config.maxOutput }),
    );
    this.#events.emit({ type: "job_started", job: claim.job, attempt: claim.attempt });
  }

  #settleUnstarted({ jobId, token }: { jobId: string; token: string }): void {
    const outcome = { kind: "handed_back" } as const;
    const finishedAt = Date.now();
    this.#attempts.settleNext({ jobId, token, outcome, finishedAt, chunks: [], outputBytes: 0 });
    this.#wakeup.call();
  }

  #noteSettled(result: TickResult, ended: readonly AttemptEnd[]): void {
    for (const { token } of ended) {
      this.#pool.settled(token);
      this.#rescues.settled(token);
    }
    for (const settled of result.settled) this.#events.emit({ type: "job_ended", settled });
    for (const token of result.stale) this.#events.emit({ type: "attempt_stale", token });
  }

  #end(reason: "cancel" | "hand_back", tokens?: readonly string[]): void {
    const grace = this.#options.config.killGrace;
    for (const token of this.#attempts.markEnding(reason, tokens)) this.#pool.end(token, grace);
  }

  #drain(): void {
    this.#stop = "drain";
    const { running } = this.#attempts;
    this.#events.emit({ type: "worker_draining", worker: this.#id, running });
    const { shutdownGrace } = this.#options;
    if (shutdownGrace !== null) {
      this.#graceTimer = setTimeout(() => this.stop("now"), shutdownGrace);
    }
  }

  #handBack(): void {
    this.#stop = "now";
    const { running } = this.#attempts;
    this.#events.emit({ type: "worker_handing_back", worker: this.#id, running });
    this.#end("hand_back");
  }

  #rescue(peer: TickResult["peers"][number], reason: LossReason): void {
    const begun = this.#rescues.begin(peer, reason, (result) => {
      if (result instanceof Error) {
        this.#rescues.end(peer.id);
        this.#events.emit({ type: "rescue_failed", worker: peer.id, error: result.message });
      } else {
        for (const end of result.ends) this.#attempts.settleNext(end);
        this.#buried.push(result.worker);
      }
      this.#wakeup.call();
    });
    if (begun) this.#events.emit({ type: "worker_lost", worker: peer, reason });
  }

  async #sweep(): Promise<void> {
    try {
      await sweep(this.#store, this.#options.host);
    } catch (error) {
      // The next worker does it.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #goAway(error: StoreError): void {
    if (!this.#isAway) this.#events.emit({ type: "store_away", error: error.message });
    this.#isAway = true;
  }

  /** A tick whose answer was lost may have been done: then there are claims that nobody runs. */
  async #comeBack(claimed: readonly Claim[]): Promise<void> {
    const expected = new Set(claimed.map((claim) => claim.token));
    for (const attempt of await this.#store.attemptsOf(this.#id)) {
      if (expected.has(attempt.token) || this.#attempts.knows(attempt.token)) continue;
      this.#settleUnstarted(attempt);
    }
    this.#isAway = false;
    this.#events.emit({ type: "store_back" });
  }

  /** Others have given this worker up, so its attempts are not its own any more. */
  async #rejoin(): Promise<void> {
    this.#events.emit({ type: "worker_evicted", worker: this.#id });
    for (const token of this.#attempts.tokens()) this.#pool.end(token, 0);
    this.#id = newWorkerId(this.#options.name);
    await this.#join();
  }

  /** An executor has failed: its attempts are ended, and salvaged as a dead worker's would be. */
  async #adopt(error: string, orphans: readonly Orphan[]): Promise<void> {
    this.#events.emit({ type: "executor_failed", error });
    const claims = orphans.flatMap(({ token, launcher }) => {
      const claim = this.#attempts.claimOf(token);
      return claim ? [{ ...claim, launcher, cwd: claim.job.cwd }] : [];
    });
    try {
      for (const end of await this.#rescues.salvage(claims)) this.#attempts.settleNext(end);
    } catch (error) {
      // Then they stay in the books, and the worker that rescues this one ends them.
      this.#events.emit({ type: "rescue_failed", worker: this.#id, error: String(error) });
    }
    this.#wakeup.call();
  }
}
