/**
 * A worker's main thread, the only one that talks to the store: it claims jobs for the free slots,
 * hands them to the executors and settles what ended, all in one transaction a tick.
 *
 * @module
 */

import { StoreError, StoreGoneError } from "../errors.ts";
import type { Events } from "../observe/events.ts";
import type { AttemptRef, Claim, StopRequest, Store, TickResult } from "../store/store.ts";
import { Attempts } from "./attempts.ts";
import { attemptStart, ExecutorPool, type FreeSlot, type Orphan } from "./executor_pool.ts";
import { isAlive, processRef } from "./host.ts";
import { PeerWatch } from "./peer_watch.ts";
import type { EndReason } from "./protocol.ts";
import { Rescues } from "./rescues.ts";
import { servedByAnother } from "./singleton.ts";
import { sweep } from "./sweep.ts";
import { Wakeup } from "./wakeup.ts";
import { newWorkerId } from "./worker_id.ts";
import type { WorkerOptions } from "./worker_options.ts";

/**
 * The longest time between two heartbeats, milliseconds: a sixth of the shortest lease that can be set.
 * A worker is judged by the lease of whoever looks, which may be another than its own.
 */
const HEARTBEAT_INTERVAL = 800;

/** Runs one worker. */
export class Supervisor {
  readonly #store: Store;
  readonly #events: Events;
  readonly #options: WorkerOptions;
  readonly #attempts = new Attempts();
  readonly #wakeup = new Wakeup();
  readonly #watch: PeerWatch;
  readonly #rescues: Rescues;
  #pool: ExecutorPool | null = null;
  #id: string;
  #bell: AsyncDisposable | null = null;
  #stop: StopRequest | null = null;
  /** When a shutdown ends the running jobs, by the monotonic clock. */
  #handBackAt = Infinity;
  /** Why the worker cannot go on; it ends as soon as nothing runs. */
  #fatal: Error | null = null;
  #wasReady = false;
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
    this.#rescues = new Rescues(store, events, {
      hostIdentity: host.identity,
      spool: store.directory,
      maxOutput: config.maxOutput,
    }, () => this.#wakeup.call());
  }

  /** Whether it was asked to end, by whomever. */
  get isStopping(): boolean {
    return this.#stop !== null;
  }

  /**
   * Asks the worker to end. `drain`: it claims no more and finishes what runs. `now`: it ends what
   * runs and hands it back; a second `now` does not wait for the kill grace.
   */
  stop(request: StopRequest): void {
    if (request === "drain" && this.#stop === null) this.#drain();
    else if (request === "now" && this.#stop !== "now") this.#handBack();
    else if (request === "now") this.#kill();
    this.#wakeup.call();
  }

  /**
   * Works until it is asked to stop, or has nothing left to do where that is an end. A singleton whose
   * work another worker does already ends at once.
   *
   * @throws {StoreError} if the store cannot be used at the start, is away at a forced end, or was
   * removed; or if no job can be started here
   */
  async run(): Promise<void> {
    if (await this.#isServed(null)) return;
    this.#pool = this.#openPool();
    try {
      while (!this.#pool.isReady && this.#fatal === null && this.#stop === null) {
        await this.#wakeup.sleep(HEARTBEAT_INTERVAL);
      }
      if (this.#fatal) throw this.#fatal;
      // From here on others see this worker, and it is ready.
      await this.#join();
      if (await this.#isServed(this.#id)) return;
      await this.#sweep();
      this.#announce();
      await this.#work();
    } finally {
      await this.#leave();
    }
  }

  async #isServed(id: string | null): Promise<boolean> {
    const { singleton, host, queues } = this.#options;
    if (!singleton) return false;
    return await servedByAnother(this.#store, { host, queues, id }, this.#tickInterval);
  }

  /** The longest time between two ticks. */
  get #tickInterval(): number {
    return Math.min(this.#options.config.pollInterval, HEARTBEAT_INTERVAL);
  }

  #openPool(): ExecutorPool {
    const { slots, threads } = this.#options;
    return new ExecutorPool({ slots, threads, spool: this.#store.directory }, {
      ready: () => this.#wakeup.call(),
      output: (chunks) => {
        for (const chunk of chunks) this.#attempts.addOutput(chunk);
        this.#wakeup.call();
      },
      ended: (report) => {
        const { result, token } = report;
        const jobId = this.#attempts.claimOf(token)?.jobId;
        if (result.kind === "not_begun" && jobId !== undefined) {
          this.#events.emit({ type: "slot_rests", jobId, error: result.error });
        }
        this.#attempts.report(report);
        this.#wakeup.call();
      },
      failed: (error, orphans) => this.#adopt(error, orphans),
      broken: (error) => this.#fail(new StoreError(`No job can be started here: ${error}`)),
    });
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

  #announce(): void {
    const { slots, queues } = this.#options;
    const { location: store } = this.#store;
    const ready = { worker: this.#id, store, pid: Deno.pid, slots, queues };
    this.#wasReady = true;
    this.#events.emit({ type: "worker_ready", ...ready });
  }

  async #leave(): Promise<void> {
    await this.#pool?.close(this.#isAway);
    await this.#bell?.[Symbol.asyncDispose]();
    if (!this.#isAway) {
      await this.#withStore(() => this.#store.leave(this.#id));
      await this.#sweep();
    }
    if (this.#wasReady) this.#events.emit({ type: "worker_stopped", worker: this.#id });
  }

  async #work(): Promise<void> {
    while (true) {
      await this.#tick(this.#pool!);
      if (performance.now() >= this.#handBackAt && this.#stop === "drain") this.#handBack();
      if (await this.#isDone()) return;
      await this.#wakeup.sleep(this.#sleepLimit());
    }
  }

  #sleepLimit(): number {
    const untilHandBack = Math.max(0, this.#handBackAt - performance.now());
    const grace = this.#stop === "drain" ? untilHandBack : Infinity;
    return Math.min(this.#tickInterval, this.#nextDueIn ?? Infinity, grace);
  }

  async #isDone(): Promise<boolean> {
    if (this.#attempts.running > 0) return false;
    if (this.#fatal) throw this.#fatal;
    if (this.#stop === "now" && this.#isAway) {
      throw new StoreError(
        "The worker has ended without its store: the next worker takes over what it ran",
      );
    }
    if (!this.#attempts.isSettled || !this.#rescues.isStored) return false;
    return this.#stop !== null || await this.#hasDrained();
  }

  async #hasDrained(): Promise<boolean> {
    const { drainWait, queues, insideJob } = this.#options;
    if (drainWait === null || !this.#isIdle || this.#isAway) return false;
    const left = await this.#withStore(() => this.#store.outstanding(queues, drainWait, insideJob));
    return left === 0;
  }

  async #tick(pool: ExecutorPool): Promise<void> {
    const begun = performance.now();
    const free = this.#stop === null ? pool.free() : [];
    const pending = this.#attempts.take();
    const rescued = this.#rescues.take();
    const result = await this.#withStore(() =>
      this.#store.tick({
        worker: this.#id,
        ended: [...pending.ended, ...rescued.ended],
        output: pending.output,
        free: free.map(({ launcher }) => launcher),
        observed: this.#watch.observations(),
        draining: this.#stop !== null,
        buried: rescued.buried,
      })
    );
    if (result === null) {
      this.#attempts.putBack(pending);
      this.#rescues.putBack(rescued);
      return;
    }
    this.#nextDueIn = result.nextDueIn;
    this.#isIdle = free.length > result.claimed.length;
    for (const { token } of rescued.ended) this.#attempts.forget(token);
    for (const { token } of pending.ended) pool.settled(token);
    this.#rescues.stored(rescued);
    this.#report(result);
    const isLate = performance.now() - begun > this.#options.config.lease / 2;
    result.claimed.forEach((claim, index) => this.#begin(claim, free[index]!, isLate));
    this.#end("cancel", result.cancelled);
    pool.flush();
    this.#obey(result.stopRequest);
    for (const { peer, reason } of this.#watch.look(result.peers)) {
      this.#rescues.begin(peer, reason);
    }
    if (this.#isAway) await this.#comeBack();
    if (result.evicted) await this.#rejoin();
    if (rescued.buried.length > 0) await this.#sweep();
  }

  /** A claim whose lease or slot is not sure any more, or that comes after a stop, is handed back. */
  #begin(claim: Claim, free: FreeSlot, isLate: boolean): void {
    const pool = this.#pool!;
    if (isLate || this.#stop !== null || !pool.isStillFree(free)) return this.#giveBack(claim);
    this.#attempts.begin(claim);
    const { address } = this.#store;
    const { maxOutput } = this.#options.config;
    pool.start(attemptStart(claim, free, { address, maxOutput }));
    this.#events.emit({ type: "job_started", job: claim.job, attempt: claim.attempt });
  }

  #giveBack({ jobId, token }: AttemptRef): void {
    const outcome = { kind: "handed_back" } as const;
    const finishedAt = Date.now();
    this.#attempts.settleNext({ jobId, token, outcome, finishedAt, chunks: [], outputBytes: 0 });
    this.#wakeup.call();
  }

  #report(result: TickResult): void {
    for (const settled of result.settled) this.#events.emit({ type: "job_ended", settled });
    for (const token of result.stale) this.#events.emit({ type: "attempt_stale", token });
  }

  /** What the store asks for may be less than what a signal has asked for already. */
  #obey(request: StopRequest | null): void {
    if (request === "drain" && this.#stop === null) this.stop("drain");
    if (request === "now" && this.#stop !== "now") this.stop("now");
  }

  #end(reason: EndReason, tokens?: readonly string[]): void {
    const grace = this.#options.config.killGrace;
    for (const token of this.#attempts.markEnding(reason, tokens)) {
      this.#pool?.end(token, grace, reason);
    }
  }

  #drain(): void {
    this.#stop = "drain";
    const { running } = this.#attempts;
    this.#events.emit({ type: "worker_draining", worker: this.#id, running });
    const { shutdownGrace } = this.#options;
    if (shutdownGrace !== null) this.#handBackAt = performance.now() + shutdownGrace;
  }

  #handBack(): void {
    this.#stop = "now";
    const { running } = this.#attempts;
    this.#events.emit({ type: "worker_handing_back", worker: this.#id, running });
    this.#end("hand_back");
  }

  /** SIGKILL to what runs. */
  #kill(): void {
    for (const token of this.#attempts.tokens()) this.#pool?.end(token, 0, "hand_back");
  }

  #fail(error: Error): void {
    this.#fatal ??= error;
    this.stop("now");
  }

  /** Best effort: what stays is for the next worker. */
  async #sweep(): Promise<void> {
    await sweep(this.#store, this.#options.host).catch(() => {});
  }

  /** Null while the store is away: the worker goes on without it, and claims nothing (promise 6). */
  async #withStore<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error instanceof StoreGoneError) this.#fail(error);
      if (!this.#isAway) this.#events.emit({ type: "store_away", error: error.message });
      this.#isAway = true;
      return null;
    }
  }

  /** A tick whose answer was lost may have been done: then there are claims that nobody runs. */
  async #comeBack(): Promise<void> {
    const claimed = await this.#withStore(() => this.#store.attemptsOf(this.#id));
    if (claimed === null) return;
    this.#isAway = false;
    this.#events.emit({ type: "store_back" });
    for (const attempt of claimed) {
      if (!this.#attempts.knows(attempt.token)) this.#giveBack(attempt);
    }
  }

  /** Others have given this worker up, so its attempts are not its own any more. */
  async #rejoin(): Promise<void> {
    this.#events.emit({ type: "worker_evicted", worker: this.#id });
    this.#kill();
    this.#id = newWorkerId(this.#options.name);
    await this.#withStore(() => this.#join());
  }

  /** An executor has failed: its attempts are ended, and salvaged as a dead worker's would be. */
  #adopt(error: string, orphans: readonly Orphan[]): void {
    this.#events.emit({ type: "executor_failed", error });
    const attempts = orphans.flatMap(({ token, launcher }) => {
      const claim = this.#attempts.claimOf(token);
      return claim ? [{ ...claim, launcher, cwd: claim.job.cwd }] : [];
    });
    if (attempts.length > 0) this.#rescues.adopt(this.#id, attempts);
  }
}
