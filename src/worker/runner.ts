/**
 * Runs what a worker has claimed: its slots, the attempts in them, and their ends until the store has
 * heard of them.
 *
 * @module
 */

import type { Events } from "../observe/events.ts";
import type { AttemptRef, Claim, RunningAttempt } from "../store/tick.ts";
import { attemptStart, type FreeSlot, type StartOptions } from "./attempt_start.ts";
import { Attempts, type Pending } from "./attempts.ts";
import { ExecutorPool, type Orphan, type PoolListener, type PoolOptions } from "./executor_pool.ts";
import type { LeaseEnd } from "./lease.ts";
import { MAX_WAIT } from "./line.ts";
import { Pace } from "./pace.ts";
import type { AttemptReport, OutputChunk, ProcessRef, RequestedEnd } from "./protocol.ts";
import { SpoolProbe } from "./spool_probe.ts";
import type { Traced } from "./worker_options.ts";

/** The most slots that a worker can have. */
const MAX_SLOTS = 1024;

/** What a runner works with. */
export interface RunnerOptions extends PoolOptions, StartOptions, Traced {}

/** What a runner tells its supervisor. */
export interface RunnerListener {
  /** There is something for the next tick. */
  wake(): void;
  /** An executor has failed: its attempts are to be ended, and salvaged as a dead worker's would be. */
  orphaned(attempts: readonly RunningAttempt[]): void;
  /** The lease was not renewed in time: what runs is being ended. */
  leaseOver(): void;
  /** No job can be started here. */
  broken(error: string): void;
}

/** Runs attempts. It begins without slots. */
export class Runner implements PoolListener {
  readonly #attempts = new Attempts();
  readonly #pool: ExecutorPool;
  readonly #events: Events;
  readonly #options: RunnerOptions;
  readonly #listener: RunnerListener;
  readonly #spool: SpoolProbe;
  readonly #pace = new Pace();
  #slots = 0;

  constructor(events: Events, options: RunnerOptions, listener: RunnerListener) {
    this.#events = events;
    this.#options = options;
    this.#listener = listener;
    this.#pool = new ExecutorPool(options, this);
    this.#spool = new SpoolProbe(options.spool);
  }

  /** How many slots it has; new ones count from the moment on in which all of them are ready. */
  get slots(): number {
    const { isReady, size } = this.#pool;
    if (isReady || size < this.#slots) this.#slots = size;
    return this.#slots;
  }

  /** How many jobs run in slots that go after them. */
  get finishing(): number {
    return this.#pool.leaving;
  }

  /** How many attempts run. */
  get running(): number {
    return this.#attempts.running;
  }

  /** Whether nothing runs, and the store has heard of every end. */
  get isSettled(): boolean {
    return this.#attempts.isSettled;
  }

  /** From now on it is to have so many slots, 1 to 1024. */
  resize(slots: number): void {
    this.#pool.resize(Math.min(Math.max(slots, 1), MAX_SLOTS));
  }

  /** The slots that can take a job: none while jobs cannot be given their files. */
  free(): FreeSlot[] {
    if (this.#spool.isBroken) {
      this.#spool.look();
      if (this.#spool.isBroken) return [];
      this.#events.emit({ type: "spool_back" });
    }
    return this.#pool.free();
  }

  /** Whether a slot could take a job now. */
  get hasFreeSlot(): boolean {
    return this.#pool.free().length > 0;
  }

  /** The places in which a job can wait for a slot; asked for after {@linkcode Runner.free}. */
  places(): FreeSlot[] {
    // In a trace an attempt begins when it is claimed.
    return this.#spool.isBroken || this.#options.tracing
      ? []
      : this.#pool.places(this.#pace.places);
  }

  /** Takes what the next tick brings to the store. */
  take(): Pending {
    return this.#attempts.take();
  }

  /** The store was away: what was taken waits again. */
  putBack(pending: Pending): void {
    this.#attempts.putBack(pending);
  }

  /** The store has what was taken. */
  stored({ ended }: Pending): void {
    for (const { token } of ended) this.#pool.settled(token);
  }

  /** Whether this attempt runs, or has ended and is not settled. */
  knows(token: string): boolean {
    return this.#attempts.knows(token);
  }

  /** A rescue has taken the attempt over. */
  forget(token: string): void {
    this.#attempts.forget(token);
  }

  /** At the next flush, a job begins or waits; it is given back if the slot is not there any more. */
  begin(claim: Claim, place: FreeSlot): void {
    if (!this.#pool.isStillThere(place)) return this.giveBack(claim);
    this.#attempts.begin(claim);
    const start = attemptStart(claim, place, this.#options);
    const { tracing } = this.#options;
    this.#pool.start(
      tracing ? { ...start, env: { ...start.env, ...tracing.begin(claim) } } : start,
    );
  }

  /** The next tick hands back an attempt that nobody has begun. */
  giveBack({ jobId, token }: AttemptRef): void {
    const outcome = { kind: "unclaimed" } as const;
    const finishedAt = Date.now();
    this.#attempts.settleNext({ jobId, token, outcome, finishedAt, chunks: [], outputBytes: 0 });
    this.#listener.wake();
  }

  /** The launchers that start commands here. */
  launchers(): ProcessRef[] {
    return this.#pool.launchers();
  }

  /** From this moment on nothing runs here, unless it is put off. Before what begins under it. */
  renew(end: LeaseEnd): void {
    this.#pool.renew(end);
  }

  /** Tells the executors what has gathered. */
  flush(): void {
    this.#pool.flush();
  }

  /** Ends running attempts, once each; all of them by default. */
  end(reason: RequestedEnd, tokens: Iterable<string> = this.#attempts.tokens()): void {
    for (const token of this.#attempts.markEnding(tokens)) {
      this.#pool.end(token, this.#options.killGrace, reason);
    }
  }

  /** SIGKILL to all that runs. */
  kill(): void {
    for (const token of this.#attempts.tokens()) this.#pool.end(token, 0, "hand_back");
  }

  /** Lets the launchers go; see {@linkcode ExecutorPool.close}. */
  async close(keepFiles: boolean): Promise<void> {
    await this.#pool.close(keepFiles);
  }

  ready(): void {
    this.#listener.wake();
  }

  slotFailed(error: string): void {
    this.#events.emit({ type: "slot_failed", error });
  }

  output(chunks: readonly OutputChunk[]): void {
    for (const chunk of chunks) this.#attempts.addOutput(chunk);
    this.#listener.wake();
  }

  begun(token: string): void {
    const { job, attempt } = this.#attempts.claimOf(token)!;
    this.#events.emit({ type: "job_started", job, attempt });
  }

  ended(report: AttemptReport): void {
    const { result, token, startedAt, finishedAt } = report;
    if (result.kind === "exit") this.#pace.note(finishedAt - startedAt);
    if (result.kind === "unclaimed") this.#pace.note(MAX_WAIT);
    this.#options.tracing?.ended(token, finishedAt);
    const jobId = this.#attempts.claimOf(token)?.jobId;
    if (result.kind === "not_begun" && jobId !== undefined && !this.#spool.isBroken) {
      this.#events.emit({ type: "slot_rests", jobId, error: result.error });
      const error = this.#spool.look();
      if (error !== null) this.#events.emit({ type: "spool_broken", error });
    }
    this.#attempts.report(report);
    this.#listener.wake();
  }

  leaseOver(): void {
    this.#listener.leaseOver();
  }

  failed(error: string, orphans: readonly Orphan[]): void {
    this.#events.emit({ type: "executor_failed", error });
    const attempts = orphans.flatMap(({ token, launcher }) => {
      const claim = this.#attempts.claimOf(token);
      return claim ? [{ ...claim, cwd: claim.job.cwd, launcher }] : [];
    });
    if (attempts.length > 0) this.#listener.orphaned(attempts);
  }

  broken(error: string): void {
    this.#listener.broken(error);
  }
}
