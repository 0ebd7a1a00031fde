/**
 * A worker's main thread, the only one that talks to the store: it claims jobs for the free slots,
 * hands them to the executors and settles what ended, all in one transaction a tick.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Events } from "../observe/events.ts";
import type { WorkerSelf } from "../observe/worker_metrics.ts";
import type { Store } from "../store/store.ts";
import type { TickRequest, TickResult } from "../store/tick.ts";
import type { StopRequest, WorkerInfo } from "../store/workers.ts";
import type { FreeSlot } from "./attempt_start.ts";
import type { Pending } from "./attempts.ts";
import { isAlive, waitsForDisk } from "./host.ts";
import { LockWatch } from "./lock_watch.ts";
import { Membership } from "./membership.ts";
import { PeerWatch } from "./peer_watch.ts";
import { type Rescued, Rescues } from "./rescues.ts";
import { Retention } from "./retention.ts";
import { Runner } from "./runner.ts";
import { Schedules } from "./schedules.ts";
import { servedByAnother } from "./singleton.ts";
import { StoreLink } from "./store_link.ts";
import { sweep } from "./sweep.ts";
import { Wakeup } from "./wakeup.ts";
import type { WorkerOptions } from "./worker_options.ts";

/**
 * The longest time between two ticks, milliseconds. One that comes within half of it after a heartbeat is
 * none, so two of them are at most 1200 apart: a quarter of the shortest lease that can be set. A worker is
 * judged by the lease of whoever looks, which may be another than its own.
 */
const HEARTBEAT_INTERVAL = 800;

/** Without a free slot a ring is answered so much later, milliseconds, and with it those that follow. */
const BUSY_ANSWER = 20;

/** What a tick brings to the store. */
interface Gathered {
  readonly request: TickRequest;
  readonly pending: Pending;
  readonly rescued: Rescued;
  /** Where a job could begin or wait: first the free slots of the request, then those ahead. */
  readonly places: readonly FreeSlot[];
  /** By the monotonic clock. */
  readonly begun: number;
}

/** Runs one worker. */
export class Supervisor {
  readonly #store: Store;
  readonly #events: Events;
  readonly #options: WorkerOptions;
  readonly #wakeup = new Wakeup();
  readonly #member: Membership;
  readonly #link: StoreLink;
  readonly #runner: Runner;
  readonly #watch: PeerWatch;
  readonly #rescues: Rescues;
  readonly #schedules: Schedules;
  readonly #retention: Retention;
  #stop: StopRequest | null = null;
  /** When a shutdown ends the running jobs, by the monotonic clock. */
  #handBackAt = Infinity;
  /** Why the worker cannot go on; it ends as soon as nothing runs. */
  #fatal: Error | null = null;
  #wasReady = false;
  #nextDueIn: number | null = null;
  /** A ring waits for its answer. */
  #isRung = false;
  /** When the heart beat last, by the monotonic clock, and whether it said that the worker is ending. */
  #beatAt = -Infinity;
  #saidStopping = false;
  /** The last tick found nothing to claim although slots were free. */
  #isIdle = false;

  constructor(store: Store, events: Events, options: WorkerOptions) {
    const { config, host: { identity: hostIdentity }, threads, tracing = null } = options;
    const { maxOutput, killGrace, lease } = config;
    const { address, directory: spool } = store;
    const clock = () => performance.now();
    const wake = () => this.#wakeup.call();
    this.#store = store;
    this.#events = events;
    this.#options = options;
    this.#member = new Membership(store, options, () => this.#ring());
    this.#runner = new Runner(events, { threads, spool, address, maxOutput, killGrace, tracing }, {
      wake,
      orphaned: (attempts) => this.#rescues.adopt(this.#member.id, attempts),
      broken: (error) => this.#fail(new StoreError(`No job can be started here: ${error}`)),
    });
    this.#watch = new PeerWatch({ hostIdentity, lease, isAlive, clock });
    this.#rescues = new Rescues(store, events, { hostIdentity, spool, maxOutput, tracing }, wake);
    const lost: Rescues["begin"] = (peer, reason) => this.#rescues.begin(peer, reason);
    const locks = new LockWatch({ store, watch: this.#watch, lease, waitsForDisk, lost, clock });
    this.#link = new StoreLink(events, locks, (error) => this.#fail(error));
    this.#schedules = new Schedules({ store, events, wake, clock });
    const isHurried = options.drainWait !== null;
    this.#retention = new Retention({ store, events, config, isHurried, wake });
  }

  /** Whether it was asked to end, by whomever. */
  get isStopping(): boolean {
    return this.#stop !== null;
  }

  /** As it is now, for whoever watches it. */
  get self(): WorkerSelf {
    const { isStopping } = this;
    return {
      id: this.#member.id,
      slots: this.#member.slots,
      running: this.#runner.running,
      isStopping,
    };
  }

  /**
   * Asks the worker to end. `drain`: it claims no more and finishes what runs. `now`: it ends what
   * runs and hands it back; a second `now` does not wait for the kill grace.
   */
  stop(request: StopRequest): void {
    if (request === "drain" && this.#stop === null) this.#drain();
    else if (request === "now" && this.#stop !== "now") this.#handBack();
    else if (request === "now") this.#runner.kill();
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
    this.#runner.resize(this.#options.slots);
    try {
      while (this.#runner.slots === 0 && this.#fatal === null && this.#stop === null) {
        await this.#wakeup.sleep(HEARTBEAT_INTERVAL);
      }
      if (this.#fatal) throw this.#fatal;
      if (this.#stop !== null) return;
      await this.#link.enter(() => this.#member.join(this.#runner.slots), () => this.isStopping);
      if (await this.#isServed(this.#member.id)) return;
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
    // A tick that comes too soon after a heartbeat is none.
    const heartbeatInterval = HEARTBEAT_INTERVAL / 2 + this.#tickInterval;
    return await servedByAnother(this.#store, { host, queues, id }, heartbeatInterval);
  }

  /** The longest time between two ticks. */
  get #tickInterval(): number {
    return Math.min(this.#options.config.pollInterval, HEARTBEAT_INTERVAL);
  }

  #announce(): void {
    const { id: worker, slots } = this.#member;
    const about = { worker, slots, queues: this.#options.queues, pid: Deno.pid };
    this.#wasReady = true;
    this.#events.emit({ type: "worker_ready", ...about, store: this.#store.location });
  }

  async #leave(): Promise<void> {
    await this.#runner.close(this.#link.isAway);
    await this.#retention[Symbol.asyncDispose]();
    await this.#member[Symbol.asyncDispose]();
    if (!this.#link.isAway) {
      await this.#link.ask(() => this.#member.leave());
      await this.#sweep();
    }
    if (this.#wasReady) this.#events.emit({ type: "worker_stopped", worker: this.#member.id });
  }

  async #work(): Promise<void> {
    while (true) {
      await this.#tick();
      if (performance.now() >= this.#handBackAt && this.#stop === "drain") this.#handBack();
      if (await this.#isDone()) return;
      await this.#wakeup.sleep(this.#sleepLimit());
    }
  }

  /** There is work, which can wait if there is no slot for it, or somebody wants an end. */
  #ring(): void {
    if (this.#runner.hasFreeSlot) return this.#wakeup.call();
    if (this.#isRung) return;
    this.#isRung = true;
    const answer = setTimeout(() => {
      this.#isRung = false;
      this.#wakeup.call();
    }, BUSY_ANSWER);
    Deno.unrefTimer(answer);
  }

  #sleepLimit(): number {
    const untilHandBack = Math.max(0, this.#handBackAt - performance.now());
    const grace = this.#stop === "drain" ? untilHandBack : Infinity;
    return Math.min(this.#tickInterval, this.#nextDueIn ?? Infinity, grace);
  }

  async #isDone(): Promise<boolean> {
    if (this.#runner.running > 0) return false;
    if (this.#fatal) throw this.#fatal;
    if (this.#stop === "now" && this.#link.isAway) {
      throw new StoreError(
        "The worker has ended without its store: the next worker takes over what it ran",
      );
    }
    if (!this.#runner.isSettled || !this.#rescues.isDone) return false;
    return this.#stop !== null || await this.#hasDrained();
  }

  async #hasDrained(): Promise<boolean> {
    const { drainWait, queues, insideJob } = this.#options;
    if (drainWait === null || !this.#isIdle || this.#link.isAway) return false;
    if (!this.#schedules.isEmpty || !this.#retention.hasRun) return false;
    // The store is behind: jobs may become pending whose parents have ended.
    if (this.#nextDueIn === 0) return false;
    const left = await this.#link.ask(() => this.#store.outstanding(queues, drainWait, insideJob));
    return left === 0;
  }

  /** What a tick brings is gathered when its turn has come: among many workers that takes a while. */
  async #tick(): Promise<void> {
    const gathered: Gathered[] = [];
    const result = await this.#link.write(() =>
      this.#store.tick(() => {
        const brought = this.#gather();
        gathered.push(brought);
        return brought.request;
      })
    );
    const [brought] = gathered;
    if (brought === undefined) return;
    const { request, pending, rescued, places, begun } = brought;
    if (result === null) {
      this.#runner.putBack(pending);
      this.#rescues.putBack(rescued);
      return;
    }
    if (!request.isBrief) {
      this.#beatAt = begun;
      this.#saidStopping = request.draining;
    }
    this.#nextDueIn = result.nextDueIn;
    this.#isIdle = request.free.length > result.claimed.length;
    for (const { token } of rescued.ended) this.#runner.forget(token);
    this.#runner.stored(pending);
    this.#rescues.stored(rescued, result.stale);
    if (request.slots !== undefined) this.#noteSlots(request.slots);
    this.#report(result);
    this.#begin(result, places, performance.now() - begun);
    this.#obey(result);
    this.#retention.tick(result.now);
    if (result.peers !== null) this.#look(result.peers);
    if (this.#link.isAway) await this.#comeBack();
    if (result.evicted) await this.#rejoin();
    if (rescued.buried.length > 0) await this.#sweep();
    await this.#link.ask(() => this.#schedules.look(result));
  }

  #gather(): Gathered {
    const begun = performance.now();
    this.#wakeup.answer();
    const free = this.#stop === null ? this.#runner.free() : [];
    const ahead = this.#stop === null ? this.#runner.places() : [];
    const pending = this.#runner.take();
    const rescued = this.#rescues.take();
    const { slots } = this.#runner;
    const isStopping = this.#stop !== null;
    const isBrief = begun - this.#beatAt < HEARTBEAT_INTERVAL / 2 && slots === this.#member.slots &&
      isStopping === this.#saidStopping && rescued.buried.length === 0;
    const request: TickRequest = {
      worker: this.#member.id,
      isBrief,
      ended: [...pending.ended, ...rescued.ended],
      output: pending.output,
      free: free.map(({ launcher }) => launcher),
      ahead: ahead.map(({ launcher }) => launcher),
      observed: this.#watch.observations(),
      draining: isStopping,
      buried: rescued.buried,
      ...(slots === this.#member.slots ? {} : { slots }),
      firings: this.#schedules.take(),
    };
    return { request, pending, rescued, places: [...free, ...ahead], begun };
  }

  #look(peers: readonly WorkerInfo[]): void {
    for (const { peer, reason } of this.#watch.look(peers)) this.#rescues.begin(peer, reason);
  }

  /** A claim whose lease is not sure any more, or that comes after a stop, is given back. */
  #begin({ claimed, cancelled }: TickResult, places: readonly FreeSlot[], took: number): void {
    const isLate = took > this.#options.config.lease / 2;
    claimed.forEach((claim, index) => {
      if (isLate || this.#stop !== null) this.#runner.giveBack(claim);
      else this.#runner.begin(claim, places[index]!);
    });
    this.#runner.end("cancel", cancelled);
    this.#runner.flush();
  }

  #noteSlots(slots: number): void {
    if (slots === this.#member.slots) return;
    this.#member.slots = slots;
    const { finishing } = this.#runner;
    this.#events.emit({ type: "worker_scaled", worker: this.#member.id, slots, finishing });
  }

  #report(result: TickResult): void {
    for (const settled of result.settled) {
      // It is as if it had not been claimed.
      if (settled.outcome === null && settled.state === "pending") continue;
      this.#events.emit({ type: "job_ended", settled });
    }
    for (const token of result.stale) this.#events.emit({ type: "attempt_stale", token });
    for (const fired of result.fired) this.#events.emit({ type: "schedule_fired", fired });
  }

  /** What the store asks for may be less than what a signal has asked for already. */
  #obey({ stopRequest, slotsRequest }: TickResult): void {
    if (stopRequest === "drain" && this.#stop === null) this.stop("drain");
    if (stopRequest === "now" && this.#stop !== "now") this.stop("now");
    if (slotsRequest === null || this.#stop !== null) return;
    this.#runner.resize(slotsRequest);
    if (this.#runner.slots !== this.#member.slots) this.#wakeup.call();
  }

  #drain(): void {
    this.#stop = "drain";
    const { running } = this.#runner;
    this.#events.emit({ type: "worker_draining", worker: this.#member.id, running });
    const { shutdownGrace } = this.#options;
    if (shutdownGrace !== null) this.#handBackAt = performance.now() + shutdownGrace;
  }

  #handBack(): void {
    this.#stop = "now";
    const { running } = this.#runner;
    this.#events.emit({ type: "worker_handing_back", worker: this.#member.id, running });
    this.#runner.end("hand_back");
  }

  #fail(error: Error): void {
    this.#fatal ??= error;
    this.stop("now");
  }

  /** Best effort: what stays is for the next worker. */
  async #sweep(): Promise<void> {
    await sweep(this.#store, this.#options.host).catch(() => {});
  }

  /** A tick whose answer was lost may have been done: then there are claims that nobody runs. */
  async #comeBack(): Promise<void> {
    const claimed = await this.#link.ask(() => this.#store.attemptsOf(this.#member.id));
    if (claimed === null) return;
    this.#link.back();
    for (const attempt of claimed) {
      if (!this.#runner.knows(attempt.token)) this.#runner.giveBack(attempt);
    }
  }

  /** Others have given this worker up, so its attempts are not its own any more. */
  async #rejoin(): Promise<void> {
    this.#events.emit({ type: "worker_evicted", worker: this.#member.id });
    this.#runner.kill();
    this.#member.rename();
    await this.#link.write(() => this.#member.join(this.#runner.slots));
  }
}
